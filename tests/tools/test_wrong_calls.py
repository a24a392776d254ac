"""Every program and action called wrongly: one error, no traceback, nothing left behind."""

import importlib
import os
import shutil
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import cv2
import h5py
import numpy as np
import pytest

from caffepy import TEST, Net
from caffepy.cli import oldest
from caffepy.cli.main import main as caffepy
from caffepy.data.db import new_db
from caffepy.proto import caffe_pb2

PROGRAMS = {script.name: script.value for script in distribution("caffepy").entry_points
            if script.group == "console_scripts"}
TODAY = sorted(name for name, value in PROGRAMS.items()
               if value != "caffepy.cli.oldest:main" and name not in ("caffe", "caffepy"))
ACTIONS = sorted(caffepy.commands)

NET = """layer { name: "data" type: "Data" top: "data" top: "label"
  data_param { source: "db" backend: LMDB batch_size: 2 } }
layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
  inner_product_param { num_output: 2 } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }"""

# the right calls; what stands in {} is a file that will be another, OUT a name to write
CALLS = {
    "class_weights": ["-infogain=OUT", "{db}"],
    "compute_image_mean": ["{db}", "OUT"],
    "make_list": ["{classes}", "OUT"],
    "convert_imageset": ["./", "{list}", "OUT"],
    "convert_annoset": ["--anno_type=detection", "--label_map_file={map}", "./", "{boxes}", "OUT"],
    "create_label_map": ["{names}", "OUT"],
    "get_image_size": ["./", "{boxes}", "OUT"],
    "convert_mnist_data": ["{missing}", "{missing}", "OUT"],
    "deploy": ["{net}", "OUT"],
    "draw_net": ["{net}", "OUT.png"],
    "summarize": ["{net}"],
    "extract_features": ["{weights}", "{net}", "ip", "OUT", "1", "lmdb"],
    "classify": ["--model_def={net}", "--pretrained_model={weights}", "--mean_file=", "{picture}"],
    "detect": ["--model_def={net}", "--pretrained_model={weights}", "--mean_file=", "{list}",
               "OUT.csv"],
    "parse_log": ["{log}", "."],
    "extract_seconds": ["{log}", "OUT"],
    "upgrade_net_proto_text": ["{net}", "OUT"],
    "upgrade_net_proto_binary": ["{weights}", "OUT"],
    "upgrade_solver_proto_text": ["{solver}", "OUT"],
    "caffepy train": ["-solver={solver}", "-weights={weights}"],
    "caffepy test": ["-model={net}", "-weights={weights}", "-iterations=1"],
    "caffepy time": ["-model={net}", "-iterations=1"],
    "caffepy check": ["{solver}"],
    "caffepy plot": ["{log}", "-out=OUT.png"],
    "caffepy tune": ["{net}"],
    "caffepy bench": ["{net}"],
}
FILES = {"missing": "missing", "folder": "folder", "empty": "empty", "net": "net.prototxt",
         "solver": "solver.prototxt", "weights": "w.caffemodel", "picture": "p.png", "db": "db",
         "hdf5": "x.h5", "garbage": "garbage", "words": "words.txt", "list": "list.txt",
         "classes": "classes", "boxes": "boxes.txt", "names": "names.txt", "map": "map.prototxt"}
FITS = {("caffepy check", "net"), ("summarize", "weights"),  # what is as good
        ("create_label_map", "list"), ("class_weights", "list"),
        ("class_weights", "solver")}


@pytest.fixture(scope="module")
def kinds(tmp_path_factory):
    """A folder with a file of each kind."""
    folder = tmp_path_factory.mktemp("kinds")
    before = Path.cwd()
    os.chdir(folder)
    try:
        with new_db("db", "lmdb") as db:
            db.put(b"0", caffe_pb2.Datum(channels=1, height=4, width=4, data=bytes(16)
                                         ).SerializeToString())
        (folder / "net.prototxt").write_text(NET)
        (folder / "solver.prototxt").write_text('net: "net.prototxt" base_lr: 1 max_iter: 1')
        Net("net.prototxt", TEST).save("w.caffemodel")
        cv2.imwrite("p.png", np.zeros((5, 5, 3), np.uint8))
        (folder / "folder").mkdir()
        (folder / "classes" / "one").mkdir(parents=True)
        shutil.copy("p.png", folder / "classes" / "one")
        (folder / "empty").touch()
        (folder / "garbage").write_bytes(bytes(range(256)) * 4)
        (folder / "words.txt").write_text("hello there\nthis is nothing\n")
        (folder / "list.txt").write_text("gone.png 0\n")
        (folder / "boxes.txt").write_text("gone.png p.xml\n")
        (folder / "p.xml").write_text("<annotation/>")
        (folder / "names.txt").write_text("cat\n")
        (folder / "map.prototxt").write_text('item { name: "cat" label: 1 }')
        with h5py.File("x.h5", "w") as file:
            file["data"] = np.zeros((3, 4))
    finally:
        os.chdir(before)
    return folder


def main_of(program):
    name, *action = program.split()
    if name == "caffepy":
        return caffepy, action
    module, _, function = PROGRAMS[name].partition(":")
    return getattr(importlib.import_module(module), function), action


def check(done, program):
    """One error line of the program, whose name is first; prototxt errors show the place below."""
    assert done.exit_code in (1, 2), done.output
    errors = [line for line in done.stderr.splitlines() if ": error: " in line]
    assert len(errors) == 1, done.stderr
    assert "Traceback" not in done.output and "bug in caffepy" not in done.output
    assert len(errors[0]) > len(program) + 12


@pytest.mark.parametrize("slot", range(4))
@pytest.mark.parametrize("program", CALLS)
def test_files_of_another_kind(call, kinds, monkeypatch, program, slot):
    monkeypatch.chdir(kinds)
    words = CALLS[program]
    places = [i for i, word in enumerate(words) if "{" in word]
    if slot >= len(places):
        return
    own = words[places[slot]].partition("{")[2].rstrip("}")
    main, action = main_of(program)
    before = sorted(os.listdir())
    for kind, name in FILES.items():
        if kind == own or (program, kind) in FITS:
            continue
        given = [word.replace("{log}", "words.txt") for word in words]
        given[places[slot]] = words[places[slot]].replace("{" + own + "}", name)
        given = [word.format(**FILES) for word in given]
        done = call(main, *action, *given)
        check(done, program)
        assert sorted(os.listdir()) == before, (kind, given)


@pytest.mark.parametrize("program", [*TODAY, *(f"caffepy {action}" for action in ACTIONS)])
def test_flags_nobody_knows_help_and_nothing(call, monkeypatch, tmp_path, program):
    monkeypatch.chdir(tmp_path)
    main, action = main_of(program)
    unknown = call(main, *action, "--no_such_flag")
    check(unknown, program)
    assert "unknown command line flag 'no_such_flag'" in unknown.output
    shown = call(main, *action, "--help")
    assert shown.exit_code == 0 and "Usage" in shown.output
    bare = call(main, *action)
    if bare.exit_code:
        check(bare, program)
    assert not os.listdir()


@pytest.mark.parametrize("program", [name for name, words in CALLS.items()
                                     if "OUT" in words and "{missing}" not in words])
@pytest.mark.parametrize("target, said", [
    ("", "is empty. Perhaps a variable of the shell is not set"),
    ("no/such/out", "no folder"), ("p.png/out", ""), ("folder", "")])
def test_names_that_cannot_be_written(call, kinds, monkeypatch, program, target, said):
    if not target and program in ("deploy", "compute_image_mean"):
        return  # whose output may be left out
    monkeypatch.chdir(kinds)
    main, action = main_of(program)
    before = sorted(os.listdir())
    (kinds / "log").write_text("I1122 16:29:33.283150  7724 solver.cpp:239] Solving x\n")
    words = [target if word == "OUT" else word.format(log="log", **FILES)
             for word in CALLS[program]]
    done = call(main, *action, *words)
    os.remove("log")
    check(done, program)
    assert said in done.output
    assert sorted(os.listdir()) == before


@pytest.mark.skipif(os.name != "posix", reason="needs a POSIX shell")
@pytest.mark.parametrize("words", ["caffepy layers", "summarize net.prototxt",
                                   "deploy net.prototxt", "caffepy --help"])
def test_a_standard_output_that_is_closed(kinds, words):
    """Closed from the start, or by a program such as head that has read enough."""
    program, rest = words.split(" ", 1)
    program = str(Path(sys.executable).parent / program)
    environment = {**os.environ, "GLOG_logtostderr": "1", "GLOG_minloglevel": "1"}
    for shell, codes in ((f"{program} {rest} >&-", {0}),
                         (f"{{ {program} {rest}; echo code $? >&2; }} | true", {0})):
        done = subprocess.run(["sh", "-c", shell], cwd=kinds, capture_output=True, text=True,
                              timeout=60, env=environment)
        assert done.returncode in codes
        assert "rror" not in done.stderr and "Traceback" not in done.stderr


def test_names_of_old_are_all_tried():
    """They hand on to what is tested above."""
    old = {name for name, value in PROGRAMS.items() if value == "caffepy.cli.oldest:main"}
    assert old == {*oldest.OLDEST, *(f"{name}.bin" for name in oldest.BINS)}
