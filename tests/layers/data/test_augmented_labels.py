"""Pictures of labels go where their pictures go."""

import cv2
import numpy as np
import pytest
from support import build

from caffepy.errors import ConfigError

RNG = np.random.default_rng(1701)
LABELS = cv2.resize(RNG.integers(1, 10, (6, 8), np.uint8), (40, 30),
                    interpolation=cv2.INTER_NEAREST)
NEAREST = "interp_mode: NEAREST"
RESIZE = f"resize_param {{ {NEAREST} }}"
MOVES = {
    "padding": "padding: 5",
    "affine": f"affine_param {{ max_rotate_angle: 30 max_shear_ratio: 0.3 {NEAREST} }}",
    "perspective": f"perspective_param {{ max_shift: 0.2 {NEAREST} }}",
    "windows": f"random_aspect_ratio_param {{ min_area_ratio: 0.2 {RESIZE} }} crop_size: 20",
    "sizes": f"random_resize_param {{ min_size: 20 max_size: 28 {RESIZE} }} crop_size: 20",
    "stretch": "vertical_stretch_lower: 0.6 vertical_stretch_upper: 0.9 crop_size: 18",
    "resize": f"resize_param {{ height: 21 width: 24 {NEAREST} "
              "resize_mode: FIT_LARGE_SIZE_AND_PAD }",
    "expand": "expand_param { max_expand_ratio: 1.5 } crop_size: 30",
    "colours": "noise_param { }",
    "all": f"affine_param {{ max_rotate_angle: 30 {NEAREST} }} padding: 2 mirror: true "
           f"random_aspect_ratio_param {{ {RESIZE} }} crop_size: 16",
}
KINDS = {
    "ImageSegData": ("image_data_param", "label_type: PIXEL ignore_label: 99", 99),
    "DenseImageData": ("dense_image_data_param", "", 255),
    "ImageLabelmapData": ("image_data_param", "normalize: false", 0),
}


@pytest.fixture
def listed(tmp_path):
    """A gray picture whose pixels are twenty times their labels."""
    cv2.imwrite(str(tmp_path / "picture.png"), LABELS * 20)
    cv2.imwrite(str(tmp_path / "labels.png"), LABELS)
    (tmp_path / "list").write_text(f"{tmp_path}/picture.png {tmp_path}/labels.png\n")
    return tmp_path / "list"


def run(kind, listed, words, count=12, own=""):
    field, settings, _ = KINDS[kind]
    layer, bottom, top = build(
        f'type: "{kind}" top: "data" top: "label" {field} {{ source: "{listed}" batch_size: 1 '
        f"is_color: false {settings} {own} }} transform_param {{ {words} }}", phase="TRAIN")
    found = []
    for _ in range(count):
        layer.forward(bottom, top)
        found.append((top[0].data[0, 0].copy(), top[1].data[0, 0].copy()))
    layer.close()
    return found


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("move", MOVES)
def test_alike(listed, kind, move):
    outside = KINDS[kind][2]
    found = run(kind, listed, MOVES[move])
    beyond = 0
    for picture, labels in found:
        assert picture.shape == labels.shape
        gone = labels == outside
        np.testing.assert_array_equal(picture, np.where(gone, 0, labels * 20))
        beyond += gone.sum()
    assert (beyond > 0) == (move in ("padding", "affine", "perspective", "resize", "expand", "all"))
    assert (len({labels.tobytes() for _, labels in found}) > 1) == (
        move not in ("padding", "resize", "colours"))


def test_deeplab_s_own_words_come_after(listed):
    words = "scale_factors: 0.5 crop_height: 12 crop_width: 10 padding: 4 mirror: true"
    for picture, labels in run("ImageSegData", listed, words):
        assert labels.shape == (12, 10)
        inside = labels != 99
        assert 20 <= picture[inside].min() and picture[inside].max() <= 180


def test_smaller_labels_are_not_moved(listed):
    with pytest.raises(ConfigError, match="labels that are smaller than pictures are not moved"):
        run("DenseImageData", listed, "padding: 1", own="label_divide_factor: 2")
