"""Whatever layer type it is: passes that run from recordings give what the layers give.

Runs on the fake device, or with CAFFEPY_TEST_GPU=1 on a real one.
"""

import numpy as np
import pytest
from support import REFERENCE, SEED, case_names, same

from caffepy.core import recorder
from caffepy.core.context import Context
from caffepy.core.net import Net
from caffepy.proto import caffe_pb2, text

PASSES = recorder.WARM_UP + 3


def passes(name, device, precision=None):
    """All numbers of a recorded case's net after some passes, each with inputs of its own."""
    with np.load(REFERENCE / "layers" / f"{name}.npz") as file:
        case = dict(file)
    spec = caffe_pb2.NetParameter()
    text.parse(str(case.pop("prototxt")), spec)
    net = Net(spec, int(case.pop("phase")), context=Context(
        device, seed=SEED, precision=precision))
    for count in range(PASSES):
        for key, value in case.items():
            kind, owner, *index = key.split("/")
            if kind == "bottom":
                net.blobs[owner].data[...] = np.roll(value, count, 0) if value.ndim else value
            elif kind == "param":
                net.params[owner][int(index[0])].data[...] = value * (1 + count / 8)
        net.forward()
        if any("_diff" in key for key in case):
            for key, value in case.items():
                if key.startswith("top_diff/") and count == 0:
                    net.blobs[key.split("/")[1]].diff[...] = value
            if count % 2:  # else these gradients are added to the last
                net.clear_param_diffs()
            net.backward()
    found = {}
    for owner, blob in net.blobs.items():
        found[owner] = blob.data.copy()
        found[f"{owner} diff"] = blob.diff.copy()
    for owner, blobs in net.params.items():
        for index, blob in enumerate(blobs):
            found[f"{owner}/{index}"] = blob.data.copy()
            found[f"{owner}/{index} diff"] = blob.diff.copy()
    recorded = any(isinstance(item, recorder.Graph)
                   for each in (net.executor._forward, net.executor._backward)
                   for recording in each.recordings.values() for item in recording)
    net.close()
    return found, recorded, all(layer.recordable for layer in net.layers)


@pytest.mark.parametrize("name", case_names())
def test_replayed_passes(name, gpu, monkeypatch):
    found, recorded, recordable = passes(name, gpu)
    assert recorded or not recordable
    monkeypatch.setenv("CAFFEPY_GRAPHS", "0")
    expected, never, _ = passes(name, gpu)
    assert not never
    for key, value in expected.items():
        same(found[key], value, what=key)
