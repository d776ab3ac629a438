from collections.abc import Callable

import av
import numpy as np
import pytest

from openada.video import encoded_bytes_per_frame, frames


@pytest.mark.parametrize("name", ["single_face.mp4", "face_noface.mov", "no_face.mp4"])
def test_one_size_for_each_frame_that_decodes(footage: Callable, name: str) -> None:
    sizes = encoded_bytes_per_frame(footage(name))
    assert len(sizes) == sum(1 for _ in frames(footage(name)))
    assert (sizes > 0).all()


def test_presentation_order(make_video: Callable) -> None:
    path = make_video(ticks=range(0, 3000 * 29, 3000), options={"bf": "3", "g": "13"})
    with av.open(str(path)) as container:
        known = {packet.pts: packet.size for packet in container.demux(video=0) if packet.size}
    assert list(known) != sorted(known)  # stored in another order than shown
    np.testing.assert_array_equal(encoded_bytes_per_frame(path), [known[pts] for pts in sorted(known)])
