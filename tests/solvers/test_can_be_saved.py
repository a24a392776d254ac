"""What is trained can be saved: whatever speaks against it is said before iteration 0."""

from __future__ import annotations

import os
from pathlib import Path

import h5py
import numpy as np
import pytest
from click.testing import CliRunner
from numpy.testing import assert_array_equal

import caffepy
from caffepy.cli.main import main
from caffepy.core.net import Net
from caffepy.errors import CaffeError
from caffepy.proto import caffe_pb2, wire
from caffepy.solvers.solver import create_solver

DATA = ('layer { name: "data" type: "DummyData" top: "x0" dummy_data_param { '
        'shape { dim: 2 dim: 3 } data_filler { type: "gaussian" } } }\n')
LOSS = 'layer { name: "l" type: "Reduction" bottom: "%s" top: "l" loss_weight: 1 }\n'
SOLVER = 'net: "net.prototxt" base_lr: 0.001 lr_policy: "fixed" max_iter: 2 random_seed: 1 '
HDF5 = 'snapshot_prefix: "x" snapshot_format: HDF5 '


def ip(name: str | None, number: int, more: str = "") -> str:
    named = "" if name is None else f'name: "{name}"'
    return (f'layer {{ {named} type: "InnerProduct" bottom: "x{number}" top: "x{number + 1}" '
            'inner_product_param { num_output: 3 weight_filler { type: "xavier" } } '
            f"{more} }}\n")


def relu(name: str, blob: str) -> str:
    return f'layer {{ name: "{name}" type: "ReLU" bottom: "{blob}" top: "{blob}" }}\n'


def write(layers: str, last: str, more: str) -> None:
    Path("net.prototxt").write_text(DATA + layers + LOSS % last)
    Path("s.prototxt").write_text(SOLVER + more)


def call(*arguments: str):
    return CliRunner().invoke(main, list(arguments))


def refused(words: str) -> None:
    """By training before an iteration, by check, and by a script that saves."""
    for action in (("train", "-solver=s.prototxt", "-logtostderr"), ("check", "s.prototxt")):
        done = call(*action)
        assert done.exit_code == 1
        assert words in done.output
        assert "bug in caffepy" not in done.output and "Iteration" not in done.output
    assert not list(Path().glob("x_iter*"))


NAMES = [
    ([None], "it has no name"),
    ([""], "it has no name"),
    (["."], "'.' is no name to HDF5"),
    (["/"], "'/' is no name to HDF5"),
    (["/fc"], "HDF5 takes the name '/fc' for 'fc'"),
    (["fc/"], "HDF5 takes the name 'fc/' for 'fc'"),
    (["a//b"], "HDF5 takes the name 'a//b' for 'a/b'"),
    (["a/./b"], "HDF5 takes the name 'a/./b' for 'a/b'"),
    (["a\\0b"], "there is a NUL in its name"),
    (["fc", "fc"], "there are two layers of this name, 'fc'"),
    (["fc", "fc/0"], "'fc/0' in its name is already param 0 of layer 'fc'"),
    (["fc/1", "fc"], "'fc/1' in its name is already param 1 of layer 'fc'"),
    (["fc", "fc/1/deep"], "'fc/1' in its name is already param 1 of layer 'fc'"),
]


@pytest.mark.parametrize("names, words", NAMES)
@pytest.mark.parametrize("when", ["", "snapshot: 1 snapshot_after_train: false "])
def test_names_that_hdf5_cannot_hold(names, words, when):
    layers = "".join(ip(name, i) for i, name in enumerate(names))
    write(layers, f"x{len(names)}", HDF5 + when)
    refused("an HDF5 file cannot hold the weights of this layer: " + words)
    net = Net("net.prototxt", caffe_pb2.TRAIN)
    with pytest.raises(CaffeError, match="an HDF5 file cannot hold the weights"):
        net.save_hdf5("w.h5")
    solver = caffepy.get_solver("s.prototxt") if not when else None
    if solver:  # whoever steps only may do so, and is told by snapshot
        solver.step(1)
        with pytest.raises(CaffeError, match="an HDF5 file cannot hold the weights"):
            solver.snapshot()
    net.save("w.caffemodel")
    Path("s.prototxt").write_text(SOLVER + when + 'snapshot_prefix: "x"')
    done = call("train", "-solver=s.prototxt", "-logtostderr")
    assert done.exit_code == 0 and Path("x_iter_2.caffemodel").exists()
    doubled = len(set(names)) < len(names)
    said = "several layers with weights are called 'fc': files tell them apart by their order"
    assert (said in done.output, said in call("check", "s.prototxt").output) == (doubled, doubled)


@pytest.mark.parametrize("layers, last, groups", [
    (ip("fc", 0) + relu("", "x1"), "x1", {"fc"}),
    (ip("fc", 0) + relu("fc/0", "x1"), "x1", {"fc"}),
    (relu("fc/0/r", "x0") + ip("fc", 0), "x1", {"fc"}),
    (ip("fc", 0) + relu("fc", "x1") + relu(".", "x1") + relu("r/", "x1"), "x1", {"fc"}),
    (ip("fc", 0) + ip("fc/2", 1) + relu("r/s", "x1").replace("x1", "x2"), "x2", {"fc", "r"}),
    (ip("a/b", 0) + ip("a", 1) + ip("a/c", 2), "x3", {"a"}),
    (ip("fc", 0, "param { name: \"w\" } param { name: \"b\" }")
     + ip("fc", 1, "param { name: \"w\" } param { name: \"b\" }"), "x2", {"fc"}),
    (ip("..", 0), "x1", {".."}),
    (ip("ü ", 0), "x1", {"ü "}),
])
def test_what_can_be_saved_is_read_again(layers, last, groups):
    write(layers, last, HDF5 + "snapshot_diff: true ")
    assert call("train", "-solver=s.prototxt").exit_code == 0
    assert "HDF5" not in call("check", "s.prototxt").output.split("\n\n")[-1]
    with h5py.File("x_iter_2.caffemodel.h5") as file:
        assert {name for name in file["data"] if name not in ("data", "l")} == groups
        assert {"data", "l"} < set(file["data"])
    with create_solver("s.prototxt") as one, create_solver("s.prototxt") as other:
        one.step(2)
        for blob in (p.blob for p in other.net.parameters):
            blob.data[...] = 7
        other.restore("x_iter_2.solverstate.h5")
        for a, b in zip(one.net.parameters, other.net.parameters, strict=True):
            assert_array_equal(a.blob.data, b.blob.data)


# -- places -----------------------------------------------------------------------------------


@pytest.mark.parametrize("prefix, words", [
    ("no/such/x", "there is no folder {cwd}/no/such"),
    ("no/", "there is no folder {cwd}/no"),
    ("file/x", "Not a directory"),
    ("a" * 240, "File name too long"),
    ("/proc/x", "there is no folder /proc|No such file|Permission denied"),
])
@pytest.mark.parametrize("when", ["", "snapshot: 1 snapshot_after_train: false "])
def test_places_that_cannot_be_written(prefix, words, when, folder):
    Path("file").write_text("")
    write(ip("fc", 0), "x1", f'{when}\nsnapshot_prefix: "{prefix}"')
    for action in (("train", "-solver=s.prototxt", "-logtostderr"), ("check", "s.prototxt")):
        done = call(*action)
        assert done.exit_code == 1
        assert "error: s.prototxt:2: Cannot write to snapshot prefix" in done.output
        assert any(w in done.output for w in words.format(cwd=folder).split("|"))
        assert "bug in caffepy" not in done.output and "Iteration" not in done.output


def test_a_name_that_no_file_has():
    write(ip("fc", 0), "x1", '\nsnapshot_prefix: "a\\0b"')
    for action in (("train", "-solver=s.prototxt"), ("check", "s.prototxt")):
        done = call(*action)
        assert "error: s.prototxt:2:18: snapshot_prefix cannot hold a zero byte" in done.output


def test_who_writes_no_snapshot_needs_no_place():
    layers = ip("fc", 0) + ip("fc", 1)
    write(layers, "x2", 'snapshot_prefix: "no/x" snapshot_format: HDF5 snapshot_after_train: false')
    assert call("train", "-solver=s.prototxt", "-nomeasurements").exit_code == 0
    assert call("check", "s.prototxt").exit_code == 0


def test_a_prefix_that_is_a_folder():
    os.mkdir("out")
    write(ip("fc", 0), "x1", 'snapshot_prefix: "out"')
    assert call("train", "-solver=s.prototxt").exit_code == 0
    assert Path("out/s_iter_2.caffemodel").exists()


def test_a_script_without_a_place_is_told_by_snapshot():
    write(ip("fc", 0), "x1", 'snapshot_prefix: "no/x" ')
    solver = caffepy.get_solver("s.prototxt")
    solver.step(1)
    with pytest.raises(CaffeError, match="there is no folder no"):
        solver.snapshot()


def test_troubles_that_are_to_be_borne(caplog):
    write(ip("fc", 0) + ip("fc", 1), "x2", HDF5 + "snapshot: 1 snapshot_errors: WARN")
    done = call("train", "-solver=s.prototxt", "-logtostderr")
    assert done.exit_code == 0
    said = "two layers of this name, 'fc'"
    first = done.output.index(said)
    assert first < done.output.index("Starting Optimization")


# -- sizes ------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit, more, words", [
    (40, "", "the weights are too much for a snapshot in BINARYPROTO (found 48 bytes"),
    (48, "", None),
    (90, "snapshot_diff: true", "the weights are too much"),
    (90, 'type: "Adam"', "the histories are too much"),
    (40, "snapshot_format: HDF5", None),
    (40, "snapshot_after_train: false", None),
])
def test_more_than_a_message_holds(limit, more, words, monkeypatch):
    write(ip("fc", 0), "x1", f'snapshot_prefix: "x" {more}')
    monkeypatch.setattr(wire, "LIMIT", limit)
    done = call("check", "s.prototxt")
    assert done.exit_code == (1 if words else 0)
    if words:
        assert words in done.output and "Use snapshot_format: HDF5." in done.output
        done = call("train", "-solver=s.prototxt", "-logtostderr")
        assert words in done.output and "Iteration" not in done.output


def test_hdf5_errors_are_told(monkeypatch):
    def broken(*arguments: object, **more: object) -> None:
        raise RuntimeError("Unable to flush the file")

    write(ip("fc", 0), "x1", HDF5)
    net = Net("net.prototxt", caffe_pb2.TRAIN)
    monkeypatch.setattr(h5py.Group, "create_dataset", broken)
    with pytest.raises(CaffeError, match="w.h5: the HDF5 file cannot be written: Unable to flush"):
        net.save_hdf5("w.h5")
    assert not list(Path().glob("*w.h5*"))
    assert np.isfinite(net.parameters[0].blob.data).all()
