import re
import sys

import pytest
from support import REFERENCE

from caffepy.errors import ConfigError, DataError, NotFound
from caffepy.services import log_reading
from caffepy.services.log_charts import CHARTS, curves, menu, plot
from caffepy.tools.plot_training_log import main

LENET = REFERENCE / "logs" / "lenet_train.log"
SIGNATURES = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}


def test_the_eight_charts():
    assert menu() == (
        "0 Test accuracy vs. Iters; 1 Test accuracy vs. Seconds; 2 Test loss vs. Iters; "
        "3 Test loss vs. Seconds; 4 Train learning rate vs. Iters; 5 Train learning rate vs. "
        "Seconds; 6 Train loss vs. Iters; 7 Train loss vs. Seconds")


@pytest.mark.parametrize("number, first, last, count", [
    (0, (0, 0.0953), (500, 0.9707), 2),
    (1, (2.596833, 0.0953), (23.841618, 0.9707), 2),
    (2, (0, 2.36467), (500, 0.0918382), 2),
    (3, (2.596833, 2.36467), (23.841618, 0.0918382), 2),
    (4, (0, 0.01), (400, 0.00971013), 5),
    (5, (2.64295, 0.01), (17.765928, 0.00971013), 5),
    (6, (0, 2.34889), (400, 0.0922904), 5),
    (7, (2.642913, 2.34889), (17.765912, 0.0922904), 5),
])
def test_points(number, first, last, count):
    (curve,) = curves(CHARTS[number], log_reading.read(LENET), "lenet")
    assert curve.label == "lenet" and len(curve.x) == len(curve.y) == count
    assert (curve.x[0], curve.y[0]) == pytest.approx(first)
    assert (curve.x[-1], curve.y[-1]) == pytest.approx(last)


def test_several_losses_give_a_line_each(tmp_path):
    prefix = "I1122 16:29:00.000000 1 a.cpp:1] "
    lines = ["Solving", "Iteration 0, Testing net (#0)",
             "Test net output #0: top-1 = 0.5", "Test net output #1: top-5 = 0.9",
             "Test net output #2: error = 2 (* 1 = 2 loss)",
             "Test net output #3: loss2/loss = 3 (* 0.3 = 0.9 loss)"]
    (tmp_path / "log").write_text("".join(f"{prefix}{line}\n" for line in lines))
    log = log_reading.read(tmp_path / "log")
    assert [c.label for c in curves(CHARTS[0], log, "log")] == ["log: top-1", "log: top-5"]
    assert [c.label for c in curves(CHARTS[2], log, "log")] == ["log: error", "log: loss2/loss"]


def test_rows_that_lack_an_output_are_left_out(tmp_path):
    prefix = "I1122 16:29:00.000000 1 a.cpp:1] "
    lines = ["Iteration 0, Testing net (#0)", "Test net output #0: a = 0.5",
             "Iteration 0, Testing net (#1)", "Test net output #0: b = 0.7"]
    (tmp_path / "log").write_text("".join(f"{prefix}{line}\n" for line in lines))
    found = curves(CHARTS[0], log_reading.read(tmp_path / "log"), "log")
    assert [(c.label, c.y) for c in found] == [("log: a", [0.5]), ("log: b", [0.7])]


@pytest.fixture
def matplotlib():
    return pytest.importorskip("matplotlib", reason="matplotlib is an extra")


@pytest.mark.parametrize("kind", SIGNATURES)
def test_pictures_by_the_installed_command(shell, tmp_path, matplotlib, kind):
    (tmp_path / "second.log").write_bytes(LENET.read_bytes())
    done = shell("plot_training_log", 6, f"loss.{kind}", LENET, "second.log",
                 env={"MPLCONFIGDIR": str(tmp_path / "cache"), "PATH": "/usr/bin:/bin"})
    assert done.returncode == 0, done.stderr
    content = (tmp_path / f"loss.{kind}").read_bytes()
    assert content.startswith(SIGNATURES[kind]) and len(content) > 5000


@pytest.mark.parametrize("number", range(8))
def test_every_chart_is_drawn(tmp_path, matplotlib, number, monkeypatch):
    # letters as text, not as outlines, so that the picture can be read here
    monkeypatch.setitem(matplotlib.rcParams, "svg.fonttype", "none")
    plot(number, str(tmp_path / "chart.svg"), [str(LENET)])
    drawn = re.findall(r">([^<>\n]+)</text>", (tmp_path / "chart.svg").read_text())
    assert CHARTS[number].title in drawn and CHARTS[number].y in drawn and LENET.name in drawn
    assert ("Iterations" if number % 2 == 0 else "Training time (seconds)") in drawn


def test_logs_of_one_name_are_told_apart(tmp_path, matplotlib, monkeypatch):
    monkeypatch.setitem(matplotlib.rcParams, "svg.fonttype", "none")
    for name in "ab":
        (tmp_path / name).mkdir()
        (tmp_path / name / "train.log").write_bytes(LENET.read_bytes())
    paths = [str(tmp_path / name / "train.log") for name in "ab"]
    plot(6, str(tmp_path / "chart.svg"), paths)
    drawn = (tmp_path / "chart.svg").read_text()
    assert ">a/train.log<" in drawn and ">b/train.log<" in drawn


def test_without_matplotlib_the_error_says_how_to_get_it(tmp_path, monkeypatch, call):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(NotFound, match=r"need matplotlib.*pip install \"caffepy\[plot\]\""):
        plot(6, str(tmp_path / "loss.png"), [str(LENET)])
    done = call(main, 6, tmp_path / "loss.png", LENET)
    assert done.exit_code == 1 and "caffepy[plot]" in done.output
    assert not list(tmp_path.iterdir())


def test_bad_calls(call, tmp_path):
    for words, said in (
        ((8, "a.png", LENET), "unknown chart type (found 8; allowed: 0 Test accuracy"),
        (("six", "a.png", LENET), "the chart type is a number"),
        ((6, "a.gif", LENET), "allowed: .png, .svg, .pdf"),
        ((6, "a", LENET), "allowed: .png, .svg, .pdf"),
        ((6, "a.png"), "Missing argument"),
        ((6, "a.png", tmp_path / "none"), "File not found"),
    ):
        done = call(main, *words)
        assert done.exit_code == 1 and said in done.output, done.output
    with pytest.raises(ConfigError):
        plot(-1, "a.png", [str(LENET)])
    lines = LENET.read_text().splitlines(keepends=True)
    (tmp_path / "log").write_text("".join(line for line in lines if "accuracy =" not in line))
    with pytest.raises(DataError, match=r"log: the log has nothing for 'Test accuracy vs. Iters' "
                                        r"\(found outputs loss\)"):
        plot(0, str(tmp_path / "a.png"), [str(tmp_path / "log")])
