"""Video in and out: frames with presentation times in seconds, rotation applied, one at a time.

Nothing here knows what a frame shows. FFmpeg (through PyAV) is imported by the functions that use it.
"""

from openada.video.decode import frames
from openada.video.encode import VideoWriter
from openada.video.packets import encoded_bytes_per_frame
from openada.video.probe import probe
from openada.video.proxy import transcode_proxy
from openada.video.types import Frame, VideoInfo

__all__ = ["Frame", "VideoInfo", "VideoWriter", "encoded_bytes_per_frame", "frames", "probe", "transcode_proxy"]
