"""The session's verbs, asked as Octave and MATLAB ask."""

from __future__ import annotations

import os
import re
from pathlib import Path

import numpy as np
import pytest

from caffepy import matlab
from caffepy.matlab import frames, verbs
from caffepy.matlab.frames import Handles
from caffepy.matlab.session import Session

# those of the original's caffe_.cpp
ORIGINAL = """
get_solver delete_solver solver_get_attr solver_get_iter solver_restore solver_solve solver_step
get_net delete_net net_get_attr net_forward net_backward net_copy_from net_reshape net_save
layer_get_attr layer_get_type blob_get_shape blob_reshape blob_get_data blob_set_data blob_get_diff
blob_set_diff set_mode_cpu set_mode_gpu set_device get_init_key reset read_mean write_mean version
""".split()


@pytest.fixture
def ask(folder: Path, monkeypatch):
    """Asks a session of the test's own; gives the value, or an error's identifier and message."""
    monkeypatch.chdir(folder)
    session = Session()

    def call(*values):
        reply = session.answer(b"".join(frames.packed([str(folder), *values]))[8:])
        return tuple(reply) if reply[0] else (reply[1] if len(reply) > 1 else None)

    return call


def one(handles: Handles, i: int = 0) -> Handles:
    return Handles(handles.key, handles.numbers[i : i + 1])


def test_every_verb_of_the_original_is_known():
    assert set(ORIGINAL) <= set(verbs.known())


def test_every_verb_that_the_m_files_use_is_known():
    used = {name for path in matlab.FOLDER.rglob("*.m")
            for name in re.findall(r"caffe_\('(\w+)'[,)]", path.read_text())}
    assert len(used) > 25
    assert used <= set(verbs.known())


def test_handles_are_of_one_session(ask):
    net = ask("get_net", "small.prototxt", "test")
    attributes = ask("net_get_attr", net)
    assert str(ask("net_get_attr", net)) == str(attributes)
    blob = one(attributes["hBlob_blobs"])
    assert ask("blob_get_shape", blob).ravel().tolist() == [5, 4, 3, 2]
    for wrong, words in (
            (Handles(net.key + 1, net.numbers), "Blob is not there any more"),
            (Handles(net.key, (99,)), "Blob is not there any more"),
            (net, r"a Blob is wanted \(found net 'small'\)"),
            (attributes["hBlob_blobs"], "one Blob is wanted"), ("text", "blob must be a handle")):
        assert re.search(words, ask("blob_get_shape", wrong)[1])
    ask("delete_net", net)
    assert ask("blob_get_shape", blob)[0] == "caffe:NotFound"
    assert ask("held") == []


def test_a_solver_s_nets_stay_as_long_as_somebody_has_them(ask):
    solver = ask("get_solver", "solver.prototxt")
    nets = ask("solver_get_attr", solver)
    assert ask("solver_get_attr", solver) == nets   # given out twice
    assert len(ask("held")) == 3
    ask("delete_solver", solver)
    assert ask("solver_step", solver, 1.0)[0] == "caffe:NotFound"
    ask("delete_net", nets["hNet_net"])
    assert ask("net_forward", nets["hNet_net"]) is None
    ask("delete_net", nets["hNet_net"])
    assert ask("net_forward", nets["hNet_net"])[0] == "caffe:NotFound"
    assert ask("net_forward", nets["hNet_test_nets"]) is None
    ask("reset")
    assert ask("held") == [] and ask("net_forward", nets["hNet_test_nets"])[0] == "caffe:NotFound"


def test_blobs_keep_their_bytes(ask):
    attributes = ask("net_get_attr", ask("get_net", "small.prototxt", "test"))
    blob = one(attributes["hBlob_blobs"])
    values = np.random.default_rng(0).random((2, 3, 4, 5)).astype(np.float32)
    for verb in ("data", "diff"):
        ask(f"blob_set_{verb}", blob, values)
        assert (ask(f"blob_get_{verb}", blob) == values).all()
        assert ask(f"blob_set_{verb}", blob, values[0])[0] == "caffe:ShapeError"
    ask("blob_reshape", blob, np.array([[5.0], [4], [3], [1]]))
    ask("blob_set_data", blob, values[0])           # MATLAB drops a last axis of one
    assert (ask("blob_get_data", blob) == values[:1]).all()


def test_paths_start_from_the_folder_given(folder, monkeypatch):
    monkeypatch.chdir(folder)
    (folder / "below").mkdir()
    session = Session()

    def call(*values):
        return session.answer(b"".join(frames.packed(values))[8:])

    assert call(str(folder / "below"), "get_net", "../small.prototxt", "test")[0] == ""
    assert os.getcwd() == str(folder / "below")
    assert call(str(folder), "get_net", "small.prototxt", "test")[0] == ""
    identifier, message = call(str(folder / "gone"), "version")
    assert identifier == "caffe:NotFound" and "gone" in message


def test_faults_are_errors_with_their_place(ask, monkeypatch):
    monkeypatch.setattr("caffepy.mode.set_mode_cpu", lambda: 1 / 0)
    identifier, message = ask("set_mode_cpu")
    assert identifier == "caffe:ZeroDivisionError"
    assert re.fullmatch(r"ZeroDivisionError: division by zero \(test_session.py:\d+\)", message)
    assert ask("version") == "1.0.0"


def test_what_matlab_calls(folder, monkeypatch):
    monkeypatch.chdir(folder)
    monkeypatch.setattr(matlab, "_session", None)

    def call(*values):
        return frames.unpacked(matlab.answer(b"".join(frames.packed([str(folder), *values])))[8:])

    status, net = call("get_net", "small.prototxt", "test")
    assert status == "" and call("net_forward", net) == [""]
    assert call("net_forward", 3.0)[0] == "caffe:ConfigError"
