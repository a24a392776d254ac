"""The course, done as a reader would, and its pictures.

    python tests/course.py        # goes through the course and puts its pictures anew into docs

A picture on a page is a file that the page's commands leave behind, or what the script of its name
beside it draws in the reader's folder.
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from pathlib import Path

import pages

TUTORIAL = pages.DOCS / "tutorial"
PAGES = sorted(TUTORIAL.glob("[0-9]*.md"))
IN_A_CLONE = "11-native-layer.md"      # adds a file to caffepy itself
IN_A_FOLDER = ("12-your-own-pictures.md", "13-a-modern-run.md")  # need none of the others


class Walk:
    """A reader who has come so far, and keeps the files of all pages in one folder."""

    def __init__(self, folder: Path) -> None:
        self.start, self.bin = folder, folder / "bin"
        self.done: set[Path] = set()

    def folder(self, page: Path) -> Path:
        """Where the reader of a page works."""
        name = {IN_A_CLONE: "clone", **dict.fromkeys(IN_A_FOLDER, "own")}.get(page.name, "first")
        return self.start / name

    def upto(self, last: Path) -> None:
        """Do what leads to a page, and the page."""
        before = [page for page in PAGES[: PAGES.index(last)]
                  if self.folder(page) == self.folder(last) or self.folder(last).name == "first"]
        for page in [*before, last]:
            if page not in self.done:
                self.done.add(page)  # also if it fails: one page's mistake is told once
                self.go(page)

    def go(self, page: Path) -> None:
        folder = self.folder(page)
        if page.name == IN_A_CLONE:
            clone(folder)
        folder.mkdir(exist_ok=True)
        root = folder if page.name == IN_A_CLONE else pages.ROOT
        pages.walk(page, folder, pages.environment(self.bin / page.stem, root))

    def picture(self, page: Path, shown: Path) -> Path | None:
        """What the reader's folder has for a picture of the page."""
        folder = self.folder(page)
        if (script := shown.with_suffix(".py")).exists():
            pages.run([str(script)], folder)
        return next(iter(sorted(folder.rglob(shown.name))), None)  # mistakes before others


def clone(folder: Path) -> None:
    """What the page on native layers needs of a clone."""
    for part in ("caffepy", "tests", "scripts"):
        shutil.copytree(pages.ROOT / part, folder / part,
                        ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("pyproject.toml", "README.md"):
        shutil.copy(pages.ROOT / file, folder)
    (folder / "docs").mkdir()


def pictures(page: Path) -> list[Path]:
    """The files of the pictures on a page."""
    return [page.parent / name for name in re.findall(r"!\[[^]]*\]\(([^)]+)\)", pages.read(page))]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        walk = Walk(Path(folder))
        for page in PAGES:
            for shown in pictures(page):
                walk.upto(page)
                drawn = walk.picture(page, shown)
                assert drawn, f"{page.name}: nothing draws {shown.name}"
                shutil.copy(drawn, shown)
                print(shown.relative_to(pages.ROOT), shown.stat().st_size, file=sys.stderr)


if __name__ == "__main__":
    main()
