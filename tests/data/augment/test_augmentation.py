"""The changes of transform_param one after the other, and on the layers that read pictures."""

import logging
import subprocess
import sys

import cv2
import numpy as np
import pytest
from recorded_data import FOLDER, make_db
from support import build

from caffepy.core.net import Net
from caffepy.data.augment.augmentation import Augmentation
from caffepy.data.course import Worker
from caffepy.errors import ConfigError, DataError
from caffepy.proto import caffe_pb2, text
from caffepy.proto.caffe_pb2 import TEST, TRAIN

PICTURE = np.random.default_rng(1701).integers(0, 256, (3, 20, 30), np.uint8)
WORDS = ("resize_param { height: 17 width: 13 interp_mode: AREA } "
         "noise_param { inverse: true } crop_h: 11 crop_w: 9 mean_value: 3")


OWN = caffe_pb2.AnnotatedDataParameter


def augmentation(words, own=None, seed=1, phase=TRAIN):
    param = caffe_pb2.TransformationParameter()
    text.parse(words, param)
    return Augmentation(param, Worker(phase, seed, "data"), own)


def expected(picture):
    """What WORDS make of a picture file's pixels, in TEST."""
    resized = 255 - cv2.resize(picture, (13, 17), interpolation=cv2.INTER_AREA)
    return resized[3:14, 2:11].transpose(2, 0, 1).astype(np.float32) - 3


def forward(line):
    layer, bottom, top = build(line, phase="TEST")
    layer.forward(bottom, top)
    data = top[0].data.copy()
    layer.close()
    return data


def test_nothing_asked_nothing_done():
    assert not augmentation("crop_size: 3 mirror: true scale: 2")
    assert not augmentation("emit_constraint { }")
    assert augmentation("distort_param { }", OWN()) and augmentation("noise_param { }")


def test_changes_are_loaded_where_one_is_asked_for():
    code = ("import sys, caffepy.layers.data.data\n"
            "from caffepy.data.augment.augmentation import Augmentation, P, Worker\n"
            "Augmentation(P(scale=2, mirror=True, crop_size=3, mean_value=[1]), Worker(0))\n"
            "loaded = [name for name in sys.modules if 'data.augment.' in name]\n"
            "assert len(loaded) == 3, loaded\n"
            "assert Augmentation(P(padding=1), Worker(0))")
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


@pytest.mark.parametrize("words, in_test", [
    ("max_rotation_angle: 9", False), ("affine_param { }", False), ("perspective_param { }", False),
    ("crop_size: 9 multi_scale: true", False), ("crop_size: 9 fix_crop: true", False),
    ("max_color_shift: 9", False), ("contrast_brightness_adjustment: true", False),
    ("smooth_filtering: true", False), ("lighting_param { }", False), ("blur_param { }", False),
    ("gauss_noise_param { }", False), ("jpeg_param { }", False),
    ("padding: 1", True), ("min_side: 9", True), ("min_side_min: 9 min_side_max: 9", True),
    ("random_resize_param { }", True), ("img_rand_resize_lower: 9", True),
    ("crop_size: 9 random_aspect_ratio_param { }", True),
    ("crop_size: 9 original_image: true", True),
    ("expand_param { max_expand_ratio: 2 }", True), ("distort_param { }", True),
])
def test_phases(words, in_test):
    assert augmentation(words)
    assert bool(augmentation(words, phase=TEST)) == in_test


def test_expand_sample_and_resize_in_this_order():
    change = augmentation("expand_param { max_expand_ratio: 4 } "
                          "resize_param { height: 8 width: 9 }", OWN(batch_sampler=[{}]))
    made = change(PICTURE, 3, 0)
    assert made.picture.shape == (3, 8, 9) and made.stretch is None and made.boxes.shape == (0, 7)
    assert (PICTURE == np.random.default_rng(1701).integers(0, 256, (3, 20, 30), np.uint8)).all()


def test_draws_of_one_step_do_not_hang_on_the_others():
    resize = "resize_param { height: 9 width: 9 interp_mode: LINEAR interp_mode: NEAREST }"
    alone = augmentation(resize, OWN())
    with_others = augmentation(f"{resize} distort_param {{ }} expand_param {{ prob: 0 "
                               "max_expand_ratio: 2 }", OWN())
    for number in range(20):
        np.testing.assert_array_equal(alone(PICTURE, number, 0).picture,
                                      with_others(PICTURE, number, 0).picture)


def test_draws_hang_on_seed_and_number():
    words = "noise_param { saltpepper: true saltpepper_param { fraction: 0.5 } }"
    made = {augmentation(words, seed=seed)(PICTURE, number, 0).picture.tobytes()
            for seed in (1, 2) for number in (0, 1)}
    assert len(made) == 4
    distort = "brightness_prob: 1 brightness_delta: 99 random_order_prob: 1"
    change = augmentation(f"distort_param {{ {distort} }} expand_param {{ max_expand_ratio: 3 }}",
                          OWN())
    shifts, sizes = [], []
    for number in range(200):
        picture = change(PICTURE, number, 0).picture
        shifts.append(float(picture.max()))
        sizes.append(picture.shape[1])
    assert abs(np.corrcoef(shifts, sizes)[0, 1]) < 0.25, "steps draw each their own"


def test_the_size_is_the_batch_s_and_all_else_the_record_s():
    sizes = " ".join(f"resize_param {{ prob: 0.5 height: {size} width: 4 }}" for size in (5, 6))
    salt = "noise_param { saltpepper: true saltpepper_param { fraction: 0.5 } }"
    change = augmentation(f"{sizes} {salt}")
    starts = range(0, 80, 4)
    tall = {start: {change(PICTURE, start + i, start).picture.shape[1] for i in range(4)}
            for start in starts}
    assert {len(one) for one in tall.values()} == {1} and len(set.union(*tall.values())) == 2
    one, other = (change(PICTURE, number, 0).picture for number in (0, 1))
    assert not np.array_equal(one, other)
    np.testing.assert_array_equal(one, change(PICTURE, 0, 0).picture)


def test_what_opencv_cannot_do_is_said():
    many = np.zeros((7, 20, 30), np.uint8)
    for words in ("affine_param { max_rotate_angle: 9 }", "jpeg_param { }"):
        with pytest.raises(DataError, match=r"cannot be changed \((affine|jpeg)\).*7 channels"):
            augmentation(words)(many, 0, 0)
    assert augmentation("padding: 1 blur_param { }")(many, 0, 0).picture.shape == (7, 22, 32)


def test_image_data():
    data = forward(f'type: "ImageData" top: "data" transform_param {{ {WORDS} }} '
                   f'image_data_param {{ source: "{FOLDER}/list.txt" batch_size: 3 '
                   f'root_folder: "{FOLDER}/images/" }}')
    names = [row.split()[0] for row in (FOLDER / "list.txt").read_text().splitlines()]
    for got, name in zip(data, names, strict=False):
        np.testing.assert_array_equal(got, expected(cv2.imread(str(FOLDER / "images" / name))))


@pytest.mark.parametrize("kind", ["encoded", "raw"])
def test_data(tmp_path, kind):
    pixels = PICTURE.transpose(1, 2, 0)
    datum = caffe_pb2.Datum(channels=3, height=20, width=30, data=PICTURE.tobytes())
    if kind == "encoded":
        datum = caffe_pb2.Datum(encoded=True, data=cv2.imencode(".png", pixels)[1].tobytes())
    source = make_db(tmp_path / "db", [(b"0", datum.SerializeToString())])
    data = forward(f'type: "Data" top: "data" data_param {{ source: "{source}" backend: LMDB '
                   f"batch_size: 2 }} transform_param {{ {WORDS} }}")
    np.testing.assert_array_equal(data, [expected(pixels)] * 2)


def test_memory_data():
    layer, bottom, top = build(
        'type: "MemoryData" top: "data" top: "label" memory_data_param { batch_size: 1 '
        f"channels: 3 height: 11 width: 9 }} transform_param {{ {WORDS} }}", phase="TEST")
    layer.add_datums([caffe_pb2.Datum(channels=3, height=20, width=30, data=PICTURE.tobytes())])
    layer.forward(bottom, top)
    np.testing.assert_array_equal(top[0].data[0], expected(PICTURE.transpose(1, 2, 0)))


def test_what_boxes_alone_know_is_passed_over_elsewhere(tmp_path, caplog, monkeypatch):
    """As in SSD's fork; and a word of another fork that nobody follows is still refused."""
    monkeypatch.setattr(logging.getLogger("caffepy"), "propagate", True)
    caplog.set_level(logging.INFO, "caffepy")
    datum = caffe_pb2.Datum(channels=3, height=20, width=30, data=PICTURE.tobytes())
    source = make_db(tmp_path / "db", [(b"0", datum.SerializeToString())])

    def net(words):
        param = caffe_pb2.NetParameter()
        text.parse(f'layer {{ name: "d" type: "Data" top: "data" data_param {{ source: "{source}" '
                   f"backend: LMDB batch_size: 1 }} transform_param {{ {words} }} }}", param)
        return Net(param, TRAIN)

    made = net("emit_constraint { emit_type: CENTER }")
    made.forward()
    np.testing.assert_array_equal(made.blobs["data"].data, PICTURE[None])
    assert "no number depends on it: transform_param.emit_constraint" in caplog.text
    made.close()
    with pytest.raises(ConfigError, match="transform_param.pad_ratio is not obeyed by Data"):
        net("pad_ratio: 3")
