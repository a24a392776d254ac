"""Data, weights and snapshots in a folder whose name is not UTF-8."""

import os

import cv2
import h5py
import numpy as np
import pytest

import caffepy as caffe
from caffepy.data import db
from caffepy.data.datum import from_array

FOLDER = os.fsdecode(b"\xd1\xd0")
PICTURES = [np.full((3, 4, 5), 10 * i, np.uint8) for i in range(4)]
SOURCES = {
    "lmdb": 'type: "Data" data_param { source: "DIR/lmdb" backend: LMDB batch_size: 4 }',
    "leveldb": 'type: "Data" data_param { source: "DIR/leveldb" backend: LEVELDB batch_size: 4 }',
    "list": 'type: "ImageData" image_data_param { source: "DIR/list" root_folder: "DIR/" '
            "batch_size: 4 }",
    "hdf5": 'type: "HDF5Data" hdf5_data_param { source: "DIR/h5" batch_size: 4 }',
    "windows": 'type: "WindowData" window_data_param { source: "DIR/windows" root_folder: "DIR/" '
               "batch_size: 4 fg_fraction: 1 } transform_param { crop_size: 4 }",
}
NET = """layer { name: "d" top: "data" top: "label" %s }
layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
        inner_product_param { num_output: 2 weight_filler { type: "xavier" } } }
layer { name: "loss" type: "EuclideanLoss" bottom: "ip" bottom: "ip" top: "loss" }
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    os.mkdir(FOLDER)
    return FOLDER


def fill(folder, kind):
    if kind in ("lmdb", "leveldb"):
        if kind == "leveldb":
            pytest.importorskip("plyvel")
        with db.open_db(f"{folder}/{kind}", kind, "new") as target:
            for i, picture in enumerate(PICTURES):
                target.put(b"%08d" % i, from_array(picture, i % 2).SerializeToString())
    elif kind == "hdf5":
        with h5py.File(f"{folder}/a.h5", "w") as file:
            file["data"], file["label"] = np.stack(PICTURES), np.arange(4) % 2
        write(f"{folder}/h5", f"{folder}/a.h5\n")
    else:
        for i, picture in enumerate(PICTURES):
            data = cv2.imencode(".png", picture.transpose(1, 2, 0))[1].tobytes()
            with open(f"{folder}/{folder}{i}.png", "wb") as file:
                file.write(data)
        write(f"{folder}/list", "".join(f"{folder}{i}.png {i % 2}\n" for i in range(4)))
        write(f"{folder}/windows", "".join(
            f"# {i}\n{folder}{i}.png\n3\n4\n5\n1\n1 0.9 0 0 4 3\n" for i in range(4)))


def write(path, content):
    with open(path, "wb") as file:
        file.write(os.fsencode(content))


@pytest.mark.parametrize("written", [FOLDER, r"\321\320"])
@pytest.mark.parametrize("kind", SOURCES)
def test_data_layers(folder, kind, written):
    fill(folder, kind)
    write(f"{folder}/n.prototxt", NET % SOURCES[kind].replace("DIR", written))
    net = caffe.Net(f"{folder}/n.prototxt", caffe.TEST)
    net.forward()
    seen = {int(picture[0, 0, 0]) for picture in net.blobs["data"].data}
    assert seen <= {0, 10, 20, 30} and (kind == "windows" or len(seen) == 4)
    net.close()


@pytest.mark.parametrize("form", ["BINARYPROTO", "HDF5"])
def test_snapshots(folder, form):
    fill(folder, "list")
    write(f"{folder}/n.prototxt", NET % SOURCES["list"].replace("DIR", folder))
    write(f"{folder}/s.prototxt", f'net: "{folder}/n.prototxt" base_lr: 0.1 lr_policy: "fixed" '
          f'max_iter: 2 snapshot_prefix: "{folder}/{folder}" snapshot_format: {form}')
    solver = caffe.get_solver(f"{folder}/s.prototxt")
    solver.step(1)
    solver.snapshot()
    state = f"{folder}/{folder}_iter_1.solverstate" + (".h5" if form == "HDF5" else "")
    expected = solver.net.params["ip"][0].data.copy()
    solver.step(1)
    solver.restore(state)
    np.testing.assert_array_equal(solver.net.params["ip"][0].data, expected)
    solver.close()
