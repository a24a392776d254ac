"""Each page of the tutorial, done as a reader would, in the order of the pages."""

import re
import shutil
from pathlib import Path

import pages
import pytest

TUTORIAL = pages.DOCS / "tutorial"
PAGES = sorted(TUTORIAL.glob("[0-9]*.md"))
IN_A_CLONE = "11-native-layer.md"  # adds a file to caffepy itself


class Walk:
    """A reader who has come so far, and keeps the files of all pages in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.bin = folder / "first", folder / "bin"
        self.folder.mkdir()
        self.done: set[Path] = set()

    def upto(self, last: Path) -> None:
        for page in PAGES[: PAGES.index(last) + 1]:
            if page not in self.done:
                self.done.add(page)  # also if it fails: one page's mistake is told once
                if page.name != IN_A_CLONE:
                    pages.walk(page, self.folder, pages.environment(self.bin))


@pytest.fixture(scope="module")
def walk(tmp_path_factory) -> Walk:
    return Walk(tmp_path_factory.mktemp("tutorial"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_page(page, walk, tmp_path):
    if page.name != IN_A_CLONE:
        walk.upto(page)
        return
    clone = tmp_path / "clone"
    for part in ("caffepy", "tests", "scripts"):
        shutil.copytree(pages.ROOT / part, clone / part,
                        ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("pyproject.toml", "README.md"):
        shutil.copy(pages.ROOT / file, clone)
    (clone / "docs").mkdir()
    pages.walk(page, clone, pages.environment(tmp_path / "bin", clone))


def test_each_page_leads_to_the_next():
    assert len(PAGES) == 11
    listed = re.findall(r"\]\((\d\d-[\w-]+\.md)\)", pages.read(TUTORIAL / "README.md"))
    assert listed == [page.name for page in PAGES]
    for page, after in zip(PAGES, PAGES[1:], strict=False):
        assert pages.read(page).rstrip().endswith(f"]({after.name})"), page.name


def test_pages_are_short():
    for page in PAGES:
        assert len(pages.read(page).splitlines()) <= 150, page.name
