import re

import cv2
import h5py
import numpy as np
import pytest
from recorded_data import make_db, records

from caffepy.core.net import Net
from caffepy.data.db import open_db
from caffepy.errors import ConfigError
from caffepy.proto import caffe_pb2
from caffepy.services.features import extract
from caffepy.tools.extract_features import main

NET = """
name: "features"
layer {
  name: "data" type: "Data" top: "data" top: "label" transform_param { scale: 0.01 }
  data_param { source: "SOURCE" backend: LMDB batch_size: 5 }
}
layer {
  name: "conv" type: "Convolution" bottom: "data" top: "conv"
  convolution_param { num_output: 2 kernel_size: 31 weight_filler { type: "gaussian" std: 0.1 } }
}
layer {
  name: "ip" type: "InnerProduct" bottom: "conv" top: "ip"
  inner_product_param { num_output: 5 weight_filler { type: "xavier" } }
}
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
"""


@pytest.fixture
def model(tmp_path):
    """A net on the recorded pictures with its weights, and what it holds in three batches."""
    database = make_db(tmp_path / "source", records("plain"))
    (tmp_path / "net.prototxt").write_text(NET.replace("SOURCE", database))
    net = Net(str(tmp_path / "net.prototxt"), caffe_pb2.TEST)
    net.save(tmp_path / "net.caffemodel")
    held = {name: [] for name in ("conv", "ip", "label", "loss")}
    for _ in range(3):
        net.forward()
        for name, values in held.items():
            values.append(np.atleast_1d(net.blobs[name].data).copy())
    net.close()
    return {name: np.concatenate(values) for name, values in held.items()}


FILES = ("net.caffemodel", "net.prototxt")


def datums(path, backend):
    with open_db(str(path), backend) as db:
        return [(key, caffe_pb2.Datum.FromString(value)) for key, value in db]


@pytest.mark.parametrize("backend", ["lmdb", "leveldb"])
def test_databases_by_the_installed_command(shell, tmp_path, model, backend, messages):
    done = shell("extract_features", *FILES, "conv,ip", "a,b", 3, backend, "CPU", "DEVICE_ID=0")
    assert done.returncode == 0, done.stderr
    said = messages(done.stderr)
    assert "Extracted features of 15 query images for feature blob ip" in said
    assert said[-1] == "Successfully extracted the features!"
    for place, blob, shape in (("a", "conv", (2, 2, 2)), ("b", "ip", (5, 1, 1))):
        found = datums(tmp_path / place, backend)
        assert [key for key, _ in found] == [b"%010d" % i for i in range(15)]
        for (_, datum), values in zip(found, model[blob], strict=True):
            assert (datum.channels, datum.height, datum.width) == shape
            assert not datum.data and not datum.HasField("label")
            # float for float; the net of another process adds up in the same order
            np.testing.assert_allclose(datum.float_data, values.ravel(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", ["npz", "hdf5"])
def test_files(call, tmp_path, model, monkeypatch, kind):
    monkeypatch.chdir(tmp_path)
    blobs = "conv,label,loss"
    assert call(main, *FILES, blobs, "all", 3, kind).exit_code == 0
    assert call(main, *FILES, blobs, "x,y,z", 3, kind).exit_code == 0
    for path, names in (("all", blobs.split(",")), ("x", ["conv"]), ("z", ["loss"])):
        with (np.load(path) if kind == "npz" else h5py.File(path)) as file:
            assert set(file) == set(names)
            for name in names:
                np.testing.assert_allclose(file[name][()], model[name], rtol=1e-5, atol=1e-6)


def test_features_go_back_in_through_a_data_layer(tmp_path, model, monkeypatch):
    monkeypatch.chdir(tmp_path)
    extract(*FILES, ["conv"], ["features"], 3, "lmdb")
    (tmp_path / "second.prototxt").write_text(
        'layer { name: "d" type: "Data" top: "d" '
        'data_param { source: "features" backend: LMDB batch_size: 15 } }')
    net = Net(str(tmp_path / "second.prototxt"), caffe_pb2.TEST)
    net.forward()
    np.testing.assert_allclose(net.blobs["d"].data, model["conv"], rtol=1e-6)
    net.close()


@pytest.mark.parametrize("batches, said", [
    (1, "1 x 5 = 5 items, and layer 'data' has 12 records: 7 left out. 3 batches cover all."),
    (3, "3 x 5 = 15 items, and layer 'data' has 12 records: the last 3 features are of records "
     "that were there before. A batch_size that divides 12 gives each once."),
    (4, "the last 8 features are of records that were there before. 3 batches are enough."),
])
def test_features_of_a_part_or_of_records_that_come_again_are_warned_of(
        call, tmp_path, model, monkeypatch, batches, said):
    monkeypatch.chdir(tmp_path)
    assert said in call(main, *FILES, "ip", "a.npz", batches, "npz").output


def test_each_record_once_needs_no_warning(call, tmp_path, model, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / FILES[1]
    path.write_text(path.read_text().replace("batch_size: 5", "batch_size: 4"))
    assert "records" not in call(main, *FILES, "ip", "a.npz", 3, "npz").output


@pytest.mark.parametrize("layer, word", [
    ('type: "HDF5Data" hdf5_data_param { source: "list" batch_size: 2 }', "HDF5Data"),
    ('type: "ImageData" image_data_param { source: "pictures" batch_size: 2 }', "ImageData"),
])
def test_other_data_layers_know_their_number_too(call, tmp_path, monkeypatch, layer, word):
    monkeypatch.chdir(tmp_path)
    with h5py.File("x.h5", "w") as file:
        file["x"], file["y"] = np.zeros((5, 3, 2, 2), np.float32), np.zeros(5, np.float32)
    (tmp_path / "list").write_text("x.h5\n")
    cv2.imwrite("p.png", np.zeros((2, 2, 3), np.uint8))
    (tmp_path / "pictures").write_text("p.png 0\n" * 5)
    (tmp_path / "net.prototxt").write_text(
        f'layer {{ name: "{word}" top: "x" top: "y" {layer} }} layer {{ name: "ip" bottom: "x" '
        'type: "InnerProduct" top: "ip" inner_product_param { num_output: 1 } }')
    Net("net.prototxt", caffe_pb2.TEST).save("net.caffemodel")
    for batches, said in ((3, "the last feature is of a record"), (2, "1 left out")):
        output = call(main, *FILES, "y", f"{batches}.npz", batches, "npz").output
        assert f"'{word}' has 5 records: {said}" in output


def test_weights_of_another_net_are_warned_of(call, tmp_path, model, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / FILES[1]).write_text((tmp_path / FILES[1]).read_text().replace('name: "conv"',
        'name: "conv_b"').replace('name: "ip"', 'name: "ip_b"'))
    assert "nothing was copied from net.caffemodel" in call(
        main, *FILES, "ip", "a.npz", 3, "npz").output


@pytest.mark.parametrize("words, said", [
    (("ipp", "a", 1, "lmdb"), "Unknown blob name ipp.*Did you mean ip"),
    (("ip,conv", "a", 1, "lmdb"), "2 blob names and 1 dataset names"),
    (("ip,conv", "a,a", 1, "lmdb"), "two blobs cannot share one database"),
    (("ip,ip", "a,b", 1, "lmdb"), "a blob is named twice"),
    (("ip", "a", 0, "lmdb"), "must be 1 or more"),
    (("ip", "a", "many", "lmdb"), "must be a number.*many"),
    (("ip", "a", 1, "lmbd"), "Did you mean lmdb"),
    (("ip", "a", 1, "lmdb", "TPU"), "allowed: CPU, GPU"),
    (("ip", "a", 1, "lmdb", "CPU", "zero"), "DEVICE_ID must be a number"),
    (("ip", "no/a", 1, "lmdb"), "no folder"),
    (("ip", "no/a", 1, "npz"), "no folder"),
    (("ip",), "Missing argument"),
])
def test_bad_calls(call, tmp_path, model, monkeypatch, words, said):
    monkeypatch.chdir(tmp_path)
    before = set(tmp_path.iterdir())
    done = call(main, *FILES, *words)
    assert done.exit_code == 1
    assert re.search(said, done.output), done.output
    assert set(tmp_path.iterdir()) == before


def test_missing_files_and_taken_names(call, tmp_path, model, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = call(main, "none", FILES[1], "ip", "a", 1, "lmdb")
    assert done.exit_code == 1 and "none" in done.output
    done = call(main, FILES[0], "none", "ip", "a", 1, "lmdb")
    assert done.exit_code == 1 and "File not found: none" in done.output
    (tmp_path / "a").mkdir()
    done = call(main, *FILES, "conv,ip", "b,a", 1, "lmdb")
    assert done.exit_code == 1 and "name is taken" in done.output
    assert not [path for path in tmp_path.iterdir() if path.name.startswith("b")]


def test_an_error_half_way_leaves_nothing(tmp_path, model, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Net, "forward", lambda net: 1 / 0)
    for kind in ("lmdb", "leveldb", "hdf5", "npz"):
        with pytest.raises(ZeroDivisionError):
            extract(*FILES, ["ip"], ["out"], 1, kind)
    assert not [path for path in tmp_path.iterdir() if "out" in path.name]


def test_a_gpu_that_is_not_there_is_said(monkeypatch):
    from caffepy.services import devices
    from caffepy.tools import extract_features

    asked = []
    monkeypatch.setattr(devices, "choose", lambda spec: asked.append(spec) or [])
    extract_features._device("GPU", "DEVICE_ID=3")
    extract_features._device("GPU", "2")
    extract_features._device("CPU", "2")
    assert asked == ["3", "2", ""]
    with pytest.raises(ConfigError):
        extract_features._device("gpu", "0")
