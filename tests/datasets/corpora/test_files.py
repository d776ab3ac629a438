import pytest

from datasets.corpora.trees import write
from openada.datasets.corpora.assembly import natural
from openada.datasets.corpora.files import split_of_word, tree_of


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("Training_AudioVisual", "training"),
        ("train_split_Depression_AVEC2017.csv", "training"),
        ("full_test_split.csv", "test"),
        ("AVEC2014_Labels_Testset", "test"),
        ("dev", "development"),
        ("valid", "development"),
        ("VAL", "development"),
        ("DepressionLabels", ""),
        ("contest", ""),
        ("device", ""),
    ],
)
def test_split_of_a_name(name, split):
    assert split_of_word(name) == split


def test_the_nearest_folder_tells_split_and_year(tmp_path):
    root = tmp_path / "dev"
    inside = write(root / "AVEC2013" / "Training" / "Testing_2014" / "a.csv", "")
    above = write(root / "x" / "a.csv", "")
    far = write(root / "20134" / "a.csv", "")
    tree = tree_of(root)
    assert tree.split_of(inside) == "test" and tree.year_of(inside) == 2014
    assert tree.split_of(above) == "development" and tree.year_of(above) is None
    assert tree.year_of(far) is None


def test_links_are_followed_once(tmp_path):
    write(tmp_path / "real" / "a.csv", "")
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "linked").symlink_to(tmp_path / "real")
    (tmp_path / "root" / "loop").symlink_to(tmp_path / "root")
    tree = tree_of(tmp_path / "root")
    assert [tree.shown(path) for path in tree.files] == ["linked/a.csv"]


def test_shallow_files_come_first(tmp_path):
    write(tmp_path / "a" / "b" / "1.csv", "")
    write(tmp_path / "z" / "1.csv", "")
    tree = tree_of(tmp_path)
    assert [tree.shown(path) for _, path in tree.named(r"(\d+)\.CSV")] == ["z/1.csv", "a/b/1.csv"]


def test_nine_comes_before_ten():
    assert sorted(["10_a", "9_b", "9_a", "x", "010"], key=natural) == ["x", "9_a", "9_b", "010", "10_a"]
