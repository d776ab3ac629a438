"""Look at an assessment page in a real browser; not collected by pytest.

    python tests/report/browser_check.py assessment.html [--screenshots folder]

Needs the `playwright` package and a chromium (found on the path, or given as OPENADA_CHROMIUM); where either is
missing the check says so and exits 0. It plays segments by a click on the timeline, by the table and by the keyboard,
an episode by its row and its bar, or a segment's own score where there is no relevance. It fails if playback does not
start at the start and stop at the end, if a picture beyond the end is drawn, if the page asks for anything but data:
and file:, if it is wider than the window, or if the console holds an error.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path
from typing import Any

TIME_TOLERANCE_S = 0.06
WATCH = """() => {
  const video = document.getElementById("video");
  window.sought = []; window.drawn = [];
  if (window.watching) return;
  window.watching = true;
  video.addEventListener("seeking", () => window.sought.push(video.currentTime));
  const each = (_, picture) => { window.drawn.push(picture.mediaTime); video.requestVideoFrameCallback(each); };
  video.requestVideoFrameCallback(each);
}"""
WIDTHS = {"desktop": (1280, 900), "phone": (390, 844)}


def check_playback(
    page: Any, index: int, start_playing: Any, problems: list[str], how: str, kind: str = "segments"
) -> None:
    segment = page.evaluate(
        "([kind, index]) => JSON.parse(document.getElementById('data').textContent)[kind][index]", [kind, index]
    )
    clips = page.evaluate(
        "() => JSON.parse(document.getElementById('data').textContent).clips.map(clip => clip.start_s)"
    )
    page.evaluate(WATCH)
    start_playing()
    page.wait_for_function("() => !document.getElementById('video').paused", timeout=5000)
    page.wait_for_function("() => document.getElementById('video').paused", timeout=30000)
    page.wait_for_timeout(150)
    begun, stopped = page.evaluate("() => [window.sought[0], document.getElementById('video').currentTime]")
    drawn = page.evaluate("() => window.drawn[window.drawn.length - 1]")
    offset = clips[segment["clip"]] if clips else 0.0
    start, end = segment["start_s"] - offset, segment["end_s"] - offset
    if abs(begun - start) > TIME_TOLERANCE_S:
        problems.append(f"{how}: segment {index} starts at {start:.3f} s, playback began at {begun:.3f} s")
    if abs(stopped - end) > TIME_TOLERANCE_S:
        problems.append(f"{how}: segment {index} ends at {end:.3f} s, playback stopped at {stopped:.3f} s")
    if drawn >= end:
        problems.append(
            f"{how}: the last picture drawn is of {drawn:.3f} s, outside segment {index}, which ends at {end:.3f} s"
        )
    played = f"played from {begun:.3f} to {stopped:.3f} s, last picture {drawn:.3f} s"
    print(f"{how}: segment {index} is {start:.3f}–{end:.3f} s of the media, {played}")


def check_stretches(page: Any, problems: list[str]) -> None:
    """Play the first episode (or segment score) by its row, and by its bar on the timeline where there is one."""
    button = page.locator("[data-stretch]:enabled").first
    if button.count() == 0:
        return
    index = int(button.get_attribute("data-stretch"))
    check_playback(page, index, button.click, problems, "row", "stretches")
    bars = page.locator("#scroll svg rect[rx='2']")
    if bars.count():
        bars.first.scroll_into_view_if_needed()
        bars.first.click()
        hit = int(page.locator("tr.active").get_attribute("data-row"))
        page.wait_for_function("() => document.getElementById('video').paused", timeout=60000)
        page.wait_for_timeout(150)
        check_playback(page, hit, bars.first.click, problems, "bar", "stretches")


def check(page: Any, problems: list[str]) -> None:
    rows = page.locator("#segments tbody tr:has(button:enabled)")
    if rows.count() == 0:
        print("no playable segment on this page")
        return
    first = int(rows.first.get_attribute("data-index"))
    last = int(rows.last.get_attribute("data-index"))
    check_playback(page, first, rows.first.locator("button").click, problems, "table")
    check_playback(
        page, last, lambda: (rows.last.locator("button").focus(), page.keyboard.press("Enter")), problems, "keyboard"
    )

    data_clips = page.evaluate("() => JSON.parse(document.getElementById('data').textContent).clips.length")
    if data_clips == 0:
        marks = page.locator("#scroll svg circle[stroke-width='1.6']")
        marks.nth(marks.count() // 2).scroll_into_view_if_needed()
        box = marks.nth(marks.count() // 2).bounding_box()
        middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.mouse.click(*middle)
        hit = int(page.locator("#segments tr.active").get_attribute("data-index"))
        page.wait_for_function("() => document.getElementById('video').paused", timeout=30000)
        page.wait_for_timeout(150)
        check_playback(page, hit, lambda: page.mouse.click(*middle), problems, "timeline point")

    page.locator("[data-sort=start]").click()
    starts = page.eval_on_selector_all(
        "#segments tbody tr",
        "rows => { const s = JSON.parse(document.getElementById('data').textContent).segments;"
        " return rows.map(row => s[row.dataset.index].start_s); }",
    )
    if starts != sorted(starts):
        problems.append("sorting the table by start leaves it out of order")
    page.locator("input[value=category]").check(force=True)
    if "Category support" not in page.locator("#shown").inner_text().replace("category support", "Category support"):
        problems.append("the sentence above the timeline does not say that category support is shown")
    page.locator("input[value=severity]").check(force=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("page", type=Path)
    parser.add_argument("--screenshots", type=Path)
    arguments = parser.parse_args()
    chromium = os.environ.get("OPENADA_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        print("skipped: the playwright package is not installed")
        return 0
    if chromium is None:
        print("skipped: no chromium found; name one in OPENADA_CHROMIUM")
        return 0
    problems: list[str] = []
    requests: list[str] = []
    with sync_playwright() as playwright:
        flags = [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            "--autoplay-policy=no-user-gesture-required",
        ]
        browser = playwright.chromium.launch(executable_path=chromium, args=flags)
        for name, (width, height) in WIDTHS.items():
            page = browser.new_page(viewport={"width": width, "height": height})
            page.on("request", lambda request: requests.append(request.url))
            page.on("pageerror", lambda error: problems.append(f"script error: {error}"))
            page.on(
                "console",
                lambda message: (
                    problems.append(f"console: {message.text}") if message.type in ("error", "warning") else None
                ),
            )
            page.goto(arguments.page.resolve().as_uri())
            page.wait_for_timeout(500)
            spill = page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
            if spill > 0:
                problems.append(f"at {width} px the page is {spill} px wider than the window")
            if name == "desktop" and page.locator("#video").count():
                check_stretches(page, problems)
            if name == "desktop" and page.locator("#video").count() and page.locator("#segments").count():
                check(page, problems)
            if arguments.screenshots:
                arguments.screenshots.mkdir(parents=True, exist_ok=True)
                page.screenshot(path=arguments.screenshots / f"{arguments.page.stem}-{name}.png", full_page=True)
            page.close()
        browser.close()
    problems += [f"a request left the page: {url[:120]}" for url in requests if not url.startswith(("data:", "file:"))]
    print(f"{len(requests)} requests, all data: or file:" if not problems else "\n".join(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
