"""Services are plain functions: what the command logs, they return."""

import numpy as np
import pytest

from caffepy.core.context import Context
from caffepy.parallel.single import Single
from caffepy.services import checking, job, testing, timing, trained, training
from caffepy.solvers.solver import create_solver

NET = """
name: "small"
layer { name: "data" type: "DummyData" top: "data" top: "label"
  dummy_data_param { shape { dim: 4 dim: 3 } shape { dim: 4 }
    data_filler { type: "gaussian" std: 1 } data_filler { type: "constant" value: 1 } } }
layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
  inner_product_param { num_output: 2 weight_filler { type: "xavier" } } }
layer { name: "accuracy" type: "Accuracy" bottom: "ip" bottom: "label" top: "accuracy"
  include { phase: TEST } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
"""
SOLVER = """
net: "net.prototxt" base_lr: 0.5 lr_policy: "fixed" max_iter: 30 test_iter: 2 test_interval: 30
snapshot_prefix: "small" random_seed: 1
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CAFFEPY_ENGINE", "reference")
    (tmp_path / "net.prototxt").write_text(NET)
    (tmp_path / "solver.prototxt").write_text(SOLVER)
    return tmp_path


def train(**wanted):
    what, workers = job.prepare("solver.prototxt", Single(), **wanted)
    return training.start(what, Single(), workers)


def test_a_training_returns_its_last_tests(folder):
    trained = train(measurements=False)
    (last,) = trained.tests
    assert (last.net, last.iteration) == (0, 30)
    means = dict(last.outputs)
    assert means["accuracy"] == 1 and 0 < means["loss"] < 0.3
    first, pace = trained.lines()  # what comes next is typed, and this is a script
    assert first == f"The last test, after 30 iterations: accuracy 1, loss {means['loss']:.6g}"
    assert (trained.pace.iterations, trained.pace.items) == (30, 120) and "items/s" in pace
    assert 0 < trained.pace.training <= trained.pace.seconds
    assert (folder / "small_iter_30.caffemodel").exists()
    assert not (folder / "small.jsonl").exists()


def test_the_best_test_and_the_time_that_was_trained(monkeypatch):
    clock = iter([0, 10, 13, 20, 24, 50])  # at first; two iterations of 3 and 4 seconds; the end
    monkeypatch.setattr(trained, "perf_counter", lambda: next(clock))
    with create_solver("solver.prototxt", context=Context()) as solver:
        observer = trained.Observer(solver)
        for _ in range(2):
            observer.begin(solver)
            observer.end(solver)
        assert (observer.pace().training, observer.best()) == (7, "")
        for iteration, value in enumerate([0.9, 0.4, 0.6, 0.6, 0.5]):  # the first is of no update
            solver.state.iter = iteration
            solver.last_tests[0] = iteration, [("accuracy", np.array([value])),
                                               ("loss", np.array([value]))]
            observer.test(solver, 0)
        assert observer.best().startswith("The best accuracy was 0.6, after 2 iterations; ")


@pytest.mark.parametrize("seconds, said", [
    (3.14159, "3.14 s"), (59.7, "59.7 s"), (60, "1 min 0 s"), (3599, "59 min 59 s"),
    (7384, "2 h 3 min")])
def test_durations(seconds, said):
    assert trained.duration(seconds) == said


def test_averaged_weights_are_those_to_go_on_with(folder):
    (folder / "solver.prototxt").write_text(f"{SOLVER} average_decay: 0.9")
    assert train().weights == "small_iter_30_average.caffemodel"
    assert (folder / train().weights).exists()


def test_what_is_asked_for_takes_the_place_of_the_files_fields():
    what, workers = job.prepare("solver.prototxt", Single(), snapshot_keep=3, on_nan="warn",
                                workers=2, stages=["deep"])
    assert b"deep" in what.param and workers == 2 and what.devices == ()


def test_scores_are_those_of_the_log(caplog):
    train()
    caplog.clear()
    with caplog.at_level("INFO", logger="caffepy"):
        scores = testing.test("net.prototxt", ["small_iter_30.caffemodel"], 3, Context(seed=1))
    assert [name for name, _ in scores.outputs] == ["accuracy", "loss"]
    found = dict(scores.outputs)
    assert found["accuracy"] == 1 and found["loss"] == pytest.approx(scores.loss)
    assert f"Loss: {scores.loss:g}" in caplog.messages


def test_times_of_each_layer_and_of_the_whole():
    times = timing.time("net.prototxt", 2, Context(seed=1))
    assert [layer.name for layer in times.layers] == ["data", "ip", "loss"]
    assert [row.layer for row in times.computed] == ["data", "ip", "loss"]
    forward, backward = (sum(getattr(layer, way) for layer in times.layers)
                         for way in ("forward", "backward"))
    assert 0 < forward + backward <= times.total / 2
    assert times.forward > 0 and times.backward > 0
    assert timing.time("net.prototxt", 1, Context(seed=1), phase="TEST").backward == 0


def test_a_check_returns_tables_and_sentences(folder):
    (folder / "solver.prototxt").write_text(SOLVER.replace("base_lr: 0.5", "base_lr: 0"))
    shown = []
    found = checking.check("solver.prototxt", shown=lambda label, table: shown.append(label))
    assert [label for label, _ in found.nets] == shown == ["train", "test 0"]
    assert found.nets[1][1].rows[-1].type == "SoftmaxWithLoss"
    (sentence,) = (text for text, whom in found.suspicious.items() if whom == "solver")
    assert sentence.startswith("base_lr is 0")
