"""Each page of the tutorial, done as a reader would, in the order of the pages; its pictures."""

import re
import shutil

import cv2
import numpy as np
import pages
import pytest
from course import IN_A_FOLDER, PAGES, TUTORIAL, Walk, pictures

UNSURE = ("worst.png", "modern_solver_lr.png")  # what these show hangs on the last bit
PICTURES = [(page, shown) for page in PAGES for shown in pictures(page)]


@pytest.fixture(scope="module")
def walk(tmp_path_factory) -> Walk:
    return Walk(tmp_path_factory.mktemp("tutorial"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_page(page, walk):
    walk.upto(page)


@pytest.mark.parametrize("page, shown", PICTURES, ids=[shown.name for _, shown in PICTURES])
def test_picture_is_what_the_page_draws(page, shown, walk):
    if shown.suffix == ".svg" and shown.stem != "window" and shutil.which("dot"):
        pytest.skip("Graphviz, which is installed here, draws nets in a layout of its own")
    walk.upto(page)
    drawn = walk.picture(page, shown)
    if shown.name == "worst.png" and drawn is None:
        pytest.skip("the net of this machine made no mistakes")
    assert drawn, f"nothing draws {shown.name}"
    if shown.suffix == ".svg":
        assert drawn.read_bytes() == shown.read_bytes()
    elif shown.name not in UNSURE:
        now, then = cv2.imread(str(drawn)), cv2.imread(str(shown))
        assert np.allclose(now.shape, then.shape, rtol=0.03)  # fonts differ
        assert difference(cv2.resize(now, then.shape[1::-1]), then) < 0.3


def difference(now, then):
    """Of what a picture shows on its ground: 0 for the same, about 1 for something else. Blurred,
    so that letters and lines may lie a little beside."""
    now, then = (cv2.blur(picture.astype(np.float32), (15, 15)) for picture in (now, then))
    ground = np.median(then, axis=(0, 1))
    return np.abs(now - then).mean() / np.abs(then - ground).mean()


def test_a_picture_of_something_else_is_noticed():
    curve = cv2.imread(str(TUTORIAL / "pictures" / "loss.png"))
    empty = curve.copy()
    empty[40:550, 95:1350] = 255
    assert difference(empty, curve) > 0.5 and difference(curve, curve) == 0


def test_no_picture_is_left_over():
    shown = {shown for _, shown in PICTURES}
    assert {path for path in (TUTORIAL / "pictures").iterdir() if path.suffix != ".py"} == shown
    assert all(path.stat().st_size < 100_000 for path in shown)
    scripts = {path.stem for path in (TUTORIAL / "pictures").glob("*.py")}
    assert scripts <= {path.stem for path in shown}


def test_each_page_leads_to_the_next():
    assert len(PAGES) == 13
    listed = re.findall(r"^\d+\. \[[^]]+\]\((\d\d-[\w-]+\.md)\)",
                        pages.read(TUTORIAL / "README.md"), re.MULTILINE)
    assert listed == [page.name for page in PAGES]
    for page, after in zip(PAGES, PAGES[1:], strict=False):
        assert pages.read(page).rstrip().endswith(f"]({after.name})"), page.name


def test_pages_are_short():
    for page in PAGES:
        most = 260 if page.name in IN_A_FOLDER else 170
        assert len(pages.read(page).splitlines()) <= most, page.name
