import logging
from functools import partial

import numpy as np
import pytest
from recorded_data import CASES, FOLDER, make_db, records
from support import build

from caffepy.core.context import Context
from caffepy.core.net import Net
from caffepy.data import datum
from caffepy.errors import ConfigError, DataError, NotFound
from caffepy.proto import caffe_pb2, text
from caffepy.proto.caffe_pb2 import TEST, TRAIN

with np.load(FOLDER / "batches.npz") as _file:
    BATCHES = dict(_file)
RNG = np.random.default_rng(1701)
PICTURES = RNG.integers(0, 256, (10, 1, 4, 5), np.uint8)


@pytest.fixture
def database(tmp_path):
    pairs = [(b"%08d" % i, datum.from_array(picture, i).SerializeToString())
             for i, picture in enumerate(PICTURES)]
    return make_db(tmp_path / "db", pairs)


def line(path, param="batch_size: 4", more="", tops='top: "data" top: "label"'):
    return f'type: "Data" {tops} data_param {{ source: "{path}" backend: LMDB {param} }} {more}'


def forward(built):
    layer, bottom, top = built
    layer.forward(bottom, top)
    return [blob.data.copy() for blob in top]


@pytest.mark.parametrize("case", sorted({name.split("/")[0] for name in BATCHES}))
def test_a_net_gives_the_recorded_batches(case, tmp_path):
    for name in CASES:
        make_db(tmp_path / name, records(name), "leveldb" if name == "leveldb" else "lmdb")
    param = caffe_pb2.NetParameter()
    text.parse(str(BATCHES[f"{case}/prototxt"]).replace("DB/", f"{tmp_path}/")
               .replace("DATA/", f"{FOLDER}/"), param)
    net = Net(param, TEST)
    for data, label in zip(BATCHES[f"{case}/data"], BATCHES[f"{case}/label"], strict=True):
        net.forward()
        np.testing.assert_allclose(net.blobs["data"].data, data, rtol=1e-6, atol=1e-6)
        np.testing.assert_array_equal(net.blobs["label"].data, label)
    net.close()


def test_shapes_before_the_first_forward(database):
    built = build(line(database))
    assert [blob.shape for blob in built[2]] == [(4, 1, 4, 5), (4,)]
    data, label = forward(built)
    np.testing.assert_array_equal(data, PICTURES[:4])
    np.testing.assert_array_equal(label, range(4))
    built[0].close()


def test_the_label_may_be_left_out(database):
    built = build(line(database, tops='top: "data"'))
    np.testing.assert_array_equal(forward(built)[0], PICTURES[:4])
    built[0].close()


def test_float_data(tmp_path):
    values = RNG.standard_normal((3, 2, 2, 2)).astype(np.float32)
    pairs = [(b"%d" % i, datum.from_array(value, i).SerializeToString())
             for i, value in enumerate(values)]
    built = build(line(make_db(tmp_path / "db", pairs), "batch_size: 3",
                       "transform_param { scale: 2 }"))
    np.testing.assert_allclose(forward(built)[0], 2 * values, rtol=1e-6)
    built[0].close()


@pytest.mark.parametrize("force, channels", [("force_color", 3), ("force_gray", 1)])
def test_encoded_records_in_the_colours_wanted(tmp_path, force, channels):
    path = make_db(tmp_path / "db", records("encoded_png"))
    built = build(line(path, more=f"transform_param {{ {force}: true }}"))
    assert forward(built)[0].shape[1] == channels
    built[0].close()


def test_prefetch_is_how_many_batches_are_made_ahead(database):
    for param, depth in (("", 4), ("prefetch: 7", 7)):
        built = build(line(database, f"batch_size: 1 {param}"))
        assert built[0].depth == depth
        forward(built)
        built[0].close()


def test_position_is_that_of_the_batch_in_use(database):
    text_ = line(database, "batch_size: 3 rand_skip: 5",
                 "transform_param { crop_size: 3 mirror: true }")
    whole, resumed = build(text_), build(text_)
    assert whole[0].position == 0
    forward(whole), forward(whole)
    assert whole[0].position == 6, "however many batches were made ahead"
    resumed[0].position = 6
    for _ in range(4):
        for got, expected in zip(forward(resumed), forward(whole), strict=True):
            np.testing.assert_array_equal(got, expected)
    whole[0].close(), resumed[0].close()


def test_workers_share_the_records(database, monkeypatch):
    for rank in range(2):
        monkeypatch.setattr("caffepy.testing.building.Context", partial(Context, rank=rank, size=2))
        built = build(line(database))
        assert forward(built)[1].tolist() == [rank, rank + 2, rank + 4, rank + 6]
        built[0].close()


def test_training_and_testing_nets_draw_apart(database):
    param = caffe_pb2.NetParameter()
    text.parse(f'layer {{ name: "data" {line(database, "batch_size: 10")} '
               'transform_param { mirror: true } }', param)
    seen = []
    for label in ("train", "test 0", "train"):
        net = Net(param, TRAIN, context=Context(seed=5), label=label)
        net.forward()
        seen.append(net.blobs["data"].data.copy())
        net.close()
    np.testing.assert_array_equal(seen[0], seen[2])
    assert not np.array_equal(seen[0], seen[1])


def test_an_error_in_the_thread_is_raised_by_forward(tmp_path):
    pairs = [(b"0", datum.from_array(PICTURES[0], 0).SerializeToString()), (b"1", b"\xff\xff")]
    built = build(line(make_db(tmp_path / "db", pairs), "batch_size: 1"))
    forward(built)
    with pytest.raises(DataError, match=r"record '1' of .*db: the record is damaged"):
        forward(built)
    built[0].close()


def test_errors_name_the_layer(tmp_path):
    with pytest.raises(NotFound, match=r"layer 'layer' \(Data\).*no such database"):
        build(line(tmp_path / "nowhere"))
    with pytest.raises(ConfigError, match=r"layer 'layer' \(Data\).*batch_size"):
        build(line(tmp_path, ""))


def test_the_size_is_logged(database, caplog, monkeypatch):
    monkeypatch.setattr(logging.getLogger("caffepy"), "propagate", True)
    caplog.set_level(logging.INFO, "caffepy")
    build(line(database))[0].close()
    assert "output data size: 4,1,4,5" in [record.getMessage() for record in caplog.records]
