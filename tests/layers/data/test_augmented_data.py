"""transform_param's random changes in the layers: the same from databases and from files, whatever
threads read; gone on with exactly; the padded crop, the mirror and cutout by their formulas."""

import cv2
import numpy as np
import pytest
from recorded_data import make_db
from support import build

from caffepy.core.context import Context
from caffepy.core.net import Net
from caffepy.data.draws import Dice, draws, stream_key
from caffepy.errors import CaffeError
from caffepy.proto import caffe_pb2, text
from caffepy.proto.caffe_pb2 import TRAIN
from caffepy.settings import Settings

RNG = np.random.default_rng(1701)
PICTURES = [cv2.GaussianBlur(RNG.integers(0, 256, (40, 50, 3), np.uint8), (5, 5), 1)
            for _ in range(7)]
ALL = """crop_size: 24 mirror: true mean_value: 100 scale: 0.5
  distort_param { brightness_prob: 0.5 brightness_delta: 32 saturation_prob: 0.5
                  saturation_lower: 0.5 saturation_upper: 1.5 hue_prob: 0.5 hue_delta: 18 }
  affine_param { max_rotate_angle: 20 max_shear_ratio: 0.2 max_random_shift: 0.1 }
  perspective_param { max_shift: 0.1 }
  random_aspect_ratio_param { min_area_ratio: 0.2 aspect_ratio_change: 0.8 }
  lighting_param { } blur_param { prob: 0.5 } gauss_noise_param { max_std: 9 }
  jpeg_param { prob: 0.5 } padding: 2 cutout_param { size: 6 }"""
SEED = 5


@pytest.fixture
def sources(tmp_path):
    """The pictures as a database and as files; PNG, so that nothing is lost."""
    packed = [cv2.imencode(".png", picture)[1].tobytes() for picture in PICTURES]
    pairs = [(b"%08d" % i, caffe_pb2.Datum(data=data, encoded=True, label=i).SerializeToString())
             for i, data in enumerate(packed)]
    for i, data in enumerate(packed):
        (tmp_path / f"{i}.png").write_bytes(data)
    (tmp_path / "list.txt").write_text("".join(f"{i}.png {i}\n" for i in range(7)))
    return {
        "Data": f'data_param {{ source: "{make_db(tmp_path / "db", pairs)}" backend: LMDB '
                "batch_size: 3 }",
        "ImageData": f'image_data_param {{ source: "{tmp_path}/list.txt" '
                     f'root_folder: "{tmp_path}/" batch_size: 3 }}',
    }


def net(kind, source, words, threads=1, seed=SEED):
    param = caffe_pb2.NetParameter()
    text.parse(f'name: "n" layer {{ name: "d" type: "{kind}" top: "data" top: "label" {source} '
               f"transform_param {{ {words} }} }}", param)
    return Net(param, TRAIN, context=Context(seed=seed, settings=Settings(decoders=threads)))


def batches(made, count=4):
    found = []
    for _ in range(count):
        made.forward()
        found.append(made.blobs["data"].data.copy())
    return found


def test_one_and_the_same_from_databases_and_files_and_by_any_number_of_threads(sources):
    expected = batches(net("Data", sources["Data"], ALL))
    assert expected[0].shape == (3, 3, 24, 24) and len({one.tobytes() for one in expected}) == 4
    for kind, threads in (("Data", 3), ("ImageData", 1), ("ImageData", 3)):
        for got, one in zip(batches(net(kind, sources[kind], ALL, threads)), expected,
                            strict=True):
            np.testing.assert_array_equal(got, one)
    other = batches(net("Data", sources["Data"], ALL, seed=6), 1)
    assert not np.array_equal(other[0], expected[0])


def test_gone_on_with(sources):
    whole = net("Data", sources["Data"], ALL)
    expected = batches(whole)
    resumed = net("Data", sources["Data"], ALL)
    resumed.layers[0].position = 6
    for got, one in zip(batches(resumed, 2), expected[2:], strict=True):
        np.testing.assert_array_equal(got, one)


def test_the_padded_crop_the_mirror_and_cutout_by_their_formulas(sources):
    words = "crop_size: 40 mirror: true padding: 4 scale: 0.5 cutout_param { size: 8 }"
    got = np.concatenate(batches(net("Data", sources["Data"], f"{words} mean_value: 10"), 4))
    for number, found in enumerate(got):
        picture = PICTURES[number % 7].transpose(2, 0, 1)
        padded = np.pad(picture, ((0, 0), (4, 4), (4, 4)), constant_values=10)
        flip, row, column = (
            int(draws(stream_key(SEED, "net/d/transform"), np.array([3 * number + i]), below)[0])
            for i, below in enumerate((2, 9, 19)))
        expected = padded[:, row : row + 40, column : column + 40].astype(np.float32)
        expected = (expected[..., ::-1] if flip else expected) - 10
        dice = Dice(stream_key(SEED, "net/d/cutout"), number)
        dice.uniform()
        top, left = dice.below(40) - 4, dice.below(40) - 4
        expected[:, max(top, 0) : top + 8, max(left, 0) : left + 8] = 0
        np.testing.assert_array_equal(found, expected * np.float32(0.5))


def test_gray_records_of_a_plain_database(tmp_path):
    """Fashion-MNIST's kind."""
    gray = RNG.integers(1, 256, (1, 28, 28), np.uint8)
    datum = caffe_pb2.Datum(channels=1, height=28, width=28, data=gray.tobytes(), label=1)
    source = make_db(tmp_path / "db", [(b"0", datum.SerializeToString())])
    line = (f'type: "Data" top: "data" top: "label" data_param {{ source: "{source}" backend: LMDB '
            "batch_size: 64 }} transform_param {{ crop_size: 28 mirror: true padding: 3 "
            "cutout_param {{ size: 8 }} scale: 0.00390625 }}").replace("{{", "{").replace("}}", "}")
    layer, bottom, top = build(line, phase="TRAIN")
    layer.forward(bottom, top)
    assert top[0].shape == (64, 1, 28, 28)
    assert len({one.tobytes() for one in top[0].data}) > 50
    layer.close()
    layer, bottom, top = build(line, phase="TEST")
    layer.forward(bottom, top)
    scaled = gray * np.float32(0.00390625)
    for one in top[0].data:
        assert np.array_equal(one, scaled) or np.array_equal(one, scaled[..., ::-1])
    layer.close()


FORKS = {  # whose, and what a layer of theirs says
    "NVIDIA": "mirror: true crop_size: 24 img_rand_resize_lower: 28 img_rand_resize_upper: 36 "
              "rand_resize_ratio_lower: 1 rand_resize_ratio_upper: 1.2 vertical_stretch_lower: 0.9 "
              "vertical_stretch_upper: 1.1 horizontal_stretch_lower: 0.9 "
              "horizontal_stretch_upper: 1.1 allow_upscale: true "
              "interpolation_algo_down: INTER_AREA "
              "interpolation_algo_up: INTER_LINEAR use_gpu_transform: true random_seed: 7 "
              "display: false num_labels: 0",
    "Intel, sizes": "mirror: true crop_size: 24 random_resize_param { min_size: 28 max_size: 36 "
                    "resize_param { interp_mode: CUBIC } }",
    "Intel, windows": "mirror: true crop_size: 24 random_aspect_ratio_param { min_area_ratio: 0.08 "
                      "max_area_ratio: 1 aspect_ratio_change: 0.75 max_attempt: 10 "
                      "resize_param { interp_mode: CUBIC } }",
    "yjxiong": "crop_size: 24 mirror: true fix_crop: true more_fix_crop: true multi_scale: true "
               "max_distort: 1 scale_ratios: [1, .875, .75, .66]",
    "yjxiong, whole": "crop_size: 24 mirror: true original_image: true",
    "twtygqyy": "mirror: true contrast_brightness_adjustment: true smooth_filtering: true "
                "min_side_min: 26 min_side_max: 32 crop_size: 24 min_contrast: 0.8 "
                "max_contrast: 1.2 max_smooth: 6 apply_probability: 0.5 max_color_shift: 20 "
                "max_brightness_shift: 5 max_rotation_angle: 20 debug_params: false",
    "twtygqyy, one size": "min_side: 26 crop_size: 24",
    "SSD": "crop_h: 24 crop_w: 24 resize_param { prob: 1 resize_mode: WARP height: 30 width: 30 "
           "interp_mode: LINEAR interp_mode: AREA } distort_param { brightness_prob: 0.5 "
           "brightness_delta: 32 contrast_prob: 0.5 contrast_lower: 0.5 contrast_upper: 1.5 } "
           "expand_param { prob: 0.5 max_expand_ratio: 4 } emit_constraint { emit_type: CENTER }",
}


@pytest.mark.parametrize("fork", FORKS)
def test_in_the_forks_own_words(sources, fork):
    expected = batches(net("Data", sources["Data"], FORKS[fork]), 2)
    assert expected[0].shape == (3, 3, 24, 24)
    assert len({one.tobytes() for batch in expected for one in batch}) == 6
    again = batches(net("ImageData", sources["ImageData"], FORKS[fork], threads=2), 2)
    np.testing.assert_array_equal(expected, again)
    other = batches(net("Data", sources["Data"], FORKS[fork], seed=99), 2)
    assert np.array_equal(expected, other) == (fork == "NVIDIA"), "random_seed is the seed"


@pytest.mark.parametrize("words", [
    "random_aspect_ratio_param { } crop_size: 24 original_image: true",
    "random_aspect_ratio_param { }", "cutout_param { }", "padding: 2 mean_file: 'mean'",
])
def test_what_cannot_be_is_said_with_the_layer(sources, words):
    with pytest.raises(CaffeError, match=r"layer 'd' \(Data\)"):
        net("Data", sources["Data"], words)
