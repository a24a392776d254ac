"""Nets, data and tries in a browser."""

import board_files
import numpy as np
import pytest
from boards import until
from conftest import MNIST

from caffepy.core.context import Context
from caffepy.core.upgrade import read_solver_param
from caffepy.data.datum import from_array
from caffepy.data.db import new_db
from caffepy.services.mnist import IMAGE_MAGIC, LABEL_MAGIC, read_idx
from caffepy.solvers.solver import Solver

LENET = MNIST.parent.parent / "models" / "lenet" / "lenet_train_test.prototxt"
DROP = """([place, bytes, name]) => {
  const file = new File([new Uint8Array(bytes)], name, {type: "image/png"});
  const data = new DataTransfer();
  data.items.add(file);
  document.querySelector(place).dispatchEvent(
    new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true}));
}"""


def test_a_digit_is_dropped_and_recognised(folder, served, opened):
    """By LeNet, after 80 batches."""
    if not (MNIST / "train-images-idx3-ubyte").exists():
        pytest.skip("no MNIST: data/mnist/get_mnist.sh fetches it")
    (count, *_), pixels = read_idx(str(MNIST / "train-images-idx3-ubyte"), IMAGE_MAGIC, 3)
    _, labels = read_idx(str(MNIST / "train-labels-idx1-ubyte"), LABEL_MAGIC, 1)
    digits = np.frombuffer(pixels, np.uint8).reshape(count, 1, 28, 28)
    board_files.database(folder / "digits_lmdb", list(zip(digits[:4000], labels, strict=False)))
    text = LENET.read_text()
    for part in ("train", "test"):
        text = text.replace(f"data/mnist/mnist_{part}_lmdb", str(folder / "digits_lmdb"))
    (folder / "lenet.prototxt").write_text(text)
    (folder / "solver.prototxt").write_text(
        f'net: "{folder}/lenet.prototxt" base_lr: 0.01 momentum: 0.9 lr_policy: "fixed" '
        f'max_iter: 80 snapshot_prefix: "{folder}/lenet" random_seed: 3')
    param, _ = read_solver_param(folder / "solver.prototxt")
    solver = Solver(param, context=Context(seed=3))
    solver.solve()
    solver.close()
    page = opened.page
    page.goto(served + "try?net=shelf/lenet.prototxt")
    seven = next(i for i in range(5000, 5100) if labels[i] == 7)
    page.evaluate(DROP, ["#drop", list(board_files.png(digits[seven])), "seven.png"])
    page.wait_for_selector(".top tbody tr")
    assert page.inner_text(".top tbody tr:first-child th") == "7"
    assert page.inner_text("article h2").startswith("seven.png")
    maps = page.locator(".maps img")
    maps.first.scroll_into_view_if_needed()
    until(lambda: maps.first.evaluate("image => image.naturalWidth > 0"))
    assert maps.count() == 8


def test_ten_thousand_pictures_scroll(folder, served, opened):
    with new_db(str(folder / "many_lmdb"), "lmdb") as db:
        for i in range(10_000):
            # each its own: the number in its pixels
            picture = np.full((1, 8, 8), i % 251, np.uint8)
            picture[0, 0, :2] = divmod(i, 256)
            db.put(b"%08d" % i, from_array(picture, i % 10).SerializeToString())
    page = opened.page
    page.goto(served + "data/source?source=shelf/many_lmdb")
    page.wait_for_selector(".scroller img[alt='Record 0']")
    page.evaluate("() => { const box = document.querySelector('.scroller');"
                  " box.scrollTop = box.scrollHeight; }")
    page.wait_for_selector(".scroller img[alt='Record 9999']")
    assert page.locator(".scroller img").count() < 300
    item = page.locator(".scroller .tile", has=page.locator("img[alt='Record 9999']"))
    assert "9" in item.locator(".words").inner_text()
    page.fill("#goto", "5000")
    page.press("#goto", "Enter")
    record = page.locator(".scroller img[alt='Record 5000']")
    until(lambda: record.evaluate("image => image.naturalWidth") == 8)


def test_without_scripts_there_are_pages(folder, served, browser):
    board_files.database(folder / "some_lmdb", board_files.records(130))
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(served + "data/source?source=shelf/some_lmdb")
    page.click("text=Next")
    page.click("text=Next")
    assert page.locator(".tile img").count() == 10
    page.fill("input[name=label]", "2")
    page.click("text=Search")
    wanted = [f"#{i}" for i, (_, label) in enumerate(board_files.records(130)) if label == 2]
    found = page.locator(".tile .quiet")
    until(lambda: page.reload() and found.all_inner_texts() == wanted)  # all have been looked at
    context.close()


def test_names_with_html_are_text_and_the_graph_zooms(folder, served, opened):
    files = board_files.fill(folder)
    evil = '<img src=x onerror="document.title=1">'.replace('"', "'")
    files["net"].write_text(files["net"].read_text().replace('"conv"', f'"{evil}"').replace(
        '"quarters"', f'"<b>{evil}"'))
    page = opened.page
    page.goto(served + "net?net=shelf/net.prototxt")
    assert page.inner_text("h1") == f"<b>{evil}"
    assert page.locator("img[src='x']").count() == 0 and page.title() != "1"
    graph = page.locator("#graph svg")
    larger = pytest.approx(1.25 * graph.bounding_box()["width"], rel=0.1)
    page.click("[data-zoom=in]")
    assert graph.bounding_box()["width"] == larger
    page.locator("#graph a", has_text=evil).first.click()
    page.wait_for_selector("#layer h2")
    assert page.inner_text("#layer h2") == evil
    assert page.locator("#graph a.here").count() == 1
    assert graph.bounding_box()["width"] == larger  # the place is kept
