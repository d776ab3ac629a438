from __future__ import annotations

import base64
import json

import cv2
import numpy as np
import pytest

from openada.errors import UnusableInput
from openada.report.page import clock, counted, jpeg_uri, number, percent, plain, script_json, significant


def test_script_json_round_trip_without_an_opening_angle() -> None:
    given = {"a": "</script><!--\u2028", "b": [1.5, float("nan"), np.float32(0.5), np.array([1, 2])], "c": (True, None)}
    text = script_json(given)
    assert "<" not in text and "\u2028" not in text
    assert json.loads(text) == {"a": given["a"], "b": [1.5, None, 0.5, [1, 2]], "c": [True, None]}
    assert plain(np.bool_(True)) is True


def test_jpeg_keeps_channel_order_and_shrinks_only() -> None:
    rgb = np.zeros((70, 130, 3), np.uint8)
    rgb[..., 0] = 230
    for limit, size in ((65, (35, 65)), (500, (70, 130))):
        raw = base64.b64decode(jpeg_uri(rgb, limit).removeprefix("data:image/jpeg;base64,"))
        back = cv2.imdecode(np.frombuffer(raw, np.uint8), cv2.IMREAD_COLOR_RGB)
        assert back.shape == (*size, 3)
        np.testing.assert_allclose(back.reshape(-1, 3).mean(0), [230, 0, 0], atol=4)


@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 4)])
def test_a_picture_of_another_form_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(UnusableInput, match=r"\(5, 7"):
        jpeg_uri(np.zeros(shape, np.uint8))
    with pytest.raises(UnusableInput, match="float64"):
        jpeg_uri(np.zeros((5, 7, 3)))


def test_figures_in_words() -> None:
    assert [number(value) for value in (1.005, -0.001, -2.5, float("nan"), None)] == ["1.00", "0.00", "−2.50", "–", "–"]
    assert [significant(value) for value in (0.01234, 0.0000420, 112.3, 0.0, None)] == [
        "0.0123",
        "4.20 × 10⁻⁵",
        "112",
        "0",
        "–",
    ]
    assert [clock(value) for value in (0, 59.96, 61.04, 3599.99, 3725.5)] == [
        "0:00.0",
        "1:00.0",
        "1:01.0",
        "1:00:00.0",
        "1:02:05.5",
    ]
    assert percent(0.931, 1) == "93.1 %" and percent(None) == "–"
    assert counted("recordings", 1) == "1 recording" and counted("subject", 7) == "7 subjects"
