"""Sweeps: what varies, the runs, going on after a stop, and what they came to."""

import _thread
import csv
import json
import os
import signal
import threading
import time
from pathlib import Path

import pytest
from cli.nets import write_net, write_solver
from click.testing import CliRunner

from caffepy.cli.main import main
from caffepy.core.upgrade import read_net_param, read_solver_param
from caffepy.errors import CaffeError
from caffepy.proto import caffe_pb2, text
from caffepy.services.sweep import plan, results, running
from caffepy.services.sweep.varying import Vary, assign


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CAFFEPY_ENGINE", "reference")
    monkeypatch.setenv("GLOG_log_dir", str(tmp_path / "logs"))
    write_net(tmp_path)
    write_solver(tmp_path, snapshot=100, max_iter=300, test_interval=100, display=50)
    return tmp_path


def planned(*vary, out="sweep", metric=""):
    return plan.plan("solver.prototxt", out, [Vary.parse(one) for one in vary], metric)


# -- what varies ----------------------------------------------------------------------------------


NET = """
layer { name: "data" type: "Data" include { phase: TRAIN } }
layer { name: "data" type: "Data" include { phase: TEST } }
layer { name: "a/1.x" type: "Convolution" convolution_param { kernel_size: 3 kernel_size: 5 } }
"""


CONV, BATCH = "layer.2.convolution_param", "data_param { batch_size: 9 }"
SECOND = 'layer { name: "data" type: "Data" include { phase: TEST }'


@pytest.mark.parametrize("path, value, found", [
    ("layer.a/1.x.convolution_param.num_output", "7", "num_output: 7 kernel_size: 3"),
    ("layer.data.data_param.batch_size", "9",
     f"TRAIN }} {BATCH} }} {SECOND} {BATCH}"),
    ("layer.1.data_param.batch_size", "9", f"TRAIN }} }} {SECOND} {BATCH}"),
    (f"{CONV}.kernel_size", "1", "convolution_param { kernel_size: 1 }"),
    (f"{CONV}.kernel_size", "1:2", "convolution_param { kernel_size: 1 kernel_size: 2 }"),
    (f"{CONV}.weight_filler.type", "msra", 'weight_filler { type: "msra" }'),
    ("layer.a/1.x.param.0.lr_mult", "2", "param { lr_mult: 2 }"),
    ("layer.data.data_param.backend", "LMDB", "data_param { backend: LMDB }"),
    ("force_backward", "true", "force_backward: true"),
])
def test_fields_get_values(path, value, found):
    net = caffe_pb2.NetParameter()
    text.parse(NET, net)
    assign(net, path, value)
    assert found in " ".join(text.to_text(net).split())


@pytest.mark.parametrize("path, value, message", [
    ("base_lrr", "1", 'unknown field "base_lrr" in a solver. Did you mean base_lr'),
    ("base_lr", "abc", "expected a number"),
    ("net_param.layer.conv.blobs_lr", "1", "there is no layer of that name"),
    ("net_param.layer.dat.top", "1", "Did you mean data"),
    ("net_param.layer.data.data_param.batch", "1", 'unknown field "batch" in data_param'),
    ("net_param.layer.5.name", "x", "layer has no element 5"),
    ("net_param.layer.data", "x", "which field of the layer varies"),
    ("net_param.layer.a/1.x", "x", "which field of the layer varies"),
])
def test_wrong_fields_get_the_usual_hints(path, value, message):
    param = caffe_pb2.SolverParameter()
    text.parse(NET, param.net_param)
    with pytest.raises(CaffeError, match=f"^-vary {path}={value}[:,].*{message}"):
        assign(param, path, value)


@pytest.mark.parametrize("given", ["base_lr", "=1", "base_lr=", "base_lr=1,1"])
def test_what_is_no_list_of_values(given):
    with pytest.raises(CaffeError, match="flag 'vary'"):
        Vary.parse(given)


# -- the runs -------------------------------------------------------------------------------------


def test_all_combinations_each_in_its_folder():
    runs = planned("base_lr=0.1,0.2", "net.layer.ip.inner_product_param.num_output=2,3",
                   metric="accuracy")
    assert [[value for _, value in run.values] for run in runs] == [
        ["0.1", "2"], ["0.1", "3"], ["0.2", "2"], ["0.2", "3"]]
    assert runs[1].folder == os.path.join("sweep", "base_lr_0.1__num_output_3")
    assert runs[1].label == "base_lr 0.1, num_output 3"
    runs[1].prepare()
    param, _ = read_solver_param(runs[1].path("solver.prototxt"))
    net, _ = read_net_param(param.net)
    assert param.base_lr == pytest.approx(0.1) and param.snapshot_best == "accuracy"
    assert param.net == runs[1].path("net.prototxt")
    assert net.layer[1].inner_product_param.num_output == 3
    runs[1].prepare()  # the same again
    with pytest.raises(CaffeError, match="the folder is of another sweep"):
        planned("base_lr=0.1", "net.layer.ip.inner_product_param.num_output=3")[0].prepare()


def test_folders_of_values_that_look_alike_differ():
    runs = planned("net=net.prototxt,./net.prototxt", "net.layer.ip.param.0.lr_mult=1",
                   "net.layer.ip.param.1.lr_mult=2")
    assert len({run.folder for run in runs}) == 2
    assert runs[0].label.endswith("0.lr_mult 1, 1.lr_mult 2")


@pytest.mark.parametrize("vary, message", [
    (["base_lr=0.1", "base_lr=0.2"], "a field varies twice"),
    (["lr_policy=fixed,steps"], "solver.prototxt:3: .*steps"),
    (["snapshot_prefix=a,b"], "has a snapshot_prefix in its own folder"),
    (["net.layer.ip.param.5.lr_mult=1"], "^-vary net.layer.ip.param.5.lr_mult=1: param has no"),
    (["net=net.prototxt,none.prototxt"], "File not found: none.prototxt")])
def test_what_cannot_be_is_said_before_the_first_run(vary, message):
    with pytest.raises(CaffeError, match=message):
        planned(*vary)
    assert not Path("sweep").exists()


@pytest.fixture
def hears_ctrl_c():
    """Background jobs of a shell do not."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_after_a_stop_nothing_is_run_twice(hears_ctrl_c):
    """The second of three is stopped behind its first snapshot; then all end as if never
    stopped."""
    write_solver(Path(), snapshot=100, max_iter=2000, test_interval=100, display=50)
    runs, told = planned("base_lr=0.1,0.2,0.3"), []

    def stop(run):
        while not list(Path(run.folder).glob("*_iter_100.solverstate")):
            time.sleep(0.005)
        _thread.interrupt_main()

    def tell(run, what, words):
        told.append((runs.index(run), what))
        if told[-1] == (1, running.STARTED):
            threading.Thread(target=stop, args=(run,)).start()

    with pytest.raises(KeyboardInterrupt):
        running.run(runs, tell=tell)
    assert told == [(0, "started"), (0, "done"), (1, "started"), (1, "stopped")]
    reached = results.results(runs).outcomes
    assert [one.finished for one in reached] == [True, False, False]
    assert 100 <= reached[1].iterations < 2000
    before = Path(runs[0].path("log")).read_bytes()
    told.clear()
    assert running.run(runs, jobs=2, tell=lambda run, what, words: told.append(
        (runs.index(run), what)))
    assert (0, "there") in told and (0, "started") not in told
    assert Path(runs[0].path("log")).read_bytes() == before
    assert "Resuming from" in Path(runs[1].path("log")).read_text()
    alone = planned("base_lr=0.2", out="alone")
    assert running.run(alone)
    ends = [Path(run.path("run_iter_2000.caffemodel")).read_bytes() for run in (runs[1], alone[0])]
    assert ends[0] == ends[1]


def test_a_run_that_fails_is_told_and_leaves_the_others():
    done = CliRunner().invoke(main, [
        "sweep", "solver.prototxt", "-metric=loss", "-out=s",
        "-vary", "net.layer.ip.inner_product_param.num_output=1,2"])
    assert done.exit_code == 1
    assert "num_output 1: failed: " in done.stdout and "is not one of the 1 classes" in done.stdout
    rows = list(csv.DictReader(Path("s/sweep.csv").read_text().splitlines()))
    assert [(row["finished"], row["metric"]) for row in rows] == [("0", "loss"), ("1", "loss")]
    assert rows[1]["iterations"] == "300" and float(rows[1]["best"]) < 0.7
    assert "The best: num_output 2, in s/num_output_2" in done.stdout
    assert Path("s/num_output_2/run_best.caffemodel").exists()
    assert Path("s/sweep.png").exists()


# -- what they came to ----------------------------------------------------------------------------


def measured(run, values, better=None, loss=()):
    """A run that has measured these values of "m" at 0, 10, ..., in its files."""
    os.makedirs(run.folder)
    lines = [{"type": "start", "format": 1, "iter": 0, "seconds": 0.0}]
    lines += [{"type": "test", "iter": 10 * i, "seconds": 2.0 * i, "net": 0, "weights": {},
               "outputs": {"m": value}} for i, value in enumerate(values)]
    lines += [{"type": "train", "iter": 10 * i, "seconds": 2.0 * i, "smoothed_loss": value,
               "outputs": {}} for i, value in enumerate(loss)]
    Path(run.path("run.jsonl")).write_text("".join(json.dumps(line) + "\n" for line in lines))
    if better is not None:
        Path(run.path("result.json")).write_text(json.dumps(
            {"better": better, "iterations": 25, "items": 100, "training_seconds": 4.0}))


def test_the_table():
    runs = planned("base_lr=0.1,0.2,0.3")
    measured(runs[0], [0.9, 0.5, 0.6], {"m": 1})  # the test before the first update is no best
    measured(runs[1], [0.1, 0.8, 0.7], {"m": 1})
    measured(runs[2], [])
    found = results.results(runs)
    assert (found.metric, found.sign) == ("m", 1)
    assert [(one.last, one.best, one.best_iteration, one.seconds, one.speed)
            for one in found.outcomes] == [
        (0.6, 0.6, 20, 4.0, 25.0), (0.7, 0.8, 10, 4.0, 25.0), (None, None, 0, 0.0, 0.0)]
    assert [line.split() for line in found.lines()] == [
        ["base_lr", "iterations", "best", "m", "after", "last", "seconds"],
        ["0.2", "25", "0.8", "10", "0.7", "4"], ["0.1", "25", "0.6", "20", "0.6", "4"],
        ["0.3", "0", "-", "-", "-", "0", "not", "finished"]]
    least = results.results(runs, "min:m")
    assert [one.best for one in least.outcomes] == [0.5, 0.7, None]
    with pytest.raises(CaffeError, match=r"no test has this output.*Did you mean m\?|allowed: m"):
        results.results(runs, "n")
    with pytest.raises(CaffeError, match="not known whether more or less of m is better"):
        Path(runs[0].path("result.json")).unlink()
        Path(runs[1].path("result.json")).unlink()
        results.results(runs, "m")


@pytest.mark.parametrize("more, label", [
    ((), "0.8  base_lr 0.1, random_seed 2"),
    (("type=SGD,Nesterov", "net.layer.ip.inner_product_param.num_output=3,4"),
     "0.8  base_lr 0.1, ra…seed 2, type Nesterov, nu…tput 3")])
def test_a_legend_says_all_values_that_tell_runs_apart(more, label):
    runs = planned("base_lr=0.1,0.2", "random_seed=1,2", "max_iter=200", *more)
    best = next(run for run in runs if [value for _, value in run.values] == [
        "0.1", "2", "200", "Nesterov", "3"][: len(run.values)])
    for run in runs:
        measured(run, [0.1, 0.8 if run is best else 0.7], {"m": 1})
    drawn = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(results.curve_drawing, "save", lambda figure, target: drawn.append(
            figure.axes[0].get_legend_handles_labels()[1]))
        results.results(runs).draw("sweep.png", "labels")
    assert drawn[0][0] == label and len(set(drawn[0])) == len(drawn[0])


def test_without_tests_the_training_loss_counts():
    runs = planned("base_lr=0.1,0.2")
    measured(runs[0], [], {}, loss=[3, 2, 1.5])
    measured(runs[1], [], {}, loss=[3, 1, 2.5])
    found = results.results(runs)
    assert (found.metric, found.ranked[0].run, found.ranked[0].best) == (
        results.TRAINING, runs[1], 1)
    found.draw("all.png", "both")
    assert Path("all.png").exists()
