import cv2
import numpy as np
import pytest

from caffepy.data.augment.boxes import NONE
from caffepy.data.augment.distort import Distort
from caffepy.data.draws import Dice
from caffepy.errors import ConfigError, DataError
from caffepy.proto import caffe_pb2, text

RNG = np.random.default_rng(1701)
PIXELS = RNG.integers(0, 256, (9, 11, 3), np.uint8)


def distort(words):
    param = caffe_pb2.DistortionParameter()
    text.parse(words, param)
    return Distort(param)


def run(words, number=0, pixels=PIXELS):
    before = pixels.copy()
    made, boxes = distort(words)(pixels, NONE, Dice(5, number))
    assert boxes is NONE
    np.testing.assert_array_equal(pixels, before)
    return made


def rounded(values):
    """As OpenCV's convertTo rounds to bytes."""
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def test_nothing_asked_nothing_done():
    np.testing.assert_array_equal(run(""), PIXELS)


def test_brightness_is_one_number_for_all():
    shifts = []
    for number in range(200):
        made = run("brightness_prob: 1 brightness_delta: 32", number)
        low = np.median(made.astype(int) - PIXELS)
        shifts.append(low)
        np.testing.assert_array_equal(made, rounded(PIXELS + float(low)))
    assert -32 <= min(shifts) < -28 and 28 < max(shifts) <= 32
    assert abs(np.mean(shifts)) < 4  # standard deviation 1.3


def test_contrast_is_one_factor_for_all():
    factors = []
    bright = PIXELS[..., 0] > 60
    for number in range(200):
        made = run("contrast_prob: 1 contrast_lower: 0.5 contrast_upper: 1.5", number)
        dark = bright & (made[..., 0] < 255)
        factor = (made[dark][:, 0] / PIXELS[dark][:, 0]).mean()
        factors.append(factor)
        difference = made.astype(int) - rounded(PIXELS * factor)
        assert abs(difference).max() <= 1, "the factor is known to a hundredth"
    assert 0.5 <= min(factors) < 0.53 and 1.4 < max(factors) <= 1.51


@pytest.mark.parametrize("words, channel, factor, shift", [
    ("saturation_prob: 1 saturation_lower: 0.5 saturation_upper: 0.5", 1, 0.5, 0),
    ("saturation_prob: 1 saturation_lower: 1.5 saturation_upper: 1.5", 1, 1.5, 0),
    ("saturation_prob: 1 saturation_lower: 1 saturation_upper: 1", 1, 1, 0),
])
def test_saturation_in_hsv(words, channel, factor, shift):
    hsv = cv2.cvtColor(PIXELS, cv2.COLOR_BGR2HSV)
    hsv[..., channel] = rounded(hsv[..., channel] * factor + shift)
    np.testing.assert_array_equal(run(words), cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR))


def test_hue_is_shifted_in_hsv():
    """One number for all; below 0 it stays at 0, and above 180 it goes round, as with OpenCV."""
    hsv = cv2.cvtColor(PIXELS, cv2.COLOR_BGR2HSV)
    candidates = {}
    for shift in np.arange(-18, 19):
        turned = hsv.copy()
        turned[..., 0] = rounded(turned[..., 0].astype(float) + shift)
        candidates[int(shift)] = cv2.cvtColor(turned, cv2.COLOR_HSV2BGR)
    seen = set()
    for number in range(150):
        made = run("hue_prob: 1 hue_delta: 18", number)
        fit = [shift for shift, pixels in candidates.items() if np.array_equal(made, pixels)]
        assert len(fit) == 1
        seen |= set(fit)
    assert min(seen) < -14 and max(seen) > 14 and len(seen) > 25


def test_all_orders_of_channels_come():
    seen = set()
    for number in range(100):
        made = run("random_order_prob: 1", number)
        order = tuple(next(i for i in range(3) if np.array_equal(made[..., k], PIXELS[..., i]))
                      for k in range(3))
        seen.add(order)
    assert len(seen) == 6


def test_each_is_done_with_its_probability():
    for words in ("brightness_prob: 0.3 brightness_delta: 30", "contrast_prob: 0.3 "
                  "contrast_lower: 0.4 contrast_upper: 0.6", "hue_prob: 0.3 hue_delta: 18",
                  "saturation_prob: 0.3 saturation_lower: 0.2 saturation_upper: 0.5"):
        done = sum(not np.array_equal(run(words, number), PIXELS) for number in range(400))
        assert 85 < done < 155, words  # 120 expected, standard deviation 9


def test_contrast_comes_before_saturation_as_often_as_behind():
    words = ("contrast_prob: 1 contrast_lower: 1.5 contrast_upper: 1.5 "
             "saturation_prob: 1 saturation_lower: 0.5 saturation_upper: 0.5")

    def saturated(pixels):
        hsv = cv2.cvtColor(pixels, cv2.COLOR_BGR2HSV)
        hsv[..., 1] = rounded(hsv[..., 1] * 0.5)
        return cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR)

    first = saturated(rounded(PIXELS * 1.5))
    last = rounded(saturated(PIXELS) * 1.5)
    assert not np.array_equal(first, last)
    which = []
    for number in range(200):
        made = run(words, number)
        assert np.array_equal(made, first) or np.array_equal(made, last)
        which.append(np.array_equal(made, first))
    assert 70 < sum(which) < 130


def test_gray_pictures():
    gray = PIXELS[..., 0].copy()
    made = run("contrast_prob: 1 contrast_lower: 0.5 contrast_upper: 0.5", pixels=gray)
    np.testing.assert_array_equal(made, rounded(gray * 0.5))
    with pytest.raises(DataError, match="those of a colour picture .found 1 channels.*force_color"):
        run("hue_prob: 1 hue_delta: 3", pixels=gray)


@pytest.mark.parametrize("words, message", [
    ("brightness_delta: -1", "brightness_delta must not be negative .found -1"),
    ("hue_delta: -1", "hue_delta must not be negative"),
    ("contrast_lower: 2 contrast_upper: 1", "bounds of contrast .found 2 to 1"),
    ("saturation_lower: -1", "bounds of saturation"),
    ("exposure_lower: 1", "exposure_lower is not obeyed"),
])
def test_what_cannot_be(words, message):
    with pytest.raises(ConfigError, match=message):
        distort(words)
