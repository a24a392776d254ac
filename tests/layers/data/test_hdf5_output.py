import gc
import logging
import subprocess
import sys

import h5py
import numpy as np
import pytest
from support import build, feed, random

from caffepy.core.net import Net
from caffepy.errors import ConfigError, DataError, NotFound, ShapeError
from caffepy.proto import caffe_pb2, text


def line(path):
    return f'type: "HDF5Output" hdf5_output_param {{ file_name: "{path}" }}'


def forward(built, *values):
    layer, bottom, top = built
    feed(bottom, values)
    layer.reshape(bottom, top)
    layer.forward(bottom, top)


def content(path):
    with h5py.File(path) as file:
        return {name: file[name][()] for name in file}


def batch(count, seed):
    return random(count, 2, 3, 4, seed=seed), random(count, seed=seed + 1)


def test_batches_are_gathered(tmp_path):
    path = tmp_path / "out.h5"
    batches = [batch(3, 1), batch(3, 5), batch(2, 9)]
    built = build(line(path), *batches[0])
    for values in batches:
        forward(built, *values)
        assert not path.exists(), "the file appears when it is complete"
    built[0].close()
    built[0].close()
    assert [entry.name for entry in tmp_path.iterdir()] == ["out.h5"]
    got = content(path)
    assert set(got) == {"data", "label"}
    assert got["data"].shape == (8, 2, 3, 4) and got["data"].dtype == np.float32
    assert got["label"].shape == (8, 1, 1, 1), "four axes, as in the original's files"
    for name, parts in zip(("data", "label"), zip(*batches, strict=True), strict=True):
        whole = np.concatenate(parts).astype(np.float32)
        np.testing.assert_array_equal(got[name].reshape(whole.shape), whole)


def test_more_than_four_axes_stay(tmp_path):
    x, y = random(2, 1, 2, 3, 2, 2), random(2, 5)
    built = build(line(tmp_path / "out.h5"), x, y)
    forward(built, x, y)
    built[0].close()
    got = content(tmp_path / "out.h5")
    assert got["data"].shape == x.shape and got["label"].shape == (2, 5, 1, 1)


def test_what_it_wrote_hdf5_data_reads(tmp_path):
    (tmp_path / "list").write_text(f"{tmp_path}/out.h5\n")
    values = batch(4, 1)
    built = build(line(tmp_path / "out.h5"), *values)
    forward(built, *values)
    built[0].close()
    layer, bottom, top = build('type: "HDF5Data" top: "data" top: "label" hdf5_data_param { '
                               f'source: "{tmp_path}/list" batch_size: 4 }}')
    layer.forward(bottom, top)
    for blob, array in zip(top, values, strict=True):
        np.testing.assert_allclose(blob.data.reshape(array.shape), array, rtol=1e-6)
    layer.close()


def test_without_forward_an_old_file_stays(tmp_path):
    path = tmp_path / "out.h5"
    path.write_text("old")
    build(line(path), *batch(2, 1))[0].close()
    assert path.read_text() == "old"


def test_a_second_run_replaces_the_first(tmp_path):
    path = tmp_path / "out.h5"
    built = build(line(path), *batch(2, 1))
    for seed in (1, 2):
        forward(built, *batch(2, seed))
        built[0].close()
        np.testing.assert_allclose(content(path)["data"], batch(2, seed)[0], rtol=1e-6)


def test_in_a_net_that_nobody_closes(tmp_path):
    param = caffe_pb2.NetParameter()
    text.parse("""layer { name: "x" type: "DummyData" top: "x" top: "y"
                    dummy_data_param { shape { dim: 3 dim: 2 } shape { dim: 3 }
                                       data_filler { type: "constant" value: 2 } } }
                  layer { name: "out" type: "HDF5Output" bottom: "x" bottom: "y"
                    hdf5_output_param { file_name: "%s" } }""" % (tmp_path / "out.h5"), param)
    net = Net(param, caffe_pb2.TRAIN)
    net.forward(), net.forward()
    net.backward()
    del net
    gc.collect()
    np.testing.assert_array_equal(content(tmp_path / "out.h5")["data"], np.full((6, 2, 1, 1), 2))


def test_at_the_end_of_the_program_the_file_is_there(tmp_path):
    code = f"""
from caffepy.core.net import Net
from caffepy.proto import caffe_pb2, text
param = caffe_pb2.NetParameter()
text.parse('''layer {{ name: "x" type: "DummyData" top: "x" top: "y"
    dummy_data_param {{ shape {{ dim: 3 dim: 2 }} }} }}
    layer {{ name: "out" bottom: "x" bottom: "y" {line(tmp_path / "out.h5")} }}''', param)
net = Net(param, caffe_pb2.TEST)
net.forward()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0 and done.stderr == ""
    assert content(tmp_path / "out.h5")["data"].shape == (3, 2, 1, 1)


def test_it_says_what_it_saved(tmp_path, caplog, monkeypatch):
    monkeypatch.setattr(logging.getLogger("caffepy"), "propagate", True)
    caplog.set_level(logging.INFO, "caffepy")
    path = tmp_path / "out.h5"
    built = build(line(path), *batch(2, 1))
    forward(built, *batch(2, 1))
    forward(built, *batch(3, 1))
    built[0].close()
    said = list({id(record): record.getMessage() for record in caplog.records}.values())
    assert said == [
        f"Saving HDF5 file {path}", f"Successfully saved 5 rows to {path}"]


def test_batch_sizes_must_agree(tmp_path):
    with pytest.raises(ShapeError, match=r"same batch size \(found shapes \(3, 2\) and \(2,\)"):
        build(line(tmp_path / "out.h5"), (3, 2), (2,))


def test_an_item_of_another_shape_leaves_what_was_gathered(tmp_path):
    built = build(line(tmp_path / "out.h5"), *batch(2, 1))
    forward(built, *batch(2, 1))
    with pytest.raises(ShapeError, match=r"batches of 'label' must have one shape.*\(3, 1, 1\)"):
        forward(built, batch(2, 1)[0], random(2, 3))
    built[0].close()
    got = content(tmp_path / "out.h5")
    assert len(got["data"]) == len(got["label"]) == 2


def test_a_place_that_cannot_be_written(tmp_path):
    with pytest.raises(NotFound, match="there is no folder .*nowhere"):
        build(line(tmp_path / "nowhere" / "out.h5"), *batch(2, 1))
    with pytest.raises(ConfigError, match="needs a file_name"):
        build('type: "HDF5Output"', *batch(2, 1))
    built = build(line(tmp_path), *batch(2, 1))
    with pytest.raises((ConfigError, DataError), match="this is a folder"):
        forward(built, *batch(2, 1))
