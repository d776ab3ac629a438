"""A page as one file: templates, pictures and media inside, no request to anywhere."""

from __future__ import annotations

import base64
import hashlib
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from openada.errors import UnusableInput
from openada.files import write_text

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).with_name("templates")
MISSING = "–"
SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
PLANTED_SCALE = "planted"


def data_uri(content: bytes, media_type: str) -> str:
    """`content` as a base64 data URI."""
    return f"data:{media_type};base64,{base64.b64encode(content).decode('ascii')}"


def jpeg_uri(rgb: np.ndarray, max_side_px: int = 320, quality: int = 82) -> str:
    """(H, W, 3) uint8 RGB as a JPEG data URI, made smaller so that no side is longer than `max_side_px`."""
    import cv2

    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8:
        raise UnusableInput(f"a picture of shape {rgb.shape}, {rgb.dtype}: pictures are (height, width, 3) uint8, RGB")
    height, width = rgb.shape[:2]
    factor = min(1.0, max_side_px / max(height, width))
    if factor < 1:
        size = (max(1, round(width * factor)), max(1, round(height * factor)))
        rgb = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    _, encoded = cv2.imencode(".jpg", np.ascontiguousarray(rgb[..., ::-1]), [cv2.IMWRITE_JPEG_QUALITY, quality])
    return data_uri(encoded.tobytes(), "image/jpeg")


def plain(value: Any) -> Any:
    """`value` as JSON types: numpy scalars and arrays unwrapped, NaN and infinities as None."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def script_json(content: Any) -> str:
    """JSON that can stand inside a script element: no `<` is left, so no tag can be closed or opened from within."""
    text = json.dumps(plain(content), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def number(value: float | None, digits: int = 2) -> str:
    """A figure with a fixed number of decimals; a dash if it is missing."""
    if value is None or not math.isfinite(value):
        return MISSING
    text = f"{value:.{digits}f}"
    return text.removeprefix("-") if float(text) == 0 else text.replace("-", "−")


def significant(value: float | None, digits: int = 3) -> str:
    """A figure with `digits` significant digits, 0.0123 or 4.20 × 10⁻⁵; a dash if it is missing."""
    if value is None or not math.isfinite(value):
        return MISSING
    if value == 0:
        return "0"
    text = f"{value:#.{digits}g}".rstrip(".")
    head, _, power = text.partition("e")
    return f"{head} × 10{str(int(power)).translate(SUPERSCRIPT)}" if power else text


def clock(time_s: float | None) -> str:
    """Seconds as m:ss.s (h:mm:ss.s from an hour on)."""
    if time_s is None or not math.isfinite(time_s):
        return MISSING
    tenths = round(time_s * 10)
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    seconds = f"{rest // 10:02d}.{rest % 10}"
    return f"{hours}:{minutes:02d}:{seconds}" if hours else f"{minutes}:{seconds}"


def percent(share: float | None, digits: int = 0) -> str:
    """A share of 0–1 in percent; a dash if it is missing."""
    return MISSING if share is None or not math.isfinite(share) else f"{100 * share:.{digits}f} %"


def integer(value: float) -> str:
    """A band limit or a count without needless decimals."""
    return f"{value:g}"


def plural(word: str, n: float) -> str:
    """`word` (either form of a regular noun) as it stands after the number `n`."""
    return word.removesuffix("s") + ("" if n == 1 else "s")


def counted(word: str, n: float) -> str:
    """Number and word: 1 subject, 7 subjects."""
    return f"{n:g} {plural(word, n)}"


def measured(scale_name: str) -> str:
    """What a score on the scale is an estimate of, in words."""
    if scale_name == PLANTED_SCALE:
        return "how strongly a made-up cue was planted in a rendered face, on a scale that is no questionnaire"
    return f"what a person would have answered on the questionnaire {scale_name}"


def environment() -> Environment:
    """The template environment: everything is escaped, an undefined name is an error."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    env = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for filter_ in (number, significant, clock, percent, integer, plural, counted):
        env.filters[filter_.__name__] = filter_
    env.globals["asset"] = lambda name: Markup((TEMPLATES / name).read_text(encoding="utf-8"))
    return env


def content_security_policy(script: str) -> str:
    """Only what the page carries itself may load, and only this very script may run."""
    digest = base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")
    script_source = f"'sha256-{digest}'" if script else "'none'"
    return (
        f"default-src 'none'; img-src data:; media-src data:; style-src 'unsafe-inline'; script-src {script_source}; "
        "base-uri 'none'; form-action 'none'"
    )


def write_page(out_html: Path, template: str, script_name: str | None, **values: Any) -> None:
    """Render `template` with `values` and write it in one step; its script is taken from the templates folder."""
    from markupsafe import Markup

    script = (TEMPLATES / script_name).read_text(encoding="utf-8") if script_name else ""
    html = (
        environment()
        .get_template(template)
        .render(script=Markup(script), security_policy=content_security_policy(script), **values)
    )
    write_text(Path(out_html), html)
