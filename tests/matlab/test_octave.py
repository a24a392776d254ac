"""matcaffe's words in Octave: the sessions beside this file."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from caffepy.matlab import FOLDER

LENET = Path(__file__).parents[2] / "models" / "lenet" / "lenet_train_test.prototxt"
MNIST = Path(__file__).parents[2] / "data" / "mnist"


@pytest.mark.parametrize("session", ["net", "solver", "low_level", "life", "net_surgery",
                                     "seed", "bridge"])
def test_session(octave, session):
    octave(session)


def test_mistakes_are_errors_and_prints_go_to_standard_error(octave):
    done = octave("mistakes")
    assert "printed by forward" in done.stderr
    assert "printed" not in done.stdout
    assert "Traceback" not in done.stderr


def test_pictures(octave, folder):
    rgb = np.arange(1, 4 * 6 * 3 + 1, dtype=np.uint8).reshape(3, 6, 4).transpose(2, 1, 0)
    cv2.imwrite(str(folder / "colours.png"), rgb[:, :, ::-1])
    cv2.imwrite(str(folder / "gray.png"), rgb[:, :, 0])
    octave("pictures")


DEPLOY = """
layer { name: "data" type: "Input" top: "data"
        input_param { shape { dim: 10 dim: 3 dim: 6 dim: 6 } } }
layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc"
        inner_product_param { num_output: 5 weight_filler { type: "gaussian" std: 0.01 } } }
layer { name: "prob" type: "Softmax" bottom: "fc" top: "prob" }
"""


def test_classification_demo(octave, folder):
    import caffepy as caffe
    from caffepy.services import means

    (folder / "model").mkdir()
    (folder / "model" / "deploy.prototxt").write_text(DEPLOY)
    caffe.Net(str(folder / "model" / "deploy.prototxt"), caffe.TEST).save(
        folder / "model" / "some.caffemodel")
    means.write(str(folder / "mean.binaryproto"),
                np.arange(3 * 8 * 8, dtype=np.float32).reshape(3, 8, 8))
    octave("demo", WORDS=str(FOLDER))


SOLVER = """
net: "{net}" test_iter: 1 test_interval: 1000 test_initialization: false
base_lr: 0.01 momentum: 0.9 weight_decay: 0.0005 lr_policy: "inv" gamma: 0.0001 power: 0.75
max_iter: 200 snapshot: 200 snapshot_prefix: "lenet" random_seed: 7
"""


def test_lenet_trains_to_python_s_losses(octave, folder, monkeypatch):
    import caffepy as caffe

    if not (MNIST / "mnist_train_lmdb").exists():
        pytest.skip("no databases in data/mnist: scripts/create_mnist.sh makes them")
    monkeypatch.chdir(folder)
    net = LENET.read_text().replace("data/mnist", str(MNIST))
    (folder / "lenet.prototxt").write_text(net)
    (folder / "lenet_solver.prototxt").write_text(SOLVER.format(net="lenet.prototxt"))
    octave("training")
    solver = caffe.get_solver("lenet_solver.prototxt")
    losses = []
    for _ in range(200):
        solver.step(1)
        losses.append(float(solver.net.blobs["loss"].data))
    solver.close()
    assert losses[0] > 2 > 0.5 > losses[-1]
    np.testing.assert_allclose(np.loadtxt("losses.txt"), losses, rtol=1e-6)
