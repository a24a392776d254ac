"""Programs in the manner of well-known public ones run as they are, on small nets.

Each of programs/*.py does what a kind of programs does around pycaffe: region detectors, fully
convolutional nets, style transfer, dreams, classifiers behind web pages, merging of statistics.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

import caffepy

PROGRAMS = Path(__file__).parent / "programs"
HELPERS = {"roi_crops"}

DEPLOY = """
layer { name: "data" type: "Input" top: "data" input_param { shape { DATA } } }
layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
  convolution_param { num_output: 6 kernel_size: 3 weight_filler { type: "xavier" } } }
layer { name: "relu" type: "ReLU" bottom: "conv1" top: "conv1" }
layer { name: "pool" type: "Pooling" bottom: "conv1" top: "pool"
  pooling_param { pool: AVE global_pooling: true } }
layer { name: "ip" type: "InnerProduct" bottom: "pool" top: "ip"
  inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
layer { name: "prob" type: "Softmax" bottom: "ip" top: "prob" }
"""


@pytest.fixture
def folder(tmp_path):
    picture = np.random.default_rng(2).integers(0, 256, (15, 18, 3), np.uint8)
    cv2.imwrite(str(tmp_path / "cat.png"), cv2.GaussianBlur(picture, (5, 5), 0))
    caffepy.set_random_seed(7)
    return tmp_path


def net(folder, text, name, weights=None):
    """Write a prototxt, and its weights as they are drawn."""
    (folder / f"{name}.prototxt").write_text(text)
    if weights:
        made = caffepy.Net(folder / f"{name}.prototxt", caffepy.TEST)
        made.save(folder / f"{weights}.caffemodel")
        return made
    return None


def solver(folder, text):
    (folder / "solver.prototxt").write_text(text + " snapshot_after_train: false random_seed: 5")


def program(name, folder, *args, progress=""):
    """What it printed; on standard error there may be what ``display`` asks for, no more."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-W", "ignore::ResourceWarning",
         str(PROGRAMS / f"{name}.py"), *args], cwd=folder,
        capture_output=True, text=True, timeout=120, env={**os.environ, "OMP_NUM_THREADS": "1"})
    assert done.returncode == 0, done.stderr
    assert bool(done.stderr) == bool(progress) and progress in done.stderr
    return done.stdout


def test_every_program_has_its_test():
    ran = set(re.findall(r'program\("(\w+)"', Path(__file__).read_text()))
    assert ran == {path.stem for path in PROGRAMS.glob("*.py")} - HELPERS


def test_testing_a_region_detector(folder, monkeypatch):
    monkeypatch.syspath_prepend(PROGRAMS)
    net(folder, """
layer { name: "data" type: "Input" top: "data" top: "rois"
  input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } shape { dim: 1 dim: 5 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
  convolution_param { num_output: 4 kernel_size: 3 pad: 1 weight_filler { type: "xavier" } } }
layer { name: "crops" type: "Python" bottom: "conv" bottom: "rois" top: "crops"
  python_param { module: "roi_crops" layer: "Crops" param_str: "{'size': 7}" } }
layer { name: "score" type: "InnerProduct" bottom: "crops" top: "score"
  inner_product_param { num_output: 2 } }
layer { name: "cls_prob" type: "Softmax" bottom: "score" top: "cls_prob" }""", "test")
    caffepy.Net(folder / "test.prototxt", caffepy.TEST).save(folder / "final.caffemodel")
    assert program("region_test", folder) == "final test 5 cls_prob\n"


def test_training_a_region_detector(folder):
    net(folder, """
layer { name: "roi" type: "Python" top: "data" top: "labels"
  python_param { module: "roi_crops" layer: "RoIDataLayer" param_str: "{'num_classes': 2}" } }
layer { name: "score" type: "InnerProduct" bottom: "data" top: "score"
  inner_product_param { num_output: 2 weight_filler { type: "gaussian" std: 0.01 } } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "score" bottom: "labels" top: "loss" }""",
        "train")
    net(folder, """layer { name: "x" type: "Input" top: "x"
  input_param { shape { dim: 4 dim: 3 } } }
layer { name: "score" type: "InnerProduct" bottom: "x" top: "y"
  inner_product_param { num_output: 2 } }""", "start", "start")
    solver(folder, 'net: "train.prototxt" base_lr: 0.5 lr_policy: "fixed" display: 20 '
                   'snapshot: 0 snapshot_prefix: "small"')
    said = program("region_train", folder, progress="] Iteration 20 (")
    assert said.startswith("right 6") and (folder / "small_iter_50.caffemodel").exists()


def test_a_fully_convolutional_net(folder):
    dims = "shape { dim: 1 dim: 3 dim: 8 dim: 8 } shape { dim: 1 dim: 1 dim: 8 dim: 8 }"
    body = """
layer { name: "data" type: "DummyData" top: "data" top: "label" dummy_data_param { DIMS
  data_filler { type: "uniform" min: 0 max: 1 } data_filler { type: "constant" value: 1 } } }
layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1" convolution_param {
  num_output: 4 kernel_size: 2 stride: 2 weight_filler { type: "xavier" } } }
layer { name: "score_fr" type: "Convolution" bottom: "conv1" top: "score_fr"
  convolution_param { num_output: 2 kernel_size: 1 weight_filler { type: "xavier" } } }
layer { name: "upscore" type: "Deconvolution" bottom: "score_fr" top: "upscore"
  param { lr_mult: 0 }
  convolution_param { num_output: 2 kernel_size: 4 stride: 2 bias_term: false } }
layer { name: "score" type: "Crop" bottom: "upscore" bottom: "data" top: "score"
  crop_param { axis: 2 offset: 1 } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "score" bottom: "label" top: "loss"
  loss_param { ignore_label: 255 normalize: false } }""".replace("DIMS", dims)
    net(folder, body, "net")
    net(folder, """
layer { name: "data" type: "Input" top: "data"
  input_param { shape { dim: 1 dim: 3 dim: 2 dim: 2 } } }
layer { name: "conv1" type: "InnerProduct" bottom: "data" top: "conv1"
  inner_product_param { num_output: 4 weight_filler { type: "xavier" } } }
layer { name: "fc" type: "InnerProduct" bottom: "conv1" top: "fc"
  inner_product_param { num_output: 2 } }""", "base", "base")
    solver(folder, 'net: "net.prototxt" base_lr: 0.005 lr_policy: "fixed" test_iter: 1 '
                   "test_interval: 100000 test_initialization: false")
    said = program("fully_convolutional", folder).splitlines()
    assert said[0] == "coercing conv1 0 from (4, 12) to (4, 3, 2, 2)" and said[1] == "dropping fc"
    first, second = (float(line.split()[-1]) for line in said[2:4])
    assert second >= first and second > 0.9 and said[-1] == "(8, 8) 10"


def test_style_transfer(folder):
    net(folder, """force_backward: true
layer { name: "data" type: "Input" top: "data"
  input_param { shape { dim: 1 dim: 3 dim: 15 dim: 18 } } }
layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
  convolution_param { num_output: 4 kernel_size: 3 weight_filler { type: "xavier" } } }
layer { name: "relu1" type: "ReLU" bottom: "conv1" top: "conv1" }
layer { name: "conv2" type: "Convolution" bottom: "conv1" top: "conv2"
  convolution_param { num_output: 4 kernel_size: 3 weight_filler { type: "xavier" } } }
layer { name: "relu2" type: "ReLU" bottom: "conv2" top: "conv2" }""", "style", "style")
    assert "loss from" in program("style", folder)


def test_dreams(folder):
    net(folder, DEPLOY.replace("DATA", "dim: 1 dim: 3 dim: 8 dim: 8"), "deploy", "weights")
    assert program("dream", folder) == "stronger: True True\n"


def test_a_net_without_normalization(folder):
    conv = """layer { name: "data" type: "Input" top: "data"
  input_param { shape { dim: 2 dim: 3 dim: 8 dim: 8 } } }
layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
  convolution_param { num_output: 4 kernel_size: 3 BIAS weight_filler { type: "xavier" } } }"""
    norm = """layer { name: "conv1/bn" type: "BatchNorm" bottom: "conv1" top: "conv1" }
layer { name: "conv1/scale" type: "Scale" bottom: "conv1" top: "conv1"
  scale_param { bias_term: true filler { type: "uniform" min: 1 max: 2 }
  bias_filler { type: "uniform" } } }"""
    end = """layer { name: "fc" type: "InnerProduct" bottom: "conv1" top: "fc"
  inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
layer { name: "prob" type: "Softmax" bottom: "fc" top: "prob" }"""
    made = net(folder, conv.replace("BIAS", "bias_term: false") + norm + end, "bn", "bn")
    for blob, value in zip(made.params["conv1/bn"], (0.7, 2.5, 2), strict=True):
        blob.data[...] = np.linspace(value, value + 0.5, blob.count) if blob.count > 1 else value
    made.save(folder / "bn.caffemodel")
    net(folder, conv.replace("BIAS", "") + end, "no_bn")
    assert program("merge_bn", folder) == "merged 4 into 2\n"


def test_a_picture_from_memory(folder):
    pytest.importorskip("PIL")
    net(folder, DEPLOY.replace("DATA", "dim: 1 dim: 3 dim: 16 dim: 16"), "deploy", "weights")
    said = program("nsfw", folder, "cat.png", "--model_def", "deploy.prototxt",
                   "--pretrained_model", "weights.caffemodel")
    assert re.fullmatch(r"score: 0\.\d{4} of 3\n", said)


def test_a_classifier_behind_a_page(folder):
    net(folder, DEPLOY.replace("DATA", "dim: 10 dim: 3 dim: 9 dim: 9"), "deploy", "weights")
    np.save(folder / "mean.npy", np.full((3, 12, 12), 100.0))
    said = program("web_classifier", folder).splitlines()
    assert said[0] == said[1] and said[0].startswith("True ")
    assert said[2].startswith("(False, 'Cannot open image from URL.") and said[3] == "False"
    assert said[4] == "IOError File not found: nothing.png"


def test_databases(folder):
    net(folder, """
layer { name: "data" type: "Data" top: "data" top: "label" transform_param { scale: 0.0039 }
  data_param { source: "train_lmdb" backend: LMDB batch_size: 8 } }
layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
  inner_product_param { num_output: 2 weight_filler { type: "xavier" } } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }""", "train")
    solver(folder, 'net: "train.prototxt" base_lr: 0.01 lr_policy: "fixed" max_iter: 60')
    said = program("databases", folder).splitlines()
    assert said == ["iterations 60 loss < 1: True", "(3, 6, 6) b'PNG'"]


def test_parts_of_a_mobile_net(folder):
    net(folder, """
layer { name: "data" type: "Input" top: "data"
  input_param { shape { dim: 1 dim: 3 dim: 16 dim: 16 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
  convolution_param { num_output: 4 kernel_size: 3 stride: 2 pad: 1
  weight_filler { type: "msra" } } }
layer { name: "dw" type: "Convolution" bottom: "conv" top: "dw"
  convolution_param { num_output: 4 kernel_size: 3 pad: 1 group: 4 engine: CAFFE
  bias_term: false } }
layer { name: "detection_out" type: "Pooling" bottom: "dw" top: "detection_out"
  pooling_param { pool: MAX kernel_size: 4 stride: 4 } }""", "mobile", "mobile")
    said = program("ssd_parts", folder)
    assert "(1, 4, 12, 16) 1 [('conv', (4, 3, 3, 3)), ('dw', (4, 1, 3, 3))]" in said
