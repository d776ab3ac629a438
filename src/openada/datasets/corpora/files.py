"""The files below a corpus's root, whatever the layout: their names tell what they are, their folders the split."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from openada.errors import UnusableInput

VIDEO = r"\.(?:mp4|avi|mkv|mov|webm|wmv|m4v)"
_ARCHIVE = re.compile(r"(.+)\.(?:zip|tar|tar\.gz|tgz|7z|rar)", re.IGNORECASE)
_SPLIT_OF_WORD = {
    **dict.fromkeys(("train", "training"), "training"),
    **dict.fromkeys(("dev", "devel", "development", "valid", "val", "validation"), "development"),
    **dict.fromkeys(("test", "testing", "testset"), "test"),
}


@dataclass(frozen=True)
class Tree:
    """Every file below `root`, hidden ones left out, in the order of their relative paths (shallow first)."""

    root: Path
    files: tuple[Path, ...]

    def named(self, pattern: str) -> list[tuple[re.Match[str], Path]]:
        """The files whose whole name fits `pattern`, upper and lower case alike."""
        compiled = re.compile(pattern, re.IGNORECASE)
        return [(match, path) for path in self.files if (match := compiled.fullmatch(path.name))]

    def archives(self) -> dict[str, Path]:
        """Archives, by lower-case name without the suffix."""
        return {match[1].lower(): path for path in self.files if (match := _ARCHIVE.fullmatch(path.name))}

    def shown(self, path: Path) -> str:
        """A path as findings show it: below the root, with forward slashes."""
        return path.relative_to(self.root).as_posix()

    def split_of(self, path: Path) -> str:
        """The part that the nearest folder names (train, Training_AudioVisual, dev …), the root's own name last; "" if none."""
        for folder in (*reversed(path.relative_to(self.root).parts[:-1]), self.root.name):
            split = split_of_word(folder)
            if split:
                return split
        return ""

    def year_of(self, path: Path) -> int | None:
        """2013 or 2014 where a folder below the root names one of them, the nearest first."""
        for folder in reversed(path.relative_to(self.root).parts[:-1]):
            years = re.findall(r"(?<!\d)(?:2013|2014)(?!\d)", folder)
            if years:
                return int(years[-1])
        return None


def split_of_word(name: str) -> str:
    """The part that a name speaks of: "training", "development", "test", or "" for none."""
    for word in re.split(r"[^a-z]+", name.lower()):
        if word in _SPLIT_OF_WORD:
            return _SPLIT_OF_WORD[word]
    return ""


def tree_of(root: Path) -> Tree:
    """The files below `root`; links to folders are followed once. Raises UnusableInput when it is no folder."""
    root = Path(root)
    if not root.is_dir():
        raise UnusableInput(f"{root} is no folder; give the folder that holds the corpus")
    root = root.resolve()
    found: list[Path] = []
    seen: set[str] = set()
    for folder, below, names in os.walk(root, followlinks=True):
        seen.add(os.path.realpath(folder))
        below[:] = sorted(
            name for name in below if not name.startswith(".") and os.path.realpath(Path(folder, name)) not in seen
        )
        found += [Path(folder, name) for name in names if not name.startswith(".")]
    return Tree(root, tuple(sorted(found, key=lambda path: (len(path.parts), path.parts))))
