"""detect through its installed command: the Detector's scores, in the original's tables."""

import csv
import pickle

import cv2
import h5py
import numpy as np
import pytest
from numpy.testing import assert_allclose

from caffepy import Detector, Net
from caffepy.net_spec import NetSpec
from caffepy.net_spec import layers as L
from caffepy.tools.detect import main

RNG = np.random.default_rng(1701)
WINDOWS = [("b ä.jpg", (0, 0, 8, 8)), ("a.jpg", (2, 3, 10, 12)), ("b ä.jpg", (1, 2, 11, 9))]
ROWS = [WINDOWS[0], WINDOWS[2], WINDOWS[1]]  # each picture's together
CLASSES = 5


@pytest.fixture
def model(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    n = NetSpec()
    n.data = L.Input(shape=dict(dim=[2, 3, 8, 8]))
    n.fc = L.InnerProduct(n.data, num_output=CLASSES,
                          weight_filler=dict(type="gaussian", std=0.01))
    (tmp_path / "deploy.prototxt").write_text(str(n.to_proto()))
    Net("deploy.prototxt", 1).save("w.caffemodel")
    for name in ("a.jpg", "b ä.jpg"):
        data = cv2.imencode(".jpg", RNG.integers(0, 256, (12, 14, 3), np.uint8))[1]
        (tmp_path / name).write_bytes(data.tobytes())
    write_windows(tmp_path / "w.csv", WINDOWS)
    return "--model_def=deploy.prototxt", "--pretrained_model=w.caffemodel", "--context_pad=2"


def write_windows(path, windows, columns="filename,ymin,xmin,ymax,xmax"):
    rows = [f"{name},{','.join(map(str, window))}" for name, window in windows]
    path.write_text("\n".join([columns, *rows]) + "\n", encoding="utf-8")


def expected(mean=(104, 117, 123), context_pad=2):
    net = Detector("deploy.prototxt", "w.caffemodel", mean=np.array(mean), raw_scale=255,
                   channel_swap=(2, 1, 0), context_pad=context_pad)
    return np.stack([net.detect_windows([(name, [window])])[0]["prediction"]
                     for name, window in ROWS])


def test_the_installed_command_writes_the_originals_table(model, shell, tmp_path):
    done = shell("detect", *model, "--mean_value=104,117,123", "--top=1", "w.csv", "out.csv")
    assert done.returncode == 0, done.stderr
    with open("out.csv", encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["filename", "ymin", "xmin", "ymax", "xmax",
                      *(f"class{i}" for i in range(CLASSES))]
    assert [(row[0], tuple(map(int, row[1:5]))) for row in rows] == ROWS
    scores = expected()
    assert_allclose(np.array([row[5:] for row in rows], float), scores, rtol=1e-4, atol=1e-4)
    best = [scores[:2].max(1).argmax(), 2]
    lines = done.stdout.splitlines()
    assert lines[0] == "---------- Detections in b ä.jpg ----------" and len(lines) == 4
    for line, row in zip((lines[1], lines[3]), best, strict=True):
        corners = "ymin={} xmin={} ymax={} xmax={}".format(*ROWS[row][1])
        assert line == f"{scores[row].max():.4f} - {scores[row].argmax()} at {corners}"


def test_hdf5_as_arrays_and_as_pandas_has_them(model, call):
    """The second was written out once by pandas 3.1 with the same columns; it reads ours."""
    mean = RNG.uniform(80, 140, (3, 4, 4))
    np.save("mean.npy", mean)
    done = call(main, *model[:2], "--mean_file=mean.npy", "--context_pad=0", "-top=0", "w.csv",
                "out.h5")
    assert done.exit_code == 0, done.output
    scores = expected(mean.mean((1, 2)), 0)
    with h5py.File("out.h5") as file:
        assert [name.decode() for name in file["filename"]] == [name for name, _ in ROWS]
        assert file["window"][:].tolist() == [list(window) for _, window in ROWS]
        assert_allclose(file["prediction"][:], scores, rtol=1e-4, atol=1e-4)
        frame = file["df"]
        assert frame.attrs["pandas_type"] == b"frame" and frame.attrs["nblocks"] == 2
        assert frame["axis0"][:].tolist() == [b"prediction", b"ymin", b"xmin", b"ymax", b"xmax"]
        assert frame["axis1"][0].decode() == "b ä.jpg" and frame["axis1"].attrs["name"] == \
            b"filename"
        assert frame["axis0"].attrs["name"] == b"N."
        assert frame["block1_values"][:].tolist() == [list(window) for _, window in ROWS]
        cells = pickle.loads(frame["block0_values"][0].tobytes())
        assert cells.shape == (3, 1)
        assert_allclose(cells[2, 0], scores[2], rtol=1e-4, atol=1e-4)


def test_columns_in_any_order_and_numbers_with_a_point(model, call, tmp_path):
    (tmp_path / "w.csv").write_text("xmax,ymin,id,filename,xmin,ymax\n12.0,2,7,a.jpg,3,10\n")
    done = call(main, *model, "--mean_value=104,117,123", "--crop_mode=list", "w.csv", "out.csv")
    assert done.exit_code == 0, done.output
    row = (tmp_path / "out.csv").read_text().splitlines()[1].split(",")
    assert row[:5] == ["a.jpg", "2", "3", "10", "12"]
    assert_allclose(np.array(row[5:], float), expected()[2], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("text, said", [
    ("filename,ymin,xmin,ymax\na.jpg,1,2,3\n", "w.csv:1: the first line lacks xmax"),
    ("", "lacks filename, ymin, xmin, ymax, xmax (found an empty file"),
    ("filename,ymin,xmin,ymax,xmax\n", "there is no window"),
    ("filename,ymin,xmin,ymax,xmax\na.jpg,1,x,3,4\n", "w.csv:2: a window is four numbers"),
    ("filename,ymin,xmin,ymax,xmax\na.jpg,1,2\n", "w.csv:2: a window is four numbers"),
    ("filename,ymin,xmin,ymax,xmax\ngone.jpg,1,2,3,4\n", "w.csv, gone.jpg: there is no such"),
    ("filename,ymin,xmin,ymax,xmax\na.jpg,50,50,60,60\n", "the window has no part in the picture"),
])
def test_files_of_windows_that_are_wrong(model, call, tmp_path, text, said):
    (tmp_path / "w.csv").write_text(text)
    done = call(main, *model, "--mean_value=1,2,3", "w.csv", "out.csv")
    assert done.exit_code == 1 and said in done.output, done.output
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize("arguments, said", [
    (("w.csv", "out.txt"), "unknown output file type (found out.txt; allowed: .csv, .h5"),
    (("a.jpg", "out.csv"), "unknown input file type (found a.jpg; allowed: .txt, .csv)"),
    (("gone.csv", "out.csv"), "gone.csv"),
    (("--crop_mode=selective_search", "w.csv", "out.csv"), "does not fit this file"),
    (("list.txt", "out.csv"), "selective_search_ijcv_with_python is not installed"),
    (("empty.txt", "out.csv"), "the list names no picture"),
    (("--context_pad=4", "w.csv", "out.csv"), "context_pad must leave room"),
])
def test_what_goes_wrong_is_one_line(model, call, tmp_path, arguments, said):
    (tmp_path / "list.txt").write_text("a.jpg\n\n")
    (tmp_path / "empty.txt").touch()
    done = call(main, *model, "--mean_value=1,2,3", *arguments)
    assert done.exit_code == 1 and said in done.output, done.output
    assert "bug" not in done.output
