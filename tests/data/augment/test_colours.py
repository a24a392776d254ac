"""twtygqyy's colours and filters, lighting, blur, noise and JPEG."""

import cv2
import numpy as np
import pytest

from caffepy.data.augment.adjust import ColorShift, Contrast, Smooth
from caffepy.data.augment.boxes import NONE
from caffepy.data.augment.degrade import Blur, GaussNoise, Jpeg
from caffepy.data.augment.lighting import EIGVAL, EIGVEC, Lighting
from caffepy.data.draws import Dice
from caffepy.errors import ConfigError, DataError
from caffepy.proto import caffe_pb2, text

RNG = np.random.default_rng(1701)
PIXELS = cv2.GaussianBlur(RNG.integers(0, 256, (30, 40, 3), np.uint8), (5, 5), 2)
GRAY = PIXELS[..., 0].copy()
MANY = range(600)


def param(words):
    made = caffe_pb2.TransformationParameter()
    text.parse(words, made)
    return made


def run(change, pixels=PIXELS, number=0):
    before = pixels.copy()
    made, boxes = change(pixels, NONE, Dice(7, number))
    assert boxes is NONE
    np.testing.assert_array_equal(pixels, before)
    return made


def rounded(values):
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def shares(change):
    """Of the records that are changed."""
    return np.mean([run(change, number=number) is not PIXELS for number in MANY])


@pytest.mark.parametrize("kind, words", [
    (ColorShift, "max_color_shift: 9"), (Contrast, "contrast_brightness_adjustment: true"),
    (Smooth, "smooth_filtering: true")])
def test_each_with_its_probability(kind, words):
    assert abs(shares(kind(param(words))) - 0.5) < 0.1  # standard deviation 0.02
    assert abs(shares(kind(param(f"{words} apply_probability: 0.2"))) - 0.2) < 0.08
    assert shares(kind(param(f"{words} apply_probability: 0"))) == 0


def test_color_shift():
    change = ColorShift(param("max_color_shift: 20 apply_probability: 1"))
    shifts = []
    flat = np.full((2, 2, 3), 100, np.uint8)
    for number in MANY:
        made = run(change, flat, number)
        assert (made == made[0, 0]).all()
        shifts.append(made[0, 0].astype(int) - 100)
    shifts = np.array(shifts)
    assert (abs(np.sign(shifts).sum(1)) == (shifts != 0).sum(1)).all(), "all up or all down"
    assert shifts.min() == -20 and shifts.max() == 20 and 0.4 < (shifts.sum(1) > 0).mean() < 0.6
    assert abs(np.corrcoef(abs(shifts).T)[0, 1]) < 0.15
    dark = np.full((2, 2, 3), 3, np.uint8)
    assert min(run(change, dark, number).min() for number in range(40)) == 0
    assert run(change, GRAY).shape == GRAY.shape


def test_contrast():
    change = Contrast(param("min_contrast: 0.5 max_contrast: 1.5 max_brightness_shift: 7 "
                            "apply_probability: 1"))
    for number in range(40):
        dice = Dice(7, number)
        dice.uniform()
        factor, shift = dice.uniform(0.5, 1.5), dice.below(15) - 7
        np.testing.assert_array_equal(run(change, number=number),
                                      rounded(PIXELS * np.float32(factor) + np.float32(shift)))


def test_smooth():
    change = Smooth(param("apply_probability: 1 max_smooth: 6"))
    seen = set()
    for number in range(100):
        dice = Dice(7, number)
        dice.uniform()
        kind, side = dice.below(4), 1 + 2 * dice.below(3)
        seen.add((kind, side))
        made = run(change, number=number)
        if kind == 0:
            expected = cv2.GaussianBlur(PIXELS, (side, side), 0)
        elif kind == 1:
            expected = cv2.blur(PIXELS, (side, side))
        elif kind == 2:
            expected = cv2.medianBlur(PIXELS, side)
        else:
            expected = cv2.boxFilter(PIXELS, -1, (2 * side, 2 * side))
        np.testing.assert_array_equal(made, expected)
    assert len(seen) == 12
    assert run(Smooth(param("apply_probability: 1 max_smooth: 1"))) is PIXELS


def test_lighting():
    change = Lighting(param("lighting_param { }").lighting_param)
    flat = np.full((1, 1, 3), 128, np.uint8)
    shifts = np.array([run(change, flat, number)[0, 0].astype(float) - 128
                       for number in range(4000)])
    # the sum's covariance: the axes with (std * eigval)^2, and what rounding adds
    expected = EIGVEC.T @ np.diag((0.1 * EIGVAL) ** 2) @ EIGVEC + np.eye(3) / 12
    np.testing.assert_allclose(np.cov(shifts.T), expected, rtol=0.1, atol=0.1)
    assert abs(shifts.mean(0)).max() < 0.35  # standard deviation 0.05
    np.testing.assert_allclose(EIGVEC @ EIGVEC.T, np.eye(3), atol=2e-3)


def test_lighting_with_axes_of_ones_own():
    axes = " ".join(f"eigvec: {int(i == j)}" for i in range(3) for j in range(3))
    change = Lighting(param(f"lighting_param {{ std: 1 eigval: 40 eigval: 0 eigval: 1 {axes} }}")
                      .lighting_param)
    dice = Dice(7, 5)
    dice.uniform()
    a = dice.normals(3)
    np.testing.assert_array_equal(run(change, number=5),
                                  rounded(PIXELS + np.float32([40 * a[0], 0, a[2]])))


def test_normals():
    values = np.concatenate([Dice(7, number).normals(500) for number in range(40)])
    assert abs(values.mean()) < 0.03 and abs(values.std() - 1) < 0.02
    assert abs((values**3).mean()) < 0.1 and abs((values**4).mean() - 3) < 0.25
    assert (Dice(7, 1).normals(9) == Dice(7, 1).normals(9)).all()


def test_blur():
    change = Blur(param("blur_param { min_sigma: 1 max_sigma: 1 }").blur_param)
    np.testing.assert_array_equal(run(change), cv2.GaussianBlur(PIXELS, (7, 7), 1))
    change = Blur(param("blur_param { prob: 0.5 min_sigma: 0.5 max_sigma: 3 }").blur_param)
    assert abs(shares(change) - 0.5) < 0.1
    left = [run(change, number=number).std() / PIXELS.std() for number in MANY]
    assert min(left) < 0.55 and len({round(one, 4) for one in left}) > 100


def test_gauss_noise():
    gray = np.full((200, 200), 128, np.uint8)
    change = GaussNoise(param("gauss_noise_param { min_std: 10 max_std: 10 }").gauss_noise_param)
    noise = run(change, gray).astype(float) - 128
    assert abs(noise.mean()) < 0.3 and abs(noise.std() - 10) < 0.2
    assert abs(np.corrcoef(noise[:, 1:].ravel(), noise[:, :-1].ravel())[0, 1]) < 0.03
    assert run(change).shape == PIXELS.shape
    change = GaussNoise(param("gauss_noise_param { max_std: 20 }").gauss_noise_param)
    stds = [run(change, gray[:40, :40], number).std() for number in range(200)]
    assert min(stds) < 1 and 19 < max(stds) < 21 and abs(np.mean(stds) - 10) < 1.5


def test_jpeg():
    change = Jpeg(param("jpeg_param { min_quality: 20 max_quality: 22 }").jpeg_param)
    made = {run(change, number=number).tobytes() for number in range(60)}
    assert made == {cv2.imdecode(cv2.imencode(".jpg", PIXELS, [cv2.IMWRITE_JPEG_QUALITY, q])[1],
                                 cv2.IMREAD_COLOR).tobytes() for q in (20, 21, 22)}
    assert run(change, GRAY).shape == GRAY.shape
    change = Jpeg(param("jpeg_param { prob: 0.3 }").jpeg_param)
    assert abs(shares(change) - 0.3) < 0.09


@pytest.mark.parametrize("make, message", [
    (lambda: ColorShift(param("max_color_shift: 256")), "found 0 to 256"),
    (lambda: Contrast(param("min_contrast: 2 max_contrast: 1")), "contrast: bounds.*2 to 1"),
    (lambda: Contrast(param("max_brightness_shift: 999")), "max_brightness_shift"),
    (lambda: Smooth(param("max_smooth: -1")), "max_smooth"),
    (lambda: Smooth(param("apply_probability: 1.5")), "apply_probability is a probability"),
    (lambda: Lighting(param("lighting_param { std: -1 }").lighting_param), "std must not be"),
    (lambda: Lighting(param("lighting_param { eigval: 1 }").lighting_param), "three axes"),
    (lambda: Blur(param("blur_param { min_sigma: 3 }").blur_param), "max_sigma not below"),
    (lambda: GaussNoise(param("gauss_noise_param { min_std: 9 }").gauss_noise_param), "9 to 0"),
    (lambda: Jpeg(param("jpeg_param { max_quality: 101 }").jpeg_param), "from 1 to 100"),
    (lambda: Jpeg(param("jpeg_param { prob: 2 }").jpeg_param), "prob is a probability"),
])
def test_what_cannot_be(make, message):
    with pytest.raises(ConfigError, match=message):
        make()


def test_axes_of_colours_need_colours():
    with pytest.raises(DataError, match="axes of lighting_param are those of a colour picture"):
        run(Lighting(param("lighting_param { }").lighting_param), GRAY)
