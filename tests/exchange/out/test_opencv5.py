"""What is exported runs in OpenCV 5, which no longer reads Caffe's own files."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from onnx_nets import filled, need_onnx, path_of

from caffepy.core.context import Context
from caffepy.core.net import Net
from caffepy.exchange import checking
from caffepy.exchange.files import Options
from caffepy.exchange.out.exporter import export
from caffepy.proto import caffe_pb2

pytestmark = pytest.mark.slow

RUN = """
import json, sys
import cv2, numpy as np
net = cv2.dnn.readNetFromONNX("net.onnx")
given = np.load("given.npz")
for name in given.files:
    net.setInput(given[name], name)
names = json.loads(sys.argv[1])
np.savez("found.npz", **dict(zip(names, net.forward(names))))
"""


@pytest.fixture(scope="module")
def opencv5(tmp_path_factory) -> Path:
    """A Python with OpenCV 5, in an environment of its own."""
    need_onnx()
    folder = tmp_path_factory.mktemp("opencv5")
    python = folder / "bin" / "python"
    for command in ([sys.executable, "-m", "venv", str(folder)],
                    [str(python), "-m", "pip", "install", "-q", "opencv-python-headless>=5,<6"]):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"no environment with OpenCV 5: {done.stderr.strip()[-200:]}")
    return python


@pytest.mark.parametrize("model", ["lenet/lenet.prototxt", "resnet50/deploy.prototxt",
                                   "mobilenet_ssd/deploy.prototxt"])
def test_model(opencv5, model, tmp_path):
    net = filled(Net(str(path_of(model)), caffe_pb2.TEST, context=Context(seed=1701)))
    blob = net.blobs[net.input_names[0]]
    blob.reshape(1, *blob.shape[1:])
    net.reshape()
    made = export(net, Options())
    (tmp_path / "net.onnx").write_bytes(made.model.SerializeToString())
    given = checking.feed(net)
    np.savez(tmp_path / "given.npz", **given)
    done = subprocess.run([str(opencv5), "-c", RUN, json.dumps(list(made.outputs))], cwd=tmp_path,
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    order = {top: node.layer.name for node in net.nodes for top in node.top_names}
    ours = checking.net_side(net, given)([(order[name], name) for name in made.outputs])
    with np.load(tmp_path / "found.npz") as found:
        for name, expected in zip(made.outputs, ours, strict=True):
            values = found[name].reshape(expected.shape)
            assert not checking.apart(expected, values).relative > 1e-4, name
