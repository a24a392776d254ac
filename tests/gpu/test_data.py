"""Pictures that go up to a GPU as bytes: its batches are the CPU's to the bit."""

from __future__ import annotations

import time

import cv2
import fake_cuda
import numpy as np
import paired
import pytest
from kernels.cuda.sides import REAL
from numpy.testing import assert_allclose, assert_array_equal
from recorded_data import make_db

from caffepy.core import footprint, recorder
from caffepy.core.context import Context
from caffepy.core.memory import Place
from caffepy.core.net import Net
from caffepy.data import datum
from caffepy.data.whole import Collector, Whole
from caffepy.proto import caffe_pb2, text, wire

TRAIN, TEST = caffe_pb2.TRAIN, caffe_pb2.TEST
DRAW = np.random.default_rng(3)
SIZE = (3, 9, 10)
BATCH = 4


def pictures(count=11, size=SIZE):
    return [DRAW.integers(0, 256, size, np.uint8) for _ in range(count)]


def encoded(picture):
    data = cv2.imencode(".png", picture.transpose(1, 2, 0))[1].tobytes()
    return caffe_pb2.Datum(data=data, encoded=True)


def database(folder, records):
    pairs = []
    for i, record in enumerate(records):
        item = record if isinstance(record, caffe_pb2.Datum) else datum.from_array(record)
        item.label = i % 5
        pairs.append((b"%08d" % i, item.SerializeToString()))
    return make_db(folder / "db", pairs)


@pytest.fixture
def mean_file(tmp_path):
    path = tmp_path / "mean.binaryproto"
    mean = DRAW.random((1, *SIZE), np.float32) * 255
    path.write_bytes(wire.array_to_blob(mean).SerializeToString())
    return path


def layer(path, transform=""):
    return (f'type: "Data" data_param {{ source: "{path}" backend: LMDB batch_size: {BATCH} }} '
            f"transform_param {{ {transform} }}")


def build(device, data, phase=TRAIN, body="", **settings):
    spec = caffe_pb2.NetParameter()
    text.parse(f'name: "n" layer {{ name: "data" top: "data" top: "label" {data} }} {body}', spec)
    return Net(spec, phase, context=Context(device, seed=9, **settings))


def same(net, other, passes=7):
    """Forward and compare."""
    for _ in range(passes):
        net.forward(), other.forward()
        for name in ("data", "label"):
            assert_array_equal(net.blobs[name].data, other.blobs[name].data)
        assert net.layers[0].position == other.layers[0].position


def wait_for_the_next(data):
    """Until a batch has gone up ahead."""
    deadline = time.monotonic() + 10
    while data.uploads._ahead is None and time.monotonic() < deadline:
        data.uploads.look_ahead()
    assert isinstance(data.uploads._ahead, Whole)


def went_as_bytes(net):
    """Whether the last batch did, and its kernel is the GPU's."""
    (kernel,) = net.layers[0].kernels
    return kernel.engine == "cuda" and net.layers[0].uploads._begun


@pytest.mark.parametrize("layout", ["nchw", "nhwc"])
@pytest.mark.parametrize("kind", ["raw", "encoded"])
@pytest.mark.parametrize("transform", [
    "", "mirror: true", "crop_size: 6", "crop_size: 7 mirror: true mean_file: 'MEAN' scale: 0.0123",
    "mean_file: 'MEAN' mirror: true", "crop_size: 5 mean_value: 3.3 scale: 0.00390625",
    "mean_value: 1 mean_value: 2.7 mean_value: 100.1 mirror: true scale: 3",
])
def test_batches_are_the_cpus(gpu, tmp_path, mean_file, monkeypatch, transform, kind, layout):
    monkeypatch.setenv("CAFFEPY_GPU_LAYOUT", layout)
    records = pictures()
    path = database(tmp_path, map(encoded, records) if kind == "encoded" else records)
    data = layer(path, transform.replace("MEAN", str(mean_file)))
    for phase in (TRAIN, TEST):
        net, other = build(gpu, data, phase), build("cpu", data, phase)
        net.forward(), other.forward()
        assert net.blob("data").values.channels_last == (layout == "nhwc")
        same(net, other, 3)
        assert went_as_bytes(net)
        net.close(), other.close()


def test_pictures_with_boxes(gpu, tmp_path):
    """They are resized where they are read; cut and mirrored on the GPU, and their boxes alike."""
    pairs = []
    for i, picture in enumerate(pictures()):
        record = caffe_pb2.AnnotatedDatum(type="BBOX", datum=encoded(picture))
        for place in range(i % 3):
            one = record.annotation_group.add(group_label=i).annotation.add()
            one.bbox.ymax = 0.5
            one.bbox.xmin, one.bbox.xmax = place / 4, place / 4 + 0.5
        pairs.append((b"%08d" % i, record.SerializeToString()))
    path = make_db(tmp_path / "db", pairs)
    data = (f'type: "AnnotatedData" data_param {{ source: "{path}" backend: LMDB batch_size: 4 }} '
            "transform_param { resize_param { height: 12 width: 13 } crop_h: 8 crop_w: 11 "
            "mirror: true mean_value: 7 distort_param { brightness_prob: 1 brightness_delta: 9 } } "
            "annotated_data_param { batch_sampler { sampler { min_scale: 0.5 } max_sample: 1 } }")
    net, other = build(gpu, data), build("cpu", data)
    same(net, other)
    assert went_as_bytes(net)
    net.close(), other.close()


def test_recorded_batches_of_gray_pictures(gpu, tmp_path):
    data = layer(database(tmp_path, pictures(size=(1, 28, 28))), "scale: 0.00390625")
    net, other = build(gpu, data), build("cpu", data)
    same(net, other)
    assert went_as_bytes(net)
    net.close(), other.close()


@pytest.mark.parametrize("odd", ["floats", "another size"])
def test_what_does_not_fit_goes_up_as_floats(gpu, tmp_path, odd):
    """From the first batch on in which it is."""
    records = pictures(7)
    records[6] = (records[6].astype(np.float32) if odd == "floats"
                  else DRAW.integers(0, 256, (3, 12, 13), np.uint8))
    data = layer(database(tmp_path, records), "crop_size: 6 mirror: true")
    net, other = build(gpu, data), build("cpu", data)
    same(net, other)
    assert not isinstance(net.layers[0].uploads.get(), Whole)
    net.close(), other.close()


def test_a_run_goes_on_where_it_was(gpu, tmp_path):
    """Whatever has gone up ahead."""
    data = layer(database(tmp_path, pictures()), "crop_size: 6 mirror: true")
    net, other = build(gpu, data), build("cpu", data)
    same(net, other, 3)
    for position in (4, 28, 0):
        wait_for_the_next(net.layers[0])
        net.layers[0].position = other.layers[0].position = position
        same(net, other, 3)
    net.close(), other.close()


def test_workers_share_the_records(gpu, tmp_path):
    data = layer(database(tmp_path, pictures()), "crop_size: 6 mirror: true")
    for rank in range(2):
        net, other = (build(device, data, rank=rank, size=2) for device in (gpu, "cpu"))
        same(net, other, 3)
        net.close(), other.close()


def test_picture_files(gpu, tmp_path):
    """Batches differ in size here, each taking its first picture's."""
    lines = []
    for i in range(6):
        cv2.imwrite(str(tmp_path / f"{i}.png"), DRAW.integers(0, 256, (8 + i // 2, 9, 3), np.uint8))
        lines.append(f"{i}.png {i}")
    (tmp_path / "list.txt").write_text("\n".join(lines))
    data = (f'type: "ImageData" image_data_param {{ batch_size: 2 shuffle: SHUFFLE '
            f'source: "{tmp_path}/list.txt" root_folder: "{tmp_path}/" }} '
            "transform_param { mirror: true CUT }")
    for settings in (("false", ""), ("true", "crop_size: 5")):
        given = data.replace("SHUFFLE", settings[0]).replace("CUT", settings[1])
        net, other = build(gpu, given), build("cpu", given)
        same(net, other)
        net.close(), other.close()


@pytest.mark.parametrize("kind, param, transform", [
    ("ImageSegData", "image_data_param { label_type: PIXEL",
     "crop_height: 5 crop_width: 6 mirror: true scale_factors: 0.8 scale_factors: 1.2"),
    ("ImageSegData", "image_data_param { label_type: PIXEL", "crop_size: 12 mean_value: 7"),
    ("DenseImageData", "dense_image_data_param { mirror: true crop_height: 7 crop_width: 8",
     "crop_size: 6 mirror: true mean_value: 7 scale: 0.3"),
    ("ImageLabelmapData", "image_data_param {", "crop_size: 6 mirror: true mean_value: 7"),
])
def test_pictures_with_pictures_of_labels(gpu, tmp_path, kind, param, transform):
    paired.write(tmp_path, 6, (9, 10))
    data = (f'type: "{kind}" {param} source: "{tmp_path}/list.txt" root_folder: "{tmp_path}/" '
            f"batch_size: {BATCH} shuffle: true }} transform_param {{ {transform} }}")
    net, other = build(gpu, data), build("cpu", data)
    same(net, other)
    net.close(), other.close()


@pytest.mark.parametrize("words, transform", [
    ("use_image: true new_length: 3", "crop_size: 6 mirror: true mean_value: 7"),
    ('modality: RGB num_segments: 2 name_pattern: "%06d.jpg"',
     "crop_size: 6 mirror: true mean_value: 7 mean_value: 8 mean_value: 9"),
    ('modality: RGB num_segments: 2 name_pattern: "%06d.jpg"',
     "crop_size: 6 mirror: true multi_scale: true fix_crop: true"),
])
def test_clips(gpu, tmp_path, words, transform):
    for i in range(1, 7):
        picture = DRAW.integers(0, 256, (9, 10, 3), np.uint8)
        cv2.imwrite(str(tmp_path / f"{i:06d}.jpg"), picture)
    length = 6 if "modality" in words else 2
    (tmp_path / "list.txt").write_text(f"{tmp_path} {length} 3\n" * 3)
    data = (f'type: "VideoData" video_data_param {{ source: "{tmp_path}/list.txt" batch_size: 2 '
            f"{words} }} transform_param {{ {transform} }}")
    net, other = build(gpu, data), build("cpu", data)
    same(net, other, 4)
    net.close(), other.close()


@pytest.mark.parametrize("transform, as_bytes", [
    ("padding: 2 crop_size: 9 mirror: true affine_param { max_rotate_angle: 9 }", True),
    ("padding: 2 crop_size: 9 mirror: true cutout_param { size: 4 } scale: 0.5", False),
])
def test_pictures_changed_at_random(gpu, tmp_path, transform, as_bytes):
    data = layer(database(tmp_path, pictures()), transform)
    net, other = build(gpu, data), build("cpu", data)
    same(net, other)
    assert bool(net.layers[0].kernels) == as_bytes
    net.close(), other.close()


def test_mixed_pictures(gpu, tmp_path):
    """The draws are the host's, the mixing the device's."""
    body = """layer { name: "mix" type: "MixUp" bottom: "data" bottom: "label" top: "mixed"
        top: "soft" mixup_param { num_classes: 5 alpha: 0.5 cutmix_alpha: 1 } }"""
    data = layer(database(tmp_path, pictures()))
    net, other = build(gpu, data, body=body), build("cpu", data, body=body)
    for _ in range(6):
        net.forward(), other.forward()
        for name in ("mixed", "soft"):
            assert_allclose(net.blobs[name].data, other.blobs[name].data, rtol=1e-6)
    net.close(), other.close()


def test_augmented_pictures(gpu):
    """FlowNet's: the draws are the host's, what is done with them the device's."""
    data = """type: "DummyData" dummy_data_param { shape { dim: 2 dim: 3 dim: 9 dim: 10 }
        shape { dim: 2 } data_filler { type: "uniform" } data_filler { type: "constant" } }"""
    body = """layer { name: "aug" type: "DataAugmentation" bottom: "data" top: "aug" top: "given"
        augmentation_param { crop_height: 6 crop_width: 7 max_multiplier: 1 recompute_mean: 2
        rotate { spread: 0.3 } gamma { exp: true spread: 0.2 } col_mult { mean: 1.1 }
        shadow_strength { mean: 0.1 } noise { mean: 0.05 } chromatic_eigvec: [0.51, 0.56, 0.65,
        0.79, 0.01, -0.62, 0.35, -0.83, 0.44] } }"""
    net, other = build(gpu, data, body=body), build("cpu", data, body=body)
    for _ in range(4):
        net.forward(), other.forward()
        assert_array_equal(net.blobs["data"].data, other.blobs["data"].data)
        assert_array_equal(net.blobs["given"].data, other.blobs["given"].data)
        assert_allclose(net.blobs["aug"].data, other.blobs["aug"].data, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("transform", ["", "crop_size: 6 mirror: true mean_value: 7 scale: 0.3"])
def test_array_code_alone_gives_the_same(gpu, tmp_path, transform):
    data = layer(database(tmp_path, pictures()), transform)
    net, other = build(gpu, data, engines=["reference"]), build("cpu", data)
    same(net, other, 4)
    net.close(), other.close()


BODY = """
layer { name: "conv" type: "Convolution" bottom: "data" top: "a" convolution_param {
        num_output: 4 kernel_size: 3 weight_filler { type: "msra" } } }
layer { name: "ip" type: "InnerProduct" bottom: "a" top: "ip" inner_product_param {
        num_output: 5 weight_filler { type: "xavier" } } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
"""


@pytest.mark.skipif(REAL, reason="counts what the fake device counts")
@pytest.mark.parametrize("layout", ["nchw", "nhwc"])
def test_recorded_steps_read_the_batches_where_they_are(gpu, tmp_path, monkeypatch, layout):
    """The data blob stays where it is, in the order that the net works in."""
    monkeypatch.setenv("CAFFEPY_GPU_LAYOUT", layout)
    data = layer(database(tmp_path, pictures()), "crop_size: 6 mirror: true")
    net, other = build(gpu, data, body=BODY), build("cpu", data, body=BODY)
    for _ in range(recorder.WARM_UP + 1):
        net.forward(), net.backward()
        other.forward(), other.backward()
    made, counts = net.executor._forward.made, net.context.mover.counts
    counts.clear()
    for _ in range(4):
        loss, expected = net.forward(), other.forward()
        net.backward(), other.backward()
        assert loss == pytest.approx(expected, rel=1e-4)
    assert net.executor._forward.made == made == 1
    assert net.executor._forward.recordings, "recordings hold"
    assert counts[Place.HOST, Place.DEVICE] == 4, "the labels alone"
    reorders = {way for way in counts if way[0].channels_last != way[1].channels_last}
    assert not {way for way in reorders if counts[way] > 8}
    net.close(), other.close()


@pytest.mark.skipif(REAL, reason="a real device has its own will")
def test_copies_may_come_late(gpu, tmp_path, monkeypatch):
    """And are waited for by the device's own work, not by the host."""
    data = layer(database(tmp_path, pictures()), "crop_size: 6 mirror: true")
    net, other = build(gpu, data), build("cpu", data)
    same(net, other, 1)
    (kernel,) = net.layers[0].kernels
    fake_cuda.streams.late[kernel.stream.ptr] = fake_cuda.streams.deque()
    same(net, other)
    net.close(), other.close()


@pytest.mark.skipif(REAL, reason="a real device has its own will")
def test_memory_serves_again_when_it_has_been_copied(gpu, tmp_path, monkeypatch):
    """The host is ahead here: the device has done nothing yet of what was queued."""
    data = layer(database(tmp_path, pictures()), "crop_size: 6 mirror: true")
    net, other = build(gpu, data), build("cpu", data)
    same(net, other, 1)
    (kernel,) = net.layers[0].kernels
    recycle = Collector.recycle

    def overwrite(collector, batch):
        batch.pictures[...] = 0
        recycle(collector, batch)

    monkeypatch.setattr(Collector, "recycle", overwrite)
    device = net.context.accelerator
    for stream in (kernel.stream, device.stream):
        fake_cuda.streams.late[stream.ptr] = fake_cuda.streams.deque()
    found = []
    for _ in range(7):
        net.forward()
        with device.computing():
            found.append(net.blob("data").values.read(Place.DEVICE).copy())
    with device.computing():
        for batch in found:
            other.forward()
            assert_array_equal(batch.get(), other.blobs["data"].data)
    net.close(), other.close()


@pytest.mark.skipif(REAL, reason="asks the fake device")
def test_bytes_lie_in_page_locked_memory(gpu, tmp_path):
    net = build(gpu, layer(database(tmp_path, pictures())))
    for _ in range(4):
        net.forward()
    held = [begun.batch for begun in net.layers[0].uploads._begun]
    assert len(held) == 2
    for batch in held:
        for array in (batch.pictures, batch.cuts):
            assert fake_cuda.memory.is_pinned(array.ctypes.data, array.nbytes)
    net.close()


def test_the_memory_of_batches_serves_again(gpu, tmp_path):
    net = build(gpu, layer(database(tmp_path, pictures())))
    seen = {}
    for _ in range(30):
        net.forward()
        seen |= {id(begun.batch): begun.batch for begun in net.layers[0].uploads._begun}
    assert len(seen) <= 2 + 4 + 2, "under way, prefetched, at hand and being filled"
    net.close()


def test_rooms_for_bytes_are_reckoned_before_the_first_batch(gpu, tmp_path):
    path = database(tmp_path, pictures())
    needs = []
    for device in (gpu, "cpu"):
        net = build(device, layer(path, "crop_size: 6"))
        needs.append(footprint.of(net).blobs)
        net.close()
    assert needs[0] - needs[1] == 2 * BATCH * np.prod(SIZE)
    (tmp_path / "floats").mkdir()
    path = database(tmp_path / "floats", [caffe_pb2.Datum(
        channels=1, height=2, width=2, float_data=[1, 2, 3, 4])])
    net = build(gpu, layer(path))
    assert net.layers[0].device_bytes == 0
    net.close()
