"""What finds rates and batches, on a device."""

import base64

import numpy as np
import pytest
from cli.nets import write_net, write_solver

from caffepy.services import batch_step, batch_trial, devices, find_lr, trial


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch, gpu):
    monkeypatch.chdir(tmp_path)
    write_net(tmp_path)
    write_solver(tmp_path)


def test_a_range_test_measures_what_it_measures_on_the_cpu():
    losses = []
    for numbers in ([], [0]):
        param = trial.solver("solver.prototxt", 15)
        found = find_lr.find(param, "solver.prototxt", devices.context(numbers, 1), 1e-3, 0.1)
        losses.append(found.losses)
    np.testing.assert_allclose(*losses, rtol=1e-4)


def test_a_batch_is_tried():
    param = trial.solver("solver.prototxt", 100, tests=True)
    net = batch_trial.net_of(param)
    net = type(net).FromString(net.SerializeToString())
    batch_step.set_batch(net, 6)
    packed = [base64.b64encode(one.SerializeToString()).decode() for one in (param, net)]
    found = batch_step.answer({"param": packed[0], "net": packed[1], "path": "solver.prototxt",
                               "gpu": 0, "precision": None, "plugins": []})
    assert found["batch"] == found["items"] == 6
    assert 0 < found["blobs"] <= found["peak"] and found["seconds"] > 0
