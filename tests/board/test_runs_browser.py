"""Runs in a real browser: live, over each other, by keyboard, with hostile names; and reports."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from boards import measured, until

from caffepy.board.report import making
from caffepy.proto import caffe_pb2, text

LENET = Path(__file__).parents[2] / "models" / "lenet" / "lenet_train_test.prototxt"
DATA = """name: "LeNet" layer { name: "mnist" type: "DummyData" top: "data" top: "label"
dummy_data_param { shape { dim: 4 dim: 1 dim: 28 dim: 28 } shape { dim: 4 }
data_filler { type: "gaussian" } data_filler { value: 3 } } }"""
EVIL = "<script>window.evil=1<∕script><img src=x onerror=window.evil=1>"


@pytest.fixture
def training(folder):
    """A LeNet that learns numbers drawn at random, until the test ends."""
    lenet, net = caffe_pb2.NetParameter(), caffe_pb2.NetParameter()
    text.read(LENET, lenet)
    text.parse(DATA, net)
    net.layer.extend(lenet.layer[2:])
    (folder / "lenet.prototxt").write_text(text.to_text(net))
    (folder / "solver.prototxt").write_text(
        "net: 'lenet.prototxt' base_lr: 0.0001 lr_policy: 'fixed' max_iter: 1000000 display: 1 "
        "test_iter: 1 test_interval: 20 snapshot_prefix: 'lenet' solver_mode: CPU "
        "random_seed: 1 snapshot_after_train: false")
    quiet = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    with open(folder / "train.log", "w") as log, subprocess.Popen(
            [sys.executable, "-m", "caffepy", "train", "-solver", "solver.prototxt",
             "-log_dir", str(folder.parent)], cwd=folder, env=quiet, stderr=log) as process:
        yield process
        process.kill()


def points(page):
    """How many points the loss has that are drawn."""
    return int(page.locator("[data-panel=loss] .plot").get_attribute("data-points"))


def test_a_training_appears_its_curve_grows_and_another_is_laid_over_it(
        served, opened, folder, training):
    page = opened.page
    page.goto(served)
    assert "There is no training's log" in page.inner_text("main")
    # it appears by itself, within the list's 3 seconds
    page.get_by_role("link", name="shelf/lenet.jsonl").wait_for(timeout=60000)
    page.get_by_role("link", name="shelf/lenet.jsonl").click()
    page.locator("[data-panel=loss] canvas").wait_for()
    first = points(page)
    until(lambda: points(page) > first)
    assert "training" in page.inner_text("#facts") and "of 1" in page.inner_text("#facts")
    told = page.inner_text("#facts")
    until(lambda: page.inner_text("#facts") != told)
    measured(folder / "other.jsonl", 20)
    page.get_by_role("link", name="Runs").click()
    for name in ("shelf/lenet.jsonl", "shelf/other.jsonl"):
        page.get_by_label(f"Tick {name}").check()
    page.get_by_role("button", name="over each other").click()
    page.locator("[data-panel=loss] canvas").wait_for()
    legend = page.inner_text("[data-panel=loss] .u-legend")
    assert "lenet: train" in legend and "other: train" in legend
    assert "base_lr" in page.inner_text(".differences")


def test_zoom_hover_keys_and_what_is_kept(served, opened, folder, tmp_path):
    measured(folder / "a.jsonl", 200)
    page = opened.page
    page.goto(f"{served}run?run=shelf/a.jsonl&smooth=1")
    page.locator("[data-panel=loss] canvas").wait_for()
    assert points(page) == 240
    over = page.locator("[data-panel=loss] .u-over").bounding_box()
    middle = over["y"] + over["height"] / 2
    page.mouse.move(over["x"] + over["width"] * 0.5, middle)
    legend = page.locator("[data-panel=loss] .u-legend")
    # 2 / (1 + 100) and its neighbours; the test's nearest point is read, too
    assert re.search(r"Iteration\s*990\s*train\s*0\.02\s*test\s*0\.0198", legend.inner_text())
    page.mouse.down()
    page.mouse.move(over["x"] + over["width"] * 0.75, middle, steps=4)
    page.mouse.up()
    until(lambda: points(page) < 80)
    assert 900 < float(page.locator("[name=from]").input_value()) < 1100
    assert "from=" in page.url and "from=" in page.locator("#csv").get_attribute("href")
    with page.expect_download() as kept:
        page.get_by_role("link", name="CSV").click()
    kept.value.save_as(tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_text().count("loss,train") < 60
    with page.expect_download() as kept:
        page.get_by_role("button", name="PNG").click()
    kept.value.save_as(tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    page.get_by_role("button", name="Whole range").click()
    until(lambda: points(page) == 240)
    plot = page.locator("[data-panel=loss] .plot")
    plot.focus()
    page.keyboard.press("ArrowRight")
    assert "train 2" in plot.locator("[aria-live]").inner_text()
    page.get_by_label("log y").check()
    page.get_by_label("Over").select_option("seconds")
    until(lambda: "Time" in legend.inner_text())


def test_names_cannot_inject_and_narrow_pages_do_not_overflow(served, opened, folder):
    for name in (EVIL, "b"):
        path = measured(folder / f"{name}.jsonl", 8, net=EVIL, more=f"# {EVIL}\n")
        with open(path, "a") as file:
            file.write(f'{{"type": "test", "iter": 90, "seconds": 9, "net": 0, '
                       f'"outputs": {{"{EVIL}": 0.5}}, "weights": {{}}}}\n')
    page = opened.page
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(served)
    for box in page.locator("[name=run]").all():
        box.check()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("button", name="over each other").click()
    page.locator("[data-panel=accuracy] canvas").wait_for()
    assert EVIL in page.inner_text("main") and EVIL in page.inner_text(".u-legend >> nth=1")
    assert page.evaluate("window.evil") is None
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_page_without_scripts_tells_the_same(served, browser, folder):
    measured(folder / "a.jsonl", 20)
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{served}run?run=shelf/a.jsonl")
    assert page.locator(".chart polyline").count() == 5
    page.locator("[name=smooth]").select_option("1")
    page.get_by_role("button", name="Show").click()
    assert "smooth=1" in page.url and "accuracy 0.9688" in page.inner_text("#facts")
    assert page.locator("button:visible").count() == 1  # what needs scripts is not there
    context.close()


def test_a_report_shows_its_curves_without_any_server(opened, folder):
    evil = measured(folder / f"{EVIL}.jsonl", 20, net=EVIL)
    (folder / "net.prototxt").write_text(
        f'layer {{ name: "{EVIL}" type: "Input" top: "{EVIL}" }}')
    measured(folder / "b.jsonl", 20, lr=0.5)
    making.write(str(folder / "out.html"), [str(evil), str(folder / "b.jsonl")])
    page = opened.page
    page.goto((folder / "out.html").as_uri())
    page.locator("[data-panel=loss] canvas").wait_for()
    assert points(page) == 48
    page.get_by_label("Over").select_option("seconds")
    until(lambda: "Time" in page.inner_text("[data-panel=loss] .u-legend"))
    drawing = page.locator(".drawing img")
    assert drawing.evaluate("image => image.complete && image.naturalWidth") > 50
    assert page.evaluate("window.evil") is None
    with page.expect_download() as kept:
        page.get_by_role("button", name="CSV").click()
    kept.value.save_as(folder / "out.csv")
    assert (folder / "out.csv").read_text().startswith("chart,curve,seconds,value")
    assert opened.addresses <= {"file", "data", "blob"}
