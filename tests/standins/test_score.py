"""FCN's measures, and its solve.py as it is."""

import subprocess
import sys

import cv2
import numpy as np
import pytest
from numpy.testing import assert_allclose

from caffepy.errors import DataError
from caffepy.standins import score

NET = """
layer { name: "data" type: "Python" top: "data" top: "label" python_param {
    module: "voc_layers" layer: "VOCSegDataLayer"
    param_str: "{\\'voc_dir\\': \\'voc\\', \\'seed\\': 1337, \\'split\\': \\'%s\\', "
               "\\'mean\\': (90, 90, 90)}" } }
layer { name: "small" type: "Convolution" bottom: "data" top: "small" param { lr_mult: 1 }
        convolution_param { num_output: 3 kernel_size: 2 stride: 2 bias_term: false
                            weight_filler { type: "gaussian" std: 0.01 } } }
layer { name: "upscore" type: "Deconvolution" bottom: "small" top: "upscore" param { lr_mult: 0 }
        convolution_param { num_output: 3 bias_term: false kernel_size: 4 stride: 2 } }
layer { name: "score" type: "Crop" bottom: "upscore" bottom: "data" top: "score"
        crop_param { axis: 2 offset: 1 } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "score" bottom: "label" top: "loss"
        loss_param { ignore_label: 255 normalize: false } }
"""
SOLVER = """
train_net: "train.prototxt" test_net: "val.prototxt" test_iter: 3 test_interval: 999999999
base_lr: 1e-8 lr_policy: "fixed" momentum: 0.9 max_iter: 100 test_initialization: false
random_seed: 1
"""
SOLVE = """
import caffe
import surgery, score

import numpy as np
import os, sys

solver = caffe.SGDSolver('solver.prototxt')

# surgeries
interp_layers = [k for k in solver.net.params.keys() if 'up' in k]
surgery.interp(solver.net, interp_layers)

# scoring
val = np.loadtxt('voc/ImageSets/Segmentation/val.txt', dtype=str)
for _ in range(2):
    solver.step(20)
    score.seg_tests(solver, sys.argv[1], val, layer='score')
"""


def test_a_table_of_what_is_said_for_what():
    truth, said = np.array([0, 0, 1, 2, 2, 255, 1.0]), np.array([0, 1, 1, 2, 0, 2, 1])
    assert score.fast_hist(truth, said, 3).tolist() == [[1, 1, 0], [0, 2, 0], [1, 0, 1]]


@pytest.fixture
def folder(tmp_path):
    """Pictures of red and green squares, their labels, nets and the script."""
    sets = tmp_path / "voc" / "ImageSets" / "Segmentation"
    for path in (sets, tmp_path / "voc" / "JPEGImages", tmp_path / "voc" / "SegmentationClass"):
        path.mkdir(parents=True)
    for i in range(3):
        picture, label = np.zeros((16, 24, 3), np.uint8), np.zeros((16, 24), np.uint8)
        for number, place in ((1, 2), (2, 12)):
            part = slice(2, 12), slice(place + 2 * i, place + 2 * i + 8)
            picture[(*part, 3 - number)], label[part] = 255, number
        label[0] = 255
        cv2.imwrite(str(tmp_path / "voc" / "JPEGImages" / f"n{i}.jpg"), picture)
        cv2.imwrite(str(tmp_path / "voc" / "SegmentationClass" / f"n{i}.png"), label)
    for split in ("train", "val"):
        (sets / f"{split}.txt").write_text("n0\nn1\nn2\n")
        (tmp_path / f"{split}.prototxt").write_text(NET % split)
    (tmp_path / "solver.prototxt").write_text(SOLVER)
    (tmp_path / "solve.py").write_text(SOLVE)
    return tmp_path


def test_solve_as_it_is(folder):
    done = subprocess.run([sys.executable, "-m", "caffepy.standins", "solve.py", "said_{}"],
                          cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    values = {}
    for line in done.stdout.splitlines():
        words = line.split()
        assert words[0] == ">>>"
        if words[3] == "Iteration":
            values[int(words[4]), " ".join(words[5:-1])] = float(words[-1])
    assert {name for number, name in values if number == 40} == {
        "loss", "overall accuracy", "mean accuracy", "mean IU", "fwavacc"}
    assert values[40, "loss"] < values[20, "loss"]
    assert 0.9 < values[40, "overall accuracy"] < 1
    # the figures, from what was written
    table = np.zeros((3, 3))
    for i in range(3):
        said = cv2.imread(str(folder / "said_40" / f"n{i}.png"), cv2.IMREAD_UNCHANGED)
        truth = cv2.imread(str(folder / "voc" / "SegmentationClass" / f"n{i}.png"), 0)
        for a, b in np.ndindex(3, 3):
            table[a, b] += ((truth == a) & (said == b)).sum()
    right = np.diag(table)
    union = right / (table.sum(0) + table.sum(1) - right)
    assert values[40, "overall accuracy"] == pytest.approx(right.sum() / table.sum())
    assert values[40, "mean accuracy"] == pytest.approx((right / table.sum(1)).mean())
    assert values[40, "mean IU"] == pytest.approx(union.mean())
    assert values[40, "fwavacc"] == pytest.approx((union * table.sum(1)).sum() / table.sum())


class Blob:
    def __init__(self, data):
        self.data = np.asarray(data, float)


class Said:
    """A net whose answers are the same in each pass."""

    blobs = {"score": Blob([[[[0, 0, 9]], [[1, 0, 0]], [[0, 1, 0]], [[0, 0, 0]]]]),
             "label": Blob([[[[1, 1, 0]]]]), "loss": Blob(2.5)}

    def forward(self):
        pass


def test_classes_that_do_not_occur(capsys):
    table = score.do_seg_tests(Said(), 7, False, ["a", "b"])
    assert table.tolist() == [[2, 0, 0, 0], [0, 2, 2, 0], [0, 0, 0, 0], [0, 0, 0, 0]]
    lines = [line.split("Iteration 7 ")[1] for line in capsys.readouterr().out.splitlines()]
    assert_allclose([float(line.split()[-1]) for line in lines],
                    [2.5, 4 / 6, 0.75, 0.5, (1 / 3 + 2 / 3 * 0.5)])


def test_pictures_that_cannot_be_written(tmp_path):
    with pytest.raises(DataError, match="cannot be written"):
        score.compute_hist(Said(), str(tmp_path / "said"), ["no/where"])
