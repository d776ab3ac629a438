import pytest

from openada.errors import UnusableInput
from openada.evaluation.coverage import MEASURED, expected_coverage, expected_share


def test_the_table_is_complete_and_grows_with_subjects():
    for by_method in MEASURED.values():
        assert set(by_method) == {"jackknife-t", "plain bootstrap", "clustered-percentile", "bca"}
        for by_size in by_method.values():
            assert {30, 50, 100, 200} <= set(by_size)
            assert all(0.5 < share < 1.0 for share in by_size.values())
            assert by_size[200] > by_size[30]
    for metric, by_method in MEASURED.items():
        for size, share in by_method["jackknife-t"].items():
            assert share > by_method["plain bootstrap"][size] + 0.1, (metric, size)


def test_lookup_takes_the_size_below():
    rmse = MEASURED["rmse"]["jackknife-t"]
    assert expected_share(99) == rmse[50]
    assert expected_share(100) == rmse[100]
    assert expected_share(10**6) == rmse[200]
    assert expected_share(9) is None
    assert expected_share(50, metric="macro_f1") is None


def test_text():
    assert f"{MEASURED['rmse']['jackknife-t'][50]:.0%} at 50 subjects" in expected_coverage(50)
    assert expected_coverage(61).endswith("(measured at 50)")
    assert "not known" in expected_coverage(4)
    with pytest.raises(UnusableInput, match="was not measured"):
        expected_coverage(50, metric="macro_f1")
