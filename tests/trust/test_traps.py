"""Traps that are seen before they cost a day: each says its one line, once, and only then."""

from __future__ import annotations

from pathlib import Path

import cv2
import h5py
import numpy as np
import pytest
from click.testing import CliRunner
from solvers.conftest import lines  # noqa: F401

from caffepy.cli.main import main
from caffepy.errors import ConfigError, NumericError
from caffepy.proto import caffe_pb2, text
from caffepy.solvers.solver import create_solver

BASE = 'base_lr: 0.01 lr_policy: "fixed" random_seed: 1 snapshot_prefix: "snap" '
LOSS = 'layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }'
ROWS = ('layer { name: "data" type: "HDF5Data" top: "data" top: "label" '
        'hdf5_data_param { source: "rows.txt" batch_size: 20 %s } }')


def ip(bottom: str = "data", filler: str = "xavier", more: str = "") -> str:
    return (f'layer {{ name: "ip" type: "InnerProduct" bottom: "{bottom}" top: "ip" {more}'
            f'inner_product_param {{ num_output: 3 weight_filler {{ type: "{filler}" }} }} }}')


def rows(data: np.ndarray, labels: object) -> None:
    with h5py.File("rows.h5", "w") as file:
        file["data"] = data
        file["label"] = np.broadcast_to(np.asarray(labels, np.float32), len(data))
    Path("rows.txt").write_text("rows.h5\n")


def _param(net: str, more: str = "", settings: str = BASE):
    param = caffe_pb2.SolverParameter()
    text.parse(f'net_param {{ name: "net" {net} }} {settings} {more}', param)
    return param


@pytest.fixture
def said(lines):  # noqa: F811
    """Train on a net for some iterations; returns the lines that begin a warning's way."""

    def run(net: str, more: str = "", steps: int = 8, settings: str = BASE) -> list[str]:
        del lines[:]
        with create_solver(_param(net, more, settings)) as solver:
            solver.step(steps)
        return [line for line in lines if any(word in line for word in (
            "the first", "gives numbers", "BatchNorm layer", "records of layer", "the loss of",
            "nothing was copied", "works in place", "base_lr is", "has no layer"))]

    return run


MIXED = np.arange(100) % 3
RANDOM = np.random.default_rng(0).standard_normal((100, 4, 1, 1)).astype(np.float32)


def test_a_sound_net_says_nothing(said):
    rows(RANDOM, MIXED)
    assert said(ROWS % "" + ip() + LOSS, "test_iter: 5 test_interval: 100") == []


@pytest.mark.parametrize("more, advice", [("", "convert_imageset -shuffle"),
                                          ("shuffle: true", "The order is shuffled")])
def test_labels_all_alike(more, advice, said):
    rows(RANDOM, 2)
    (line,) = said(ROWS % more + ip() + LOSS)
    assert line.startswith("the first 100 labels of layer 'data' (HDF5Data) are all 2.")
    assert advice in line


def test_labels_class_by_class(said):
    rows(RANDOM, np.arange(100) // 20)
    (line,) = said(ROWS % "" + ip().replace("num_output: 3", "num_output: 5") + LOSS)
    assert "labels of layer 'data' (HDF5Data) go from 0 to 4, one class after the other" in line
    assert "convert_imageset -shuffle" in line
    five = ip().replace("num_output: 3", "num_output: 100") + LOSS
    rows(RANDOM, np.arange(100) // 3)  # such as numbers of groups
    assert said(ROWS % "" + five) == []
    rows(RANDOM, np.arange(100) // 20 % 2)
    assert said(ROWS % "" + five) == []


def test_raw_pixels_into_xavier(said):
    rows(np.abs(RANDOM) * 80, MIXED)
    (line,) = said(ROWS % "" + ip() + LOSS)
    assert "to 'ip', whose xavier filler counts on inputs around 1" in line
    assert said(ROWS % "" + ip(filler="gaussian") + LOSS) == []
    rows(RANDOM * 80, MIXED)  # as after a mean
    assert said(ROWS % "" + ip() + LOSS) == []
    rows(np.abs(RANDOM) * 80, MIXED)
    assert said(ROWS % "" + ip() + 'layer { name: "bn" type: "BatchNorm" bottom: "ip" top: "ip" }'
                'layer { name: "s" type: "Scale" bottom: "ip" top: "ip" }' + LOSS) == []


@pytest.mark.parametrize("test_iter, words", [
    (3, "test_iter 3 x batch_size 20 = 60 of the 100 records of layer 'data': the rest is not "
        "tested. test_iter: 5 covers all."),
    (5, None),
    (6, "120 of the 100 records of layer 'data': some count twice. test_iter: 5 is enough."),
])
def test_tests_that_are_not_the_set(test_iter, words, said):
    rows(RANDOM, MIXED)
    got = said(ROWS % "" + ip() + LOSS, f"test_iter: {test_iter} test_interval: 100", 1)
    assert [words in line for line in got] == ([True] if words else [])


def test_records_of_lists_and_databases_are_known(folder, said):
    from caffepy.data.datum import from_array
    from caffepy.data.db import open_db

    with open_db("db", "LMDB", "new") as db:
        for i in range(7):
            picture = np.full((1, 2, 2), i, np.uint8)
            db.put(b"%d" % i, from_array(picture, i % 3).SerializeToString())
    cv2.imwrite("a.png", np.zeros((2, 2, 3), np.uint8))
    Path("list.txt").write_text("a.png 0\na.png 1\n" * 4)
    for layer, count in (('type: "Data" data_param { source: "db" backend: LMDB', 7),
                         ('type: "ImageData" image_data_param { source: "list.txt"', 8)):
        data = f'layer {{ name: "data" top: "data" top: "label" {layer} batch_size: 2 }} }}'
        got = said(data + ip() + LOSS, "test_iter: 1 test_interval: 100", 1)
        assert [f"= 2 of the {count} records" in line for line in got] == [True]


def test_batch_norm_without_scale(said):
    rows(RANDOM, MIXED)
    bn = 'layer { name: "bn%d" type: "BatchNorm" bottom: "ip" top: "ip" } '
    (line,) = said(ROWS % "" + ip() + bn % 1 + LOSS)
    assert line.startswith("BatchNorm layer bn1 is not followed by a Scale layer")
    scale = 'layer { name: "scale" type: "Scale" bottom: "ip" top: "ip" }'
    assert said(ROWS % "" + ip() + bn % 1 + scale + LOSS) == []
    between = ('layer { name: "bn" type: "BatchNorm" bottom: "ip" top: "bn" }'
               'layer { name: "p" type: "Power" bottom: "data" top: "p" }'
               'layer { name: "e" type: "Silence" bottom: "p" }'
               'layer { name: "s" type: "Scale" bottom: "bn" top: "bn" }')
    assert said(ROWS % "" + ip() + between + LOSS.replace('"ip"', '"bn"')) == []
    (line,) = said(ROWS % "" + ip() + bn % 1 + scale + "".join(bn % i for i in (2, 3, 4, 5)) + LOSS)
    assert "BatchNorm layers (4 of them): bn2, bn3, bn4 and 1 more are not" in line


def test_batch_norm_with_learned_statistics_is_an_error(said):
    rows(RANDOM, MIXED)
    bn = 'layer { name: "bn" type: "BatchNorm" bottom: "ip" top: "ip" param { lr_mult: 1 } }'
    with pytest.raises(ConfigError, match="layer 'bn'.*statistics are not learned"):
        said(ROWS % "" + ip() + bn + LOSS)


def test_batch_norm_with_untouched_statistics(said):
    rows(RANDOM, MIXED)
    bn = ('layer { name: "bn" type: "BatchNorm" bottom: "ip" top: "ip" batch_norm_param { '
          'use_global_stats: true } } layer { name: "s" type: "Scale" bottom: "ip" top: "ip" }')
    got = said(ROWS % "" + ip() + bn + LOSS, "test_iter: 5 test_interval: 2")
    assert len(got) == 1 and "none are stored: mean and variance count as 0" in got[0]


def test_weights_that_fit_nothing(folder, said, caplog):
    rows(RANDOM, MIXED)
    with create_solver(_param(ROWS % "" + ip() + LOSS)) as solver:
        solver.net.save("a.caffemodel")
    other = (ROWS % "" + ip() + LOSS).replace('name: "ip"', 'name: "score"')
    caplog.set_level("INFO", "caffepy")
    settings = 'weights: "a.caffemodel" test_iter: 5 test_interval: 100'
    missing, line, of_test = said(other, settings, 1)
    assert missing == of_test and [record.levelname for record in caplog.records
                                   if record.getMessage() == missing] == ["WARNING", "INFO"]
    assert line.startswith("nothing was copied from a.caffemodel: its layers (ip) and those of the "
                           "net (score) have no name in common")
    assert said(ROWS % "" + ip() + LOSS, 'weights: "a.caffemodel"', 1) == []


# -- a loss that has left the numbers -----------------------------------------------------


@pytest.mark.parametrize("data, rate, words", [
    (np.where(RANDOM > 2, np.nan, RANDOM), "0.01", [
        "First to go: 'data' of layer 'data' (HDF5Data)", "the data of layer 'data' (HDF5Data)"]),
    (RANDOM * 1e20, "1e30", ["param 0 of layer 'ip' (InnerProduct), in an update before",
                             "scale the data"]),
    (RANDOM * 10, "1e38", ["param 0 of layer 'ip' (InnerProduct), in an update before",
                      "a rate of 1e+38 is too high"]),
], ids=["data", "scale", "rate"])
def test_not_a_number(data, rate, words, said):
    rows(data, MIXED)
    settings = BASE.replace("base_lr: 0.01", f"base_lr: {rate}")
    (line,) = said(ROWS % "" + ip(filler="gaussian") + LOSS, settings=settings)
    assert line.startswith("the loss of iteration ") and " is nan. " in line
    assert line.endswith("Training goes on (on_nan: WARN).")
    for word in words:
        assert word in line


def test_a_logarithm_of_what_has_none(said):
    rows(RANDOM, MIXED)
    log = 'layer { name: "log" type: "Log" bottom: "data" top: "log" }'
    with np.errstate(invalid="ignore"):
        (line,) = said(ROWS % "" + log + ip("log") + LOSS)
    assert "First to go: 'log' of layer 'log' (Log), made of 'data' in [-" in line
    assert "Most likely: layer 'log' (Log) is given -" in line


def test_87_3365(said):
    rows(RANDOM, 1 + np.arange(100) % 2)
    far = ('layer { name: "far" type: "InnerProduct" bottom: "ip" top: "far" param { lr_mult: 0 }'
           ' inner_product_param { num_output: 3 } }')
    net = ROWS % "" + ip() + far + LOSS.replace('"ip"', '"far"')
    with create_solver(_param(net)) as solver:
        solver.net.params["far"][1].data[...] = [1e4, 0, 0]
        solver.net.save("far.caffemodel")
    (line,) = said(net, 'weights: "far.caffemodel"')
    assert "is 87.3365, which means that no label has any probability left. All is finite; the " \
           "scores lie in [0, 10000]" in line
    with pytest.raises(NumericError, match="87.3365"):
        said(net, 'weights: "far.caffemodel" on_nan: STOP')
    euclidean = ROWS % "" + ip().replace("num_output: 3", "num_output: 1") + LOSS.replace(
        "SoftmaxWithLoss", "EuclideanLoss")
    rows(RANDOM, np.arange(100) * 100)
    assert said(euclidean, steps=1) == []  # a large loss of another kind


def test_stop_writes_nothing_over_a_good_snapshot(said, folder):
    rows(RANDOM, MIXED)
    net = ROWS % "" + ip() + LOSS
    param = _param(net, "on_nan: STOP snapshot: 2 snapshot_keep: 1")
    with create_solver(param) as solver:
        solver.step(3)
        solver.net.params["ip"][0].data[...] = np.inf
        good = {path.name: path.read_bytes() for path in folder.glob("snap*")}
        for _ in range(2):  # asked again it says so again
            with pytest.raises(NumericError, match="iteration 3 is nan.*-snapshot latest goes on"):
                solver.step(2)
        assert solver.iter == 3
    assert {path.name: path.read_bytes() for path in folder.glob("snap*")} == good
    assert set(good) == {"snap_iter_2.caffemodel", "snap_iter_2.solverstate"}


def test_a_run_that_is_lost_deletes_no_good_snapshot(folder):
    rows(RANDOM, MIXED)
    with create_solver(_param(ROWS % "" + ip() + LOSS, "snapshot: 2 snapshot_keep: 1")) as solver:
        solver.step(2)
        solver.net.params["ip"][0].data[...] = np.nan
        solver.step(2)
    assert sorted(p.name for p in folder.glob("*.solverstate")) == [
        "snap_iter_2.solverstate", "snap_iter_4.solverstate"]


# -- the command --------------------------------------------------------------------------


def call(*arguments: str):
    return CliRunner().invoke(main, list(arguments))


def test_check_prints_tables_and_traps(folder):
    rows(np.abs(RANDOM) * 80, 2)
    bn = 'layer { name: "bn" type: "BatchNorm" bottom: "data" top: "bn" }'
    Path("net.prototxt").write_text('name: "net"' + ROWS % "" + ip() + LOSS + bn +
                                    'layer { name: "s" type: "Silence" bottom: "bn" }')
    Path("solver.prototxt").write_text(
        BASE + 'net: "net.prototxt" test_iter: 3 test_interval: 10 max_iter: 20')
    done = call("check", "solver.prototxt")
    assert done.exit_code == 0, done.output
    out = done.stdout
    assert "train: net: 5 layers" in out and "test 0: net: 5 layers" in out
    assert "ip    InnerProduct         15            240     240  data -> ip" in out
    traps = out.split("\n\n")[-1].splitlines()
    assert [line.split(" ")[0] for line in traps] == ["train:", "train:", "train:", "test"]
    for words in ("all 2.", "xavier", "followed by a Scale", "= 60 of the 100 records"):
        assert sum(words in line for line in traps) == 1, words
    assert not list(folder.glob("snap*"))


def test_a_solver_that_learns_nothing(folder, said):
    """The original trains nothing without a word."""
    rows(RANDOM, MIXED)
    net = ROWS % "" + ip() + LOSS
    (line,) = said(net, settings='lr_policy: "fixed" random_seed: 1')
    assert line == "base_lr is not set: nothing will be learnt. 0.01 is a rate to start with."
    (line,) = said(net, settings='base_lr: 0 lr_policy: "fixed" random_seed: 1')
    assert line.startswith("base_lr is 0: nothing will be learnt")
    Path("net.prototxt").write_text(net)
    bare = 'lr_policy: "fixed" snapshot_prefix: "snap"'
    for settings, words in ((bare + " max_iter: 2", ["base_lr is not set"]),
                            (bare, ["base_lr is not set", "max_iter is not set"]),
                            ("max_iter: 0 " + BASE, ["max_iter is 0"])):
        Path("solver.prototxt").write_text(settings + ' net: "net.prototxt"')
        out = call("check", "solver.prototxt").stdout.split("\n\n")[-1].splitlines()
        assert [line.partition(":")[0] for line in out] == ["solver"] * len(words)
        log = call("train", "-solver=solver.prototxt", "-logtostderr").output
        for word in words:
            assert log.count(word) == 1 and sum(word in line for line in out) == 1
    done = call("train", "-solver=solver.prototxt", "-snapshot=latest", "-logtostderr")
    assert "max_iter is 0" in done.output
    Path("solver.prototxt").write_text(BASE + 'max_iter: 2 net: "net.prototxt"')
    assert "max_iter" not in call("check", "solver.prototxt").stdout.split("\n\n")[-1]
    assert call("train", "-solver=solver.prototxt").exit_code == 0
    done = call("train", "-solver=solver.prototxt", "-snapshot=latest", "-logtostderr")
    assert "the snapshot is of iteration 2, and max_iter is 2: there is nothing" in done.output


def test_check_of_a_net(folder):
    rows(RANDOM, MIXED)
    Path("net.prototxt").write_text(ROWS % "" + ip() + LOSS)
    done = call("check", "net.prototxt")
    assert done.exit_code == 0 and done.stdout.endswith("\nNothing suspicious.\n")
    assert done.stdout.count("Parameters: 15 ") == 1  # one table for both phases
    assert call("check", "net.prototxt", "-phase=TEST").stdout == done.stdout.replace(
        "net: 3", "TEST: net: 3")
    assert "found DEPLOY; allowed: TRAIN or TEST" in call(
        "check", "net.prototxt", "-phase=DEPLOY").output
    assert "File not found: no.prototxt" in call("check", "no.prototxt").output


def test_a_deploy_net_and_a_net_without_data(folder):
    deploy = ('layer { name: "data" type: "Input" top: "data" '
              'input_param { shape { dim: 2 dim: 4 } } }')
    Path("solver.prototxt").write_text(BASE + "max_iter: 1 net: 'net.prototxt'")
    Path("net.prototxt").write_text('name: "dep" ' + deploy + ip())
    done = call("train", "-solver=solver.prototxt")
    assert done.exit_code == 1
    assert "the net 'dep' has nothing to learn: it has no loss" in done.output
    assert "nothing to learn: it has no loss" in call("check", "solver.prototxt").stdout
    target = deploy.replace('"data"', '"label"').replace("dim: 2 dim: 4", "dim: 2")
    Path("net.prototxt").write_text(deploy + target + ip() + LOSS)
    done = call("train", "-solver=solver.prototxt")
    assert done.exit_code == 0
    assert done.output.count("nothing fills data, label: an Input layer waits for a script") == 1


def test_test_of_untrained_statistics(folder):
    rows(RANDOM, MIXED)
    net = ROWS % "" + ip() + ('layer { name: "bn" type: "BatchNorm" bottom: "ip" top: "ip" }'
                              'layer { name: "s" type: "Scale" bottom: "ip" top: "ip" }') + LOSS
    Path("net.prototxt").write_text(net)
    with create_solver(_param(net)) as solver:
        solver.net.save("fresh.caffemodel")
        solver.step(1)
        solver.net.save("used.caffemodel")
    test = ("test", "-model=net.prototxt", "-iterations=1")
    assert "BatchNorm layer bn is to use stored statistics" in call(
        *test, "-weights=fresh.caffemodel").output
    assert "stored statistics" not in call(*test, "-weights=used.caffemodel").output


def test_checks_cost_nothing_a_step(folder):
    """After the first batches an iteration's watch is a comparison: no blob is looked at."""
    rows(RANDOM, MIXED)
    with create_solver(_param(ROWS % "" + ip() + LOSS)) as solver:
        solver.step(6)
        reads: list[str] = []
        solver.watch._first.look = lambda last: reads.append("look") or []
        solver.watch._softmax = None  # would fail if it were looked at
        solver.step(5)
    assert reads == []
