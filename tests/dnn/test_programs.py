"""Programs in the manner of those that everybody knows run unchanged: through caffepy they print
what they print through OpenCV's own importer, where this OpenCV has one."""

import os
import runpy
import subprocess
import sys

import cv2
import dnn_nets
import numpy as np
import pages
import pytest

import caffepy

PROGRAMS = ["faces", "objects", "colours", "ages", "pose", "tracker"]
HAS_IMPORTER = hasattr(cv2.dnn, "readNetFromCaffe")


@pytest.fixture
def calls(made, tmp_path, picture):
    """The arguments of each program."""
    paths = []
    for number, image in enumerate((picture, picture[::-1, 20:])):
        paths.append(str(tmp_path / f"picture{number}.png"))
        cv2.imwrite(paths[-1], cv2.GaussianBlur(image, (9, 9), 0))
    points = str(tmp_path / "pts.npy")
    np.save(points, np.random.default_rng(2).integers(-90, 90, (13, 2)))
    objects = made(dnn_nets.detector(48, 6), "objects")
    return {
        "faces": [*made(dnn_nets.detector(64, 2), "faces", 0.02), paths[0], "64"],
        "objects": ["-i", paths[0], "-p", objects[0], "-m", objects[1]],
        "colours": [*made(dnn_nets.COLOURS, "colours", 0.02), points, paths[0], "16"],
        "ages": [*made(dnn_nets.ages(8), "age", 0.05), *made(dnn_nets.ages(2), "gender", 0.05),
                 paths[0]],
        "pose": [*made(dnn_nets.POSE, "pose"), paths[0]],
        "tracker": [*made(dnn_nets.TRACKER, "tracker", 0.02), *paths],
    }


@pytest.fixture
def printed(calls, programs, monkeypatch, capsys):
    """What a program prints in this process."""

    def run(name):
        monkeypatch.setattr(sys, "argv", [str(programs / f"{name}.py"), *calls[name]])
        capsys.readouterr()
        runpy.run_path(sys.argv[0], run_name="__main__")
        return capsys.readouterr().out

    return run


@pytest.mark.skipif(not HAS_IMPORTER, reason="this OpenCV has no readNetFromCaffe to compare with")
@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_print_what_they_print_through_opencv(name, printed, request):
    theirs = printed(name)
    request.getfixturevalue("installed")
    assert printed(name) == theirs != ""


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_run_whatever_opencv_is_there(name, installed, printed):
    out = printed(name)
    sys.stdout.write(out)
    assert out


def test_a_program_runs_unchanged_from_the_shell(calls, programs, tmp_path, printed, installed):
    wanted = printed("tracker")
    done = subprocess.run(
        [sys.executable, "-m", "caffepy.dnn", str(programs / "tracker.py"), *calls["tracker"]],
        env=pages.environment(tmp_path / "bin"), text=True, capture_output=True, check=False)
    assert done.returncode == 0 and done.stdout == wanted, done.stderr


def test_the_shell_says_what_is_missing(tmp_path):
    for words, message in (([], "usage: python -m caffepy.dnn PROGRAM"),
                           (["nobody.py"], "there is no program nobody.py")):
        done = subprocess.run([sys.executable, "-m", "caffepy.dnn", *words], text=True,
                              capture_output=True, check=False, env={**os.environ})
        assert done.returncode == 1 and message in done.stderr


def test_colours_are_those_of_the_formula(calls, installed, printed):
    """The program's own weights, put into pycaffe's Net, give the same chroma."""
    prototxt, weights, points, picture, size = calls["colours"]
    net = caffepy.Net(prototxt, weights, caffepy.TEST)
    net.params["class8_ab"][0].data[...] = np.load(points).T.reshape(2, 13, 1, 1)
    net.params["class8_ab"][1].data[...] = 0
    net.params["conv8_313_rh"][0].data[...] = 2.606
    image = cv2.imread(picture)
    lab = cv2.cvtColor(image.astype("float32") / 255.0, cv2.COLOR_BGR2LAB)
    net.blobs["data_l"].data[...] = cv2.resize(lab, (int(size),) * 2)[:, :, 0] - 50
    ab = net.forward()["class8_ab"][0].transpose(1, 2, 0)
    mean = cv2.resize(ab, image.shape[1::-1]).mean((0, 1))
    assert np.allclose(np.array(printed("colours").split()[:2], float), mean, atol=0.011)


def test_install_leaves_an_opencv_that_reads_caffe_alone(monkeypatch):
    from caffepy import dnn

    reader = object()
    monkeypatch.setattr(cv2.dnn, "readNetFromCaffe", reader, raising=False)
    dnn.install()
    assert cv2.dnn.readNetFromCaffe is reader


def test_readnet_takes_bytes_too(calls, installed):
    prototxt, weights = calls["tracker"][:2]
    whole = cv2.dnn.readNet(weights, prototxt)
    given = [np.fromfile(path, np.uint8) for path in (weights, prototxt)]
    for net in (cv2.dnn.readNet("caffe", *given), cv2.dnn.readNet(weights, prototxt, "Caffe")):
        assert net.getLayerNames() == whole.getLayerNames()
    model = cv2.dnn_ClassificationModel(whole)
    assert model.net is whole


def test_install_keeps_opencv_s_models_for_other_files(installed, tmp_path):
    with pytest.raises(cv2.error):
        cv2.dnn.readNet(str(tmp_path / "net.onnx"))
    with pytest.raises((cv2.error, SystemError)):  # OpenCV's own, of 4.14
        cv2.dnn_DetectionModel(str(tmp_path / "net.onnx"))
    assert cv2.dnn.ClassificationModel is cv2.dnn_ClassificationModel
