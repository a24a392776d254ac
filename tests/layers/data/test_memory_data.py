import logging

import cv2
import numpy as np
import pytest
from support import build

from caffepy.core.net import Net
from caffepy.data import datum
from caffepy.errors import CaffeError, ConfigError, DataError, ShapeError
from caffepy.proto import caffe_pb2, text

DATA = np.random.default_rng(1701).standard_normal((6, 2, 3, 4)).astype(np.float32)
LABELS = np.arange(6)


def line(param="batch_size: 2 channels: 2 height: 3 width: 4", more="",
         tops='top: "data" top: "label"'):
    return f'type: "MemoryData" {tops} memory_data_param {{ {param} }} {more}'


@pytest.fixture
def built():
    return build(line())


def forward(built):
    layer, bottom, top = built
    layer.forward(bottom, top)
    return [blob.data.copy() for blob in top]


@pytest.fixture
def warnings(caplog, monkeypatch):
    monkeypatch.setattr(logging.getLogger("caffepy"), "propagate", True)
    return lambda: list({id(r): r.getMessage() for r in caplog.records
                         if r.levelno >= logging.WARNING}.values())


def test_batches_go_round_and_round(built, warnings):
    assert [blob.shape for blob in built[2]] == [(2, 2, 3, 4), (2,)]
    built[0].reset(DATA, LABELS)
    for start in (0, 2, 4, 0, 2):
        data, label = forward(built)
        np.testing.assert_array_equal(data, DATA[start : start + 2])
        np.testing.assert_array_equal(label, LABELS[start : start + 2])
    assert built[0].position == 10
    built[0].position = 4
    assert forward(built)[1].tolist() == [4, 5]
    built[0].position = 5  # as a run with another batch size may have left it
    data, label = forward(built)
    assert label.tolist() == [5, 0]
    np.testing.assert_array_equal(data, DATA[[5, 0]])
    built[0].reset(DATA[::-1], LABELS[::-1].reshape(6, 1, 1, 1))
    assert forward(built)[1].tolist() == [5, 4], "new arrays begin at their start"
    assert warnings() == []


def test_arrays_are_not_copied(built):
    data, labels = DATA.copy(), LABELS.copy()
    built[0].reset(data, labels)
    data[0], labels[0] = 7, 9
    got = forward(built)
    assert (got[0][0] == 7).all() and got[1][0] == 9


def test_the_label_may_be_left_out():
    built = build(line(tops='top: "data"'))
    built[0].reset(DATA, LABELS)
    np.testing.assert_array_equal(forward(built)[0], DATA[:2])


def test_in_a_net():
    param = caffe_pb2.NetParameter()
    text.parse(f'layer {{ name: "in" {line()} }}'
               'layer { name: "double" type: "Power" bottom: "data" top: "y" '
               'power_param { scale: 2 } }', param)
    net = Net(param, caffe_pb2.TEST)
    net.layer("in").reset(DATA, LABELS)
    net.forward(), net.forward()
    np.testing.assert_allclose(net.blobs["y"].data, 2 * DATA[2:4])


@pytest.mark.parametrize("data, labels, message", [
    (DATA[:5], LABELS[:5], "multiple of the batch size.*found 5; allowed: 2, 4"),
    (DATA[:0], LABELS[:0], "multiple of the batch size"),
    (DATA, LABELS[:4], "one label for each item.*found 4 labels for 6 items"),
    (DATA[:, :1], LABELS, r"found shape \(6, 1, 3, 4\); allowed: n x 2 x 3 x 4"),
    (DATA[0], LABELS, "do not fit the layer"),
])
def test_arrays_that_do_not_fit(built, data, labels, message):
    with pytest.raises(ShapeError, match=r"layer 'layer' \(MemoryData\).*" + message):
        built[0].reset(data, labels)


def test_forward_without_data(built):
    with pytest.raises(ConfigError, match="there are no data yet.*set_input_arrays"):
        forward(built)


@pytest.mark.parametrize("missing", ["batch_size", "channels", "height", "width"])
def test_all_sizes_must_be_given(missing):
    sizes = " ".join(f"{name}: 2" for name in ("batch_size", "channels", "height", "width")
                     if name != missing)
    with pytest.raises(ConfigError, match="needs batch_size, channels, height and width"):
        build(line(sizes))


def test_arrays_are_not_transformed_and_that_is_said(warnings):
    built = build(line(more="transform_param { scale: 2 }"))
    built[0].reset(DATA, LABELS)
    np.testing.assert_array_equal(forward(built)[0], DATA[:2])
    assert len(warnings()) == 1 and "without transform_param" in warnings()[0]


def test_datums_are_transformed():
    pictures = np.random.default_rng(3).integers(0, 256, (4, 3, 5, 6), np.uint8)
    datums = [datum.from_array(picture, i) for i, picture in enumerate(pictures)]
    encoded = cv2.imencode(".png", pictures[3].transpose(1, 2, 0))[1].tobytes()
    datums[3] = caffe_pb2.Datum(encoded=True, data=encoded, label=3)
    built = build(line("batch_size: 2 channels: 3 height: 3 width: 3",
                       "transform_param { scale: 0.5 crop_size: 3 mean_value: 10 }"),
                  phase="TEST")
    built[0].add_datums(datums)
    for start in (0, 2, 0):
        data, label = forward(built)
        crop = pictures[start : start + 2, :, 1:4, 1:4]
        np.testing.assert_allclose(data, (crop - np.float32(10)) / 2)
        np.testing.assert_array_equal(label, [start, start + 1])


def test_each_datum_has_draws_of_its_own():
    picture = datum.from_array(np.arange(108, dtype=np.uint8).reshape(3, 6, 6))
    built = build(line("batch_size: 2 channels: 3 height: 3 width: 3",
                       "transform_param { crop_size: 3 mirror: true }"), phase="TRAIN")
    seen = set()
    for _ in range(8):  # the same picture again and again
        built[0].add_datums([picture, picture])
        seen.update(item.tobytes() for item in forward(built)[0])
    assert len(seen) > 8  # of 16 drawn places and directions, 32 there are


def test_datums_that_do_not_fit():
    built = build(line("batch_size: 2 channels: 3 height: 3 width: 3"))
    good = datum.from_array(np.zeros((3, 3, 3), np.uint8))
    with pytest.raises(ShapeError, match="number of Datums must be a multiple"):
        built[0].add_datums([good])
    with pytest.raises(DataError, match=r"\(MemoryData\), datum 1: the Datum's data does not fit"):
        built[0].add_datums([good, caffe_pb2.Datum(channels=3, height=3, width=3)])
    with pytest.raises(ShapeError, match=r"\(MemoryData\), datum 1.*1 x 3 x 3"):
        built[0].add_datums([good, datum.from_array(np.zeros((1, 3, 3), np.uint8))])
    with pytest.raises(CaffeError, match=r"\(MemoryData\): force_color and force_gray"):
        build(line(more="transform_param { force_color: true force_gray: true }"))
