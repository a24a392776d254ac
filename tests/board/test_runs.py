"""What the board tells of runs: curves, facts, settings, snapshots; without a server and with."""

import csv
import io
import math
import os

import numpy as np
import pytest
from boards import measured
from support import REFERENCE

from caffepy.board.runs import beside, panels, prototxt, routes, sheet, sketch, thinning
from caffepy.board.runs.facts import facts
from caffepy.board.runs.library import Library
from caffepy.board.runs.panels import View
from caffepy.board.runs.tail import PIECE
from caffepy.board.shelf import Shelf
from caffepy.services.running_mean import running_mean

LENET = REFERENCE / "logs" / "lenet_train.log"
EVIL = "<script>alert(1)</script><img src=x onerror=alert(1)>"


@pytest.fixture
def read(folder):
    """Reads the runs of these names."""
    shelf = Shelf([folder])
    library = Library(shelf)

    def runs(*names):
        return [library.read(f"shelf/{name}", 60) for name in names]

    runs.shelf = shelf
    return runs


# -- numbers for a picture -------------------------------------------------------------------------


def test_thinned_curves_keep_their_ends_peaks_and_holes():
    y = np.sin(np.arange(100000) / 3000)
    y[41234], y[77777], y[5000] = 50.0, -50.0, np.nan
    kept = thinning.thinned(y, 1000)
    assert kept.size <= 1010 and (np.diff(kept) > 0).all()
    assert {0, 41234, 77777, 5000, 99999} <= set(kept.tolist())
    assert thinning.thinned(y[:900], 1000).tolist() == list(range(900))
    assert thinning.thinned(np.full(5000, np.nan), 100).size > 50


def test_a_part_has_its_neighbours():
    x = np.array([0.0, 10, 20, 30, 40])
    for low, high, first, last in [(10, 20, 0, 30), (11, 19, 10, 20), (-5, 100, 0, 40),
                                   (-math.inf, math.inf, 0, 40), (50, 60, 40, 40)]:
        part = x[thinning.within(x, low, high)]
        assert (part[0], part[-1]) == (first, last)


def test_running_mean():
    draw = np.random.default_rng(1)
    y = draw.normal(size=50)
    y[[7, 8, 9]] = np.nan, np.inf, -np.inf
    for reach in (1, 3, 40):
        expected = []
        for i in range(50):
            near = min(reach, i)
            around = [v for v in y[i - near: i + near + 1] if np.isfinite(v)]
            expected.append(np.mean(around) if around else np.nan)
        np.testing.assert_allclose(running_mean(y, reach), expected, atol=1e-12)


# -- charts ----------------------------------------------------------------------------------------


def test_the_charts_of_one_run(folder, read):
    measured(folder / "a.jsonl", 200)
    found = {chart["key"]: chart for chart in panels.charts(read("a.jsonl"), View())}
    assert list(found) == ["loss", "accuracy", "rate", "speed"]
    assert [(c["label"], c["style"]) for c in found["loss"]["curves"]] == [
        ("train, as measured", "faint"), ("train", "line"), ("test", "dashed")]
    raw = found["loss"]["curves"][0]
    assert raw["x"][:3] == [0, 10, 20] and raw["y"][:2] == [2.0, 1.0]
    assert found["accuracy"]["curves"][0]["x"] == list(range(0, 2000, 50))
    assert found["speed"]["title"] == "Images a second"
    assert set(found["speed"]["curves"][0]["y"]) == {80.0}  # 10 iterations of 8
    assert len({curve["color"] for curve in found["loss"]["curves"]}) == 2


def test_smoothing_time_and_a_part(folder, read):
    measured(folder / "a.jsonl", 200)
    runs = read("a.jsonl")
    plain = panels.charts(runs, View(smooth=1))[0]["curves"]
    assert [curve["label"] for curve in plain] == ["train", "test"]
    part = panels.charts(runs, View("seconds", 1, 50, 60))[0]["curves"][0]
    assert part["x"] == [49.5 + i for i in range(12)]
    smooth = panels.charts(runs, View(smooth=21))[0]["curves"][1]
    assert smooth["y"][100] == pytest.approx(np.mean([2 / (1 + i) for i in range(90, 111)]), 1e-5)


def test_several_runs_keep_their_colours(folder, read):
    for name in "abc":
        measured(folder / f"{name}.jsonl")
    charts = panels.charts(read("a.jsonl", "c.jsonl"), View())
    for chart in charts:
        assert {(c["label"].partition(":")[0], c["color"]) for c in chart["curves"]} == {
            ("a", 0), ("c", 1)}


def test_a_long_run_is_thinned_and_a_part_of_it_is_not(folder, read):
    measured(folder / "a.jsonl", 5000, max_iter=50000)
    whole = panels.charts(read("a.jsonl"), View())[0]["curves"][0]
    assert len(whole["x"]) <= panels.POINTS + 2 and whole["x"][-1] == 49990
    part = panels.charts(read("a.jsonl"), View(low=20000, high=21000))[0]["curves"][0]
    assert part["x"] == [19990 + 10 * i for i in range(103)]


def test_losses_of_several_heads_and_outputs_beyond_one(folder, read):
    prefix = "I1122 16:29:%02d.000000 7724 solver.cpp:239] "
    lines = ["Solving"]
    for i in range(3):
        lines += [f"Iteration {i}, loss = {9 - i}",
                  "    Train net output #0: loss1/loss = 4 (* 0.3 = 1.2 loss)",
                  "    Train net output #1: loss2/loss = 5 (* 1 = 5 loss)",
                  f"Iteration {i}, Testing net (#0)", "    Test net output #0: acc = 0.5",
                  f"Iteration {i}, Testing net (#1)", "    Test net output #0: distance = 7"]
    (folder / "log").write_text("".join(prefix % i + line + "\n" for i, line in enumerate(lines)))
    found = {chart["key"]: chart["curves"] for chart in panels.charts(read("log"), View())}
    assert [curve["label"] for curve in found["loss"]] == [
        "train", "train loss1/loss", "train loss2/loss"]
    assert found["loss"][0]["y"] == [6.2, 6.2, 6.2]
    assert [c["label"] for c in found["accuracy"]] == ["test acc #0"]
    assert [c["label"] for c in found["outputs"]] == ["test distance #1"]


# -- facts -----------------------------------------------------------------------------------------


def test_how_far_a_run_is(folder, read):
    path = measured(folder / "a.jsonl", 20, max_iter=390)
    (run,) = read("a.jsonl")
    now = path.stat().st_mtime + 5
    told = facts(run, now)
    assert (told.state, told.iteration, told.max_iter) == ("training", 190, 390)
    assert told.left == pytest.approx(20.0) and told.seconds == 19.5
    assert (told.rate, told.speed, told.images) == (0.01, 10.0, 80.0)
    assert told.loss == pytest.approx(0.1) and told.net == "Small"
    assert told.score.name == "accuracy" and told.score.best_at == 150
    assert facts(run, now + 1000).state == "stopped" and facts(run, now + 1000).left is None
    measured(path, 1, start=390, max_iter=390)
    assert facts(read("a.jsonl")[0], now + 1000).state == "finished"


def test_the_original_s_log(folder, read):
    (folder / "train.log").write_bytes(LENET.read_bytes())
    told = facts(read("train.log")[0])
    assert (told.state, told.iteration, told.max_iter) == ("finished", 500, 500)
    assert told.score.last == 0.9707 and told.net == "LeNet"
    assert told.images == pytest.approx(64 * 25.7931)


def test_logs_of_something_else_are_not_listed(folder, asked):
    (folder / "time.log").write_bytes((REFERENCE / "logs" / "lenet_time.log").read_bytes())
    (folder / "train.log").write_bytes(LENET.read_bytes())
    page = asked.get("/").text
    assert "shelf/train.log" in page and "shelf/time.log" not in page


# -- settings and snapshots ------------------------------------------------------------------------


def test_where_settings_differ():
    a = prototxt.words('base_lr: 0.1 layer { name: "c" convolution_param { num_output: 20 } '
                       'param { lr_mult: 1 } param { lr_mult: 2 } } stepvalue: 1 stepvalue: 2')
    b = prototxt.words('base_lr: 0.1 momentum: 0.9 layer { name: "c" convolution_param { '
                       'num_output: 30 } param { lr_mult: 1 } param { lr_mult: 2 } }')
    assert prototxt.differences([a, b]) == [
        ("c.convolution_param.num_output", ["20", "30"]), ("stepvalue", ["1, 2", ""]),
        ("momentum", ["", "0.9"])]
    assert not prototxt.differences([a, {}, a])
    assert not prototxt.words("base_lr: { {")


def test_snapshots_with_their_tests(folder, read):
    measured(folder / "net.jsonl", 20)
    for name in ("net_iter_100.caffemodel", "net_iter_100.solverstate", "net_iter_50.caffemodel.h5",
                 "net_best.caffemodel", "net_iter_x.caffemodel", "network_iter_7.caffemodel"):
        (folder / name).write_bytes(b"1234567890")
    (run,) = read("net.jsonl")
    found = beside.snapshots(read.shelf, run)
    assert [(one.iteration, one.weights.partition("/")[2], bool(one.state), one.size)
            for one in found] == [
        (50, "net_iter_50.caffemodel.h5", False, 10), (100, "net_iter_100.caffemodel", True, 20),
        (None, "net_best.caffemodel", False, 10)]
    assert dict(found[1].scores)["accuracy"] == pytest.approx(1 - 2 / 11 / 4)
    assert dict(found[2].scores)["accuracy"] == pytest.approx(1 - 2 / 16 / 4)  # the best test's


def test_a_log_s_snapshots_are_its_own(folder, read):
    (folder / "train.log").write_bytes(LENET.read_bytes())
    for iteration in (500, 900):
        (folder / f"lenet_iter_{iteration}.caffemodel").write_bytes(b"1")
    found = beside.snapshots(read.shelf, read("train.log")[0])
    assert [one.iteration for one in found] == [500]


def test_files_that_a_run_names_are_found_below_its_folders_alone(folder, read, tmp_path):
    (folder / "models").mkdir()
    (folder / "runs").mkdir()
    (folder / "models" / "net.prototxt").write_text('name: "inside"')
    (tmp_path / "net.prototxt").write_text('name: "outside"')
    for name, net in (("a", "models/net.prototxt"), ("b", str(tmp_path / "net.prototxt")),
                      ("c", "../../net.prototxt"), ("d", "/etc/passwd")):
        measured(folder / "runs" / f"{name}.jsonl", 1, more=f'train_net: "{net}"')
    texts = [beside.net_text(read.shelf, run)[0] for run in read(
        "runs/a.jsonl", "runs/b.jsonl", "runs/c.jsonl", "runs/d.jsonl")]
    assert texts == ['name: "inside"', "", "", ""]
    assert sheet.sheet(read.shelf, read("runs/a.jsonl"))["net_now"]


# -- addresses -------------------------------------------------------------------------------------


def test_the_page_tells_a_run_without_scripts(folder, asked):
    measured(folder / "a.jsonl", 20, lr=0.01)
    measured(folder / "b.jsonl", 20, lr=0.02)
    page = asked.get("/run", run="shelf/a.jsonl").text
    for words in ("190 of", "accuracy 0.9688", "80 images/s", "<polyline", "test ends at",
                  "base_lr: 0.01"):
        assert words in page, words
    page = asked.get("/run", run=["shelf/a.jsonl", "shelf/b.jsonl"]).text
    assert "Where the settings differ" in page
    assert '<code>base_lr</code></th><td><code>0.01</code></td><td><code>0.02</code>' in page


def test_what_is_known_already_is_not_sent_again(folder, asked):
    path = measured(folder / "a.jsonl")
    told = asked.get("/run.json", run="shelf/a.jsonl").json
    assert [chart["key"] for chart in told["charts"]] == ["loss", "accuracy", "rate", "speed"]
    again = asked.get("/run.json", run="shelf/a.jsonl", state=told["state"]).json
    assert again["same"] and "charts" not in again
    measured(path, 1, start=200)
    fresh = asked.get("/run.json", run="shelf/a.jsonl", state=told["state"]).json
    assert fresh["charts"][0]["curves"][0]["x"][-1] == 200


def test_csv_has_all_points_of_the_part(folder, asked):
    measured(folder / "a.jsonl", 3000, max_iter=30000)
    answer = asked.get("/run.csv", run="shelf/a.jsonl", **{"from": 10000, "smooth": 1})
    rows = list(csv.reader(io.StringIO(answer.text)))
    assert rows[0] == ["run", "chart", "curve", "iteration", "seconds", "value"]
    train = [row for row in rows if row[1:3] == ["loss", "train"]]
    assert len(train) == 2001 and train[0][3:] == ["9990", "999.5", "0.002"]
    assert "attachment" in answer.headers["Content-Disposition"]


@pytest.mark.parametrize("query, words", [
    ({}, "between 1 and"), ({"run": ["shelf/none"] * 2}, "no such file"),
    ({"run": "shelf/../x"}, "no such file"), ({"run": "shelf/a.jsonl", "over": "x"}, "no such"),
    ({"run": "shelf/a.jsonl", "from": "one"}, "a number is wanted"),
    ({"run": [f"shelf/{i}" for i in range(17)]}, "between 1 and")])
def test_wrong_questions_are_answered_in_words(folder, asked, query, words):
    measured(folder / "a.jsonl")
    for path in ("/run", "/run.json", "/run.csv"):
        answer = asked.get(path, **query)
        assert answer.status_code in (400, 404) and words in answer.text, path


# -- hostile files ---------------------------------------------------------------------------------


def test_names_cannot_inject(folder, asked):
    evil = EVIL.replace("/", "∕")  # no file's name holds a slash
    (folder / f'"><b>{evil}').mkdir()
    path = folder / f'"><b>{evil}' / f"{evil}'\".jsonl"
    measured(path, 8, net=EVIL, more=f"# {EVIL}\n")
    with open(path, "a") as file:
        file.write(f'{{"type": "test", "iter": 90, "seconds": 9, "net": 0, '
                   f'"outputs": {{"{EVIL}": 0.5}}, "weights": {{}}}}\n')
    name = f'shelf/"><b>{evil}/{evil}\'".jsonl'
    for answer in (asked.get("/"), asked.get("/run", run=name), asked.get("/run", run=[EVIL])):
        assert "&lt;script&gt;" in answer.text
        assert "<script>alert" not in answer.text and "<img src=x" not in answer.text
        assert "<b>" not in answer.text
    told = asked.get("/run.json", run=name)
    assert told.content_type == "application/json" and told.status_code == 200
    assert asked.get("/run.csv", run=name).status_code == 200


def test_a_spreadsheet_takes_no_name_for_a_formula(folder, asked):
    with open(measured(folder / "a.jsonl", 1), "a") as file:
        file.write('{"type": "test", "iter": 0, "seconds": 9, "net": 0, '
                   '"outputs": {"=1+1": 0.5}, "weights": {}}\n')
    assert "'=HYPERLINK" not in asked.get("/run.csv", run="shelf/a.jsonl").text
    from caffepy.board.answers import csv as table

    assert table("x.csv", ("a",), [("=1+1",), ("@x",), (-1.5,)]).get_data(as_text=True) == (
        "a\r\n'=1+1\r\n'@x\r\n-1.5\r\n")


def test_a_huge_log_does_not_hold_up_a_page(folder, asked, monkeypatch):
    """The page comes with what has been read in its time, and says how much that is."""
    line = b"I1122 16:29:33.283150 7724 solver.cpp:239] Iteration %d, loss = 0.5\n"
    content = b"".join(line % i for i in range(60000))
    (folder / "huge.log").write_bytes(content)
    monkeypatch.setattr(routes, "BUDGET", 0.0)  # one piece at a time
    assert len(content) > 3 * PIECE
    for pieces in range(1, len(content) // PIECE + 2):
        page = asked.get("/run", run="shelf/huge.log")
        part = f"being read, {pieces * PIECE / len(content):.0%}"
        assert page.status_code == 200 and (part in page.text) == (pieces * PIECE < len(content))
    assert "59\u202f999" in page.text
    told = asked.get("/run.json", run="shelf/huge.log").json
    assert len(told["charts"][0]["curves"][0]["x"]) <= panels.POINTS + 2


def test_odd_measurements_do_no_harm(folder, asked):
    rows = ['{"type": "start", "iter": 0, "seconds": 0, "param": 5, "images": "x", "date": 7, '
            '"net": {"a": 1}}', '{"type": "train", "iter": 1e300, "seconds": 1e308, "loss": 1e308, '
            '"smoothed_loss": -1e308, "lr": null, "outputs": {"": [[1], null, "x"]}, "weights": 3}',
            '{"type": "train", "iter": 5, "seconds": -1, "outputs": {}}', "[1]", "{",
            '{"type": "test", "iter": 7, "seconds": 2, "net": "x", "outputs": {"a": true}}']
    (folder / "odd.jsonl").write_text("\n".join(rows) + "\n")
    for path in ("/", "/run", "/run.json", "/run.csv"):
        assert asked.get(path, run="shelf/odd.jsonl").status_code == 200, path


def test_sketches_hold_numbers_alone():
    panel = {"title": EVIL, "curves": [{"label": EVIL, "style": "line", "color": 0,
                                        "x": [0.0, 1.0], "y": [1.0, math.nan]}]}
    drawn = sketch.chart(panel)
    assert "<script>" not in drawn and "nan" not in drawn
    assert sketch.chart({**panel, "curves": []}) == "" and sketch.spark([1.0]) == ""


def test_a_run_that_is_a_link_out_is_none(folder, asked, tmp_path):
    measured(tmp_path / "secret.jsonl")
    os.symlink(tmp_path / "secret.jsonl", folder / "link.jsonl")
    assert "link.jsonl" not in asked.get("/").text
    assert asked.get("/run", run="shelf/link.jsonl").status_code == 404
