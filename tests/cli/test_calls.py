"""Good and bad calls: what the recorded calls of the original become here.

Where the original aborted there is one line on standard error and exit code 1; the words that
say what is wrong are kept. Each bad call is made by a process of its own or in this one, and
none may show a traceback.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from cli.nets import write_net, write_solver


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a net and a solver that work."""
    monkeypatch.chdir(tmp_path)
    write_net(tmp_path)
    write_solver(tmp_path)
    return tmp_path


BAD_FILES = {
    "broken_net.prototxt": 'name: "x"\nlayer {\n: oops }\n',
    "broken_solver.prototxt": 'net: "net.prototxt" lr_policy: "fixed" base_lr: oops\n',
    "unknown_field.prototxt": 'net: "net.prototxt" unknown_field: 1\n',
    "unknown_layer.prototxt": 'layer { name: "a" type: "Bogus" top: "x" }\n',
    "unknown_bottom.prototxt":
        'layer { name: "q" type: "ReLU" bottom: "nope" top: "y" }\n',
    "deploy.prototxt":
        'name: "n" layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 2 } } } '
        'layer { name: "s" type: "Scale" bottom: "x" top: "s" scale_param { axis: 0 } }\n',
    "no_parameters.prototxt":
        'name: "n" layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 2 } } } '
        'layer { name: "e" type: "EuclideanLoss" bottom: "x" bottom: "x" top: "e" }\n',
    "no_layers.prototxt": 'name: "n"\n',
    "no_type.prototxt": 'layer { name: "a" top: "x" }\n',
    "huge.prototxt":
        'layer { name: "a" type: "DummyData" top: "x" '
        'dummy_data_param { shape { dim: 1000000 dim: 1000000 } } }\n',
    "negative.prototxt":
        'layer { name: "a" type: "DummyData" top: "x" dummy_data_param { shape { dim: -1 } } }\n',
    "binary": "\x08\x05\x12\x04name",
}
SOLVERS = {
    "missing_net": 'lr_policy: "fixed" net: "missing.prototxt"',
    "broken_net_solver": 'lr_policy: "fixed" net: "broken_net.prototxt"',
    "unknown_layer_solver": 'lr_policy: "fixed" net: "unknown_layer.prototxt"',
    "bad_type": 'lr_policy: "fixed" net: "net.prototxt" type: "Bogus"',
    "bad_policy": 'net: "net.prototxt" lr_policy: "bogus"',
    "deploy_net": 'lr_policy: "fixed" net: "deploy.prototxt"',
    "no_parameters": 'lr_policy: "fixed" net: "no_parameters.prototxt"',
    "no_layers": 'lr_policy: "fixed" net: "no_layers.prototxt"',
    "rmsprop": 'net: "net.prototxt" lr_policy: "fixed" type: "RMSProp" momentum: 0.9',
    "gpu": 'net: "net.prototxt" lr_policy: "fixed" solver_mode: GPU',
}

BAD_CALLS = [
    ("bogus", r"Unknown action: bogus \(allowed: .*device_query, .*layers, .*test, "
     "test_detection, time, train,"),
    ("tset", r"Unknown action: tset .*Did you mean test\?"),
    ("train test", "takes flags only .found 'test'"),
    ("train -bogus=1", "unknown command line flag 'bogus'"),
    ("train", "Need a solver definition to train"),
    ("train -solver=nowhere.prototxt", "File not found: nowhere.prototxt"),
    ("train -solver=.", "this is a folder"),
    ("train -solver=binary", "'solver' wants a prototxt .found solverstate.*-snapshot"),
    ("train -solver=broken_solver.prototxt", r"broken_solver\.prototxt:1:.*oops"),
    ("train -solver=unknown_field.prototxt", r"unknown_field\.prototxt:1:.*unknown_field"),
    ("train -solver=missing_net", "File not found: missing.prototxt"),
    ("train -solver=broken_net_solver", r"broken_net\.prototxt:3:1"),
    ("train -solver=unknown_layer_solver", "Bogus"),
    ("train -solver=bad_type", "Bogus.*SGD"),
    ("train -solver=bad_policy", "bogus.*fixed"),
    ("train -solver=rmsprop", r"rmsprop:1: Momentum .*RMSProp \(found momentum: 0.9\). Take"),
    ("train -solver=deploy_net", "deploy_net: the net 'n' has nothing to learn: it has no loss"),
    ("train -solver=no_parameters", "nothing to learn: none of its layers .*found layers x, "),
    ("train -solver=no_layers", "nothing to learn: none of its layers .*found no layers"),
    ("time -model=no_type.prototxt", r"no_type.prototxt:1, layer 'a': the layer has no type"),
    ("time -model=huge.prototxt", r"huge.prototxt:1, layer 'a' .DummyData.: not enough memory"),
    ("time -model=negative.prototxt", r"layer 'a' .DummyData.: a blob's axes are not negative"),
    ("train -solver=gpu", r"^caffepy: error: gpu:1: solver_mode is GPU, and none can be used: .*"
     r"write solver_mode: CPU, or leave it out\. For a GPU: .*(I|pip i)nstall"),
    ("train -solver=solver.prototxt -gpu=0", r"cannot use -gpu 0: .*(I|pip i)nstall"),
    ("train -solver=solver.prototxt -gpu=all", r"cannot use -gpu all: .*(I|pip i)nstall"),
    ("train -solver=solver.prototxt -gpu=abc", "illegal value 'abc' specified for flag 'gpu'"),
    ("train -solver=solver.prototxt -sigint_effect=foo", "illegal value 'foo'.*'sigint_effect'"),
    ("train -solver=solver.prototxt -snapshot=a -weights=b",
     "Give a snapshot to resume training or weights to finetune but not both"),
    ("train -solver=solver.prototxt -snapshot=no.solverstate", "not found: no.solverstate"),
    ("train -solver=solver.prototxt -weights=no.caffemodel", "not found: no.caffemodel"),
    ("train -solver=solver.prototxt -weights=binary", "is a .solverstate: give it as -snapshot"),
    ("test", "Need a model definition to score"),
    ("test -model=net.prototxt", "Need model weights to score"),
    ("test -model=net.prototxt -weights=no.caffemodel", "not found: no.caffemodel"),
    ("time", "Need a model definition to time"),
    ("time -model=nowhere.prototxt", "File not found: nowhere.prototxt"),
    ("time -model=net.prototxt -iterations=abc",
     "illegal value 'abc' specified for int32 flag 'iterations'"),
    ("time -model=net.prototxt -iterations=0", "illegal value '0' .*'iterations'.*1 and more"),
    ("time -model=net.prototxt -phase=FOO", 'phase must be "TRAIN" or "TEST" .found FOO'),
    ("time -model=broken_net.prototxt", r"broken_net\.prototxt:3:1"),
    ("time -model=unknown_layer.prototxt", "Bogus"),
    ("time -model=unknown_bottom.prototxt", "Unknown bottom blob 'nope' .layer 'q', "),
    ("device_query -gpu=0", r"cannot use -gpu 0: .*(I|pip i)nstall"),
]


@pytest.mark.parametrize(("arguments", "text"), BAD_CALLS)
def test_bad_calls(
    call, folder: Path, monkeypatch: pytest.MonkeyPatch, arguments: str, text: str
) -> None:
    monkeypatch.setattr("caffepy.kernels.cuda.libraries.driver_version", lambda: None)
    for name, words in BAD_FILES.items():
        (folder / name).write_text(words)
    for name, words in SOLVERS.items():
        (folder / name).write_text(words)
    done = call(*arguments.split())
    assert done.exit_code == 1
    errors = done.stderr[done.stderr.index("caffepy: error: "):]
    assert re.search(text, " ".join(errors.split()))
    assert "bug" not in done.stderr and "Traceback" not in done.stderr
    assert not list(folder.glob("*.caffemodel"))


@pytest.mark.parametrize(("arguments", "code", "first"), [
    ((), 0, "Usage: caffepy ACTION"),
    (("--help",), 0, "Usage: caffepy ACTION"),
    (("-helpshort",), 0, "Usage: caffepy ACTION"),
    (("--version",), 0, "caffepy version"),
    (("-solver", "x"), 0, "Usage: caffepy ACTION"),
])
def test_calls_that_only_print(shell, arguments: tuple[str, ...], code: int, first: str) -> None:
    done = shell(*arguments)
    assert done.returncode == code
    assert done.stdout.startswith(first)
    assert done.stderr == ""


def test_a_bad_call_in_its_own_process(shell) -> None:
    done = shell("train", "--solver=nowhere.prototxt")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "caffepy: error: flag 'solver': File not found: nowhere.prototxt\n"
    assert "Traceback" in shell("-v", "train", "--solver=nowhere.prototxt").stderr
    assert "Traceback" in shell("train", "-solver", "nowhere", CAFFEPY_TRACEBACK="1").stderr
