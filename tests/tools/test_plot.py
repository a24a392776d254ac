"""plot: loss, accuracy and rate of several trainings in one picture."""

import json
import math
import re
import sys

import pytest
from support import REFERENCE

from caffepy.cli.main import main as caffepy
from caffepy.errors import DataError, NotFound
from caffepy.services import curve_drawing, log_reading
from caffepy.services.curve_drawing import Curve
from caffepy.services.plotting import picture, plot, smoothed

LENET = REFERENCE / "logs" / "lenet_train.log"
PREFIX = "I1122 16:29:00.000000 1 a.cpp:1] "


def log_of(path, *lines):
    path.write_text("".join(f"{PREFIX}{line}\n" for line in ("Solving", *lines)))
    return log_reading.read(path)


def jsonl(path, *lines):
    start = {"type": "start", "iter": 0, "seconds": 0.0}
    path.write_text("".join(json.dumps(line) + "\n" for line in (start, *lines)))
    return path


def train(i, loss, **more):
    return {"type": "train", "iter": i, "seconds": i / 10, "loss": loss, "smoothed_loss": loss,
            "lr": 0.01, "outputs": {"loss": loss}, "weights": {"loss": 1.0}, **more}


def labels(curves):
    return [curve.label for curve in curves]


@pytest.fixture
def matplotlib(monkeypatch):
    found = pytest.importorskip("matplotlib", reason="matplotlib is an extra")
    monkeypatch.setitem(found.rcParams, "svg.fonttype", "none")  # letters as text, not outlines
    return found


# -- what is drawn -----------------------------------------------------------------------------


def test_a_log_gives_loss_accuracy_and_rate():
    found = picture([("lenet", log_reading.read(LENET))], "NumIters").panels
    assert labels(found["loss"]) == ["train", "test"] and not found["outputs"]
    assert labels(found["accuracy"]) == ["accuracy, last 97.07%"]
    one, test = found["loss"]
    # with the loss behind the last update, which has no outputs
    assert one.x == [0, 100, 200, 300, 400, 500] and one.y[1] == 0.167817
    assert test.dashed and test.x == [0, 500] and test.color != one.color
    assert found["rate"][0].y[-1] == 0.00971013


def test_several_logs_keep_their_colours_through_the_panels():
    log = log_reading.read(LENET)
    found = picture([("a", log), ("b", log)], "Seconds").panels
    assert labels(found["loss"]) == ["a: train", "a: test", "b: train", "b: test"]
    for panel in ("loss", "accuracy", "rate"):
        colors = {name: {c.color for c in found[panel] if c.label.startswith(name)}
                  for name in "ab"}
        assert colors == {"a": {curve_drawing.COLORS[0]}, "b": {curve_drawing.COLORS[1]}}


def test_losses_of_several_branches(tmp_path):
    log = log_of(
        tmp_path / "log", "Iteration 0, Testing net (#0)", "Test net output #0: loss1/top-1 = 0.5",
        "Test net output #1: loss1/loss = 4 (* 0.3 = 1.2 loss)", "Test net output #2: error = 7",
        "Iteration 0, loss = 6.2", "Train net output #0: loss1/loss = 4 (* 0.3 = 1.2 loss)",
        "Train net output #1: loss2/loss = 5 (* 1 = 5 loss)")
    assert log.total[0]["loss"] == pytest.approx(6.2)
    found = picture([("log", log)], "NumIters").panels
    assert labels(found["loss"]) == ["train, sum", "train loss1/loss", "train loss2/loss",
                                     "test loss1/loss"]
    assert found["loss"][1].color == found["loss"][3].color != found["loss"][2].color
    assert labels(found["accuracy"]) == ["loss1/top-1, last 50.00%"]  # though "loss" is in its name
    assert labels(found["outputs"]) == ["error, last 7"]


def test_two_test_nets(tmp_path):
    log = log_of(
        tmp_path / "log", "Iteration 0, Testing net (#0)", "Test net output #0: acc = 0.5",
        "Iteration 0, Testing net (#1)", "Test net output #0: acc = 0.25")
    assert log.nets == [0, 1]
    found = picture([("log", log)], "NumIters").panels
    assert labels(found["accuracy"]) == ["acc #0, last 50.00%", "acc #1, last 25.00%"]


def test_long_curves_are_smoothed_and_the_logs_own_mean_is_taken(tmp_path):
    noisy = [train(i, 1 + (-1) ** i * 0.5) for i in range(200)]
    (raw, smooth, *_) = picture(
        [("a", log_reading.read(jsonl(tmp_path / "a", *noisy)))], "NumIters").panels["loss"]
    assert raw.faint and raw.label == "train" and raw.y[:2] == [1.5, 0.5]
    assert smooth.label == "train, smoothed" and not smooth.faint
    assert all(abs(y - 1) < 0.2 for y in smooth.y[10:])
    own = [{**line, "smoothed_loss": 0.9} for line in noisy]
    (_, smooth) = picture(
        [("a", log_reading.read(jsonl(tmp_path / "b", *own)))], "NumIters").panels["loss"]
    assert set(smooth.y) == {0.9}


def test_a_running_mean_passes_over_what_is_no_number():
    y = [2.0] * 100
    y[50] = math.nan
    mean = smoothed(Curve("a", list(map(float, range(100))), y))
    assert mean is not None and mean.y == [2.0] * 100
    assert smoothed(Curve("a", [0.0], [1.0])) is None


def test_a_log_that_goes_back_is_a_resumed_one(tmp_path):
    lines = [f"Iteration {i}, loss = {loss}" for i, loss in
             ((0, 5), (100, 4), (200, 3), (100, 2), (200, 1))]
    (curve,) = picture([("log", log_of(tmp_path / "log", *lines))], "NumIters").panels["loss"]
    assert (curve.x, curve.y) == ([0, 100, 200], [5, 2, 1])


def test_measurements_are_a_log(tmp_path):
    path = jsonl(tmp_path / "a.jsonl", train(0, 2.0), train(10, None),
                 {"type": "test", "iter": 10, "seconds": 2, "net": 0,
                  "outputs": {"accuracy": 0.5, "ap": [0.25, 0.75]}, "weights": {}})
    log = log_reading.read(path)
    assert log.train[0] == {"NumIters": 0, "Seconds": 0, "LearningRate": 0.01, "loss": 2}
    assert math.isnan(log.train[1]["loss"]) and log.losses == {"loss"}
    assert log.test == [{"NumIters": 10, "Seconds": 2, "LearningRate": 0.01, "accuracy": 0.5,
                         "ap": 0.25, "ap[1]": 0.75}]
    found = picture([("a", log)], "NumIters").panels
    assert found["loss"][0].x == [0]


def test_a_resumed_measurement_is_one_curve(tmp_path):
    path = jsonl(tmp_path / "a.jsonl", train(0, 2.0), train(10, 1.5), train(20, 9.0),
                 {"type": "start", "iter": 15, "seconds": 1.0}, train(20, 1.25))
    assert [row["loss"] for row in log_reading.read(path).train] == [2.0, 1.5, 1.25]


# -- pictures ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind, signature", [("png", b"\x89PNG"), ("svg", b"<?xml"),
                                             ("pdf", b"%PDF")])
def test_pictures(tmp_path, matplotlib, kind, signature):
    for _ in range(2):
        plot(str(tmp_path / f"a.{kind}"), [str(LENET)])
        content = (tmp_path / f"a.{kind}").read_bytes()
        assert content.startswith(signature) and len(content) > 5000


def test_what_is_written_in_the_picture(tmp_path, matplotlib):
    target = tmp_path / "a.svg"
    plot(str(target), [str(LENET), str(LENET)], over="seconds", title="A <b> & c")
    drawn = re.findall(r">([^<>\n]+)</text>", target.read_text())
    for text in ("loss", "test accuracy", "learning rate", "training time (seconds)",
                 "A &lt;b&gt; &amp; c", "80%"):
        assert text in drawn
    plot(str(target), [str(LENET)], show=("rate",))
    drawn = re.findall(r">([^<>\n]+)</text>", target.read_text())
    assert "iterations" in drawn and "learning rate" in drawn and "loss" not in drawn
    assert LENET.name in drawn and "500" not in drawn and "400" in drawn


def test_by_the_installed_command(shell, tmp_path, matplotlib):
    (tmp_path / "my log.log").write_bytes(LENET.read_bytes())
    done = shell("caffepy", "plot", "my log.log")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "Wrote my log.log.png\n"
    assert (tmp_path / "my log.log.png").read_bytes().startswith(b"\x89PNG")


def test_scales(matplotlib):
    def scale(values, part=0.5):
        axes = curve_drawing.figure(4, 3).add_subplot()
        curve_drawing.logarithmic(axes, [Curve("", [0.0] * len(values), values)], part)
        return axes.get_yscale()

    assert scale([5.0, 0.1, 0.02, 0.01]) == "log"
    assert scale([2.3, 2.0, 1.0, 0.01]) == scale([2.3, 0.0, 0.01]) == scale([]) == "linear"
    assert scale([0.01] * 9 + [0.0001], 0.05) == "log"


def test_names_and_units():
    assert curve_drawing.shortened("_a") == " _a" and len(curve_drawing.shortened("a" * 99)) == 44
    assert curve_drawing.time_unit([Curve("", [200.0], [0])]) == (1.0, "seconds")
    assert curve_drawing.time_unit([Curve("", [7200.0], [0])]) == (60.0, "minutes")
    assert curve_drawing.time_unit([Curve("", [1e6], [0])]) == (86400.0, "days")


def test_bad_calls(call, tmp_path):
    (tmp_path / "empty.log").write_text(f"{PREFIX}Solving\n")
    (tmp_path / "no.log").write_text("nothing\n")
    for words, said in (
        ((), "Missing argument"), ((tmp_path / "none",), "File not found"),
        ((LENET, "-out=a.gif"), "allowed: .png, .svg, .pdf"),
        ((LENET, "-over=days"), "days"), ((LENET, "-show=loss,los"), "no such panel"),
        ((tmp_path / "empty.log",), "empty.log: nothing to draw"),
        ((tmp_path / "no.log",), "no line begins as a log line"),
        ((tmp_path,), "this is a folder"),
    ):
        done = call(caffepy, "plot", *words)
        assert done.exit_code == 1 and said in done.output, done.output
        assert "Traceback" not in done.output and "bug" not in done.output
    with pytest.raises(DataError, match="no test of test accuracy"):
        plot("a.png", [str(jsonl(tmp_path / "a", train(0, 1.0)))], show=("accuracy",))
    assert not list(tmp_path.glob("*.png"))


def test_without_matplotlib_the_error_says_how_to_get_it(tmp_path, monkeypatch, call):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(NotFound, match=r"need matplotlib.*pip install \"caffepy\[plot\]\""):
        plot(str(tmp_path / "a.png"), [str(LENET)])
    assert not list(tmp_path.iterdir())
