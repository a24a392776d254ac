import cv2
import numpy as np
import pytest

from caffepy.data.augment.boxes import NONE
from caffepy.data.augment.noise import Noise
from caffepy.data.draws import Dice
from caffepy.errors import ConfigError, DataError, ShapeError
from caffepy.proto import caffe_pb2, text

RNG = np.random.default_rng(1701)
PIXELS = cv2.GaussianBlur(RNG.integers(0, 256, (40, 50, 3), np.uint8), (5, 5), 2)


def run(words, pixels=PIXELS, number=0):
    param = caffe_pb2.NoiseParameter()
    text.parse(words, param)
    before = pixels.copy()
    made, boxes = Noise(param)(pixels, NONE, Dice(5, number))
    assert boxes is NONE
    np.testing.assert_array_equal(pixels, before)
    return made


def brightened(change):
    planes = list(cv2.split(cv2.cvtColor(PIXELS, cv2.COLOR_BGR2YCrCb)))
    planes[0] = change(planes[0])
    return cv2.cvtColor(cv2.merge(planes), cv2.COLOR_YCrCb2BGR)


def jpeg(quality, flag, pixels=PIXELS):
    _, packed = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return cv2.imdecode(packed, flag)


def test_nothing_asked_nothing_done():
    np.testing.assert_array_equal(run("prob: 1"), PIXELS)


def test_decolorize():
    gray = cv2.cvtColor(PIXELS, cv2.COLOR_BGR2GRAY)
    np.testing.assert_array_equal(run("decolorize: true"), np.stack([gray] * 3, 2))


def test_gauss_blur():
    np.testing.assert_array_equal(run("gauss_blur: true"), cv2.GaussianBlur(PIXELS, (7, 7), 1.5))


def test_hist_eq():
    np.testing.assert_array_equal(run("hist_eq: true"), brightened(cv2.equalizeHist))
    gray = PIXELS[..., 0].copy()
    np.testing.assert_array_equal(run("hist_eq: true", gray), cv2.equalizeHist(gray))


def test_clahe():
    change = cv2.createCLAHE(clipLimit=4).apply
    made = run("clahe: true")
    np.testing.assert_array_equal(made, brightened(change))
    assert not np.array_equal(made, brightened(cv2.createCLAHE().apply)), "the limit counts"
    gray = PIXELS[..., 0].copy()
    np.testing.assert_array_equal(run("clahe: true", gray), change(gray))


def test_jpeg():
    np.testing.assert_array_equal(run("jpeg: 20.7"), jpeg(20, cv2.IMREAD_COLOR))
    gray = PIXELS[..., 0].copy()
    np.testing.assert_array_equal(run("jpeg: 20", gray), jpeg(20, cv2.IMREAD_GRAYSCALE, gray))


def test_erode():
    wide = np.pad(PIXELS, ((1, 1), (1, 1), (0, 0)), constant_values=255)
    least = np.min([wide[1:-1, 1:-1], wide[:-2, 1:-1], wide[2:, 1:-1], wide[1:-1, :-2],
                    wide[1:-1, 2:]], axis=0)
    np.testing.assert_array_equal(run("erode: true"), least)


def test_posterize():
    made = run("posterize: true")
    assert set(np.unique(made).tolist()) <= {32, 96, 160, 224}
    assert abs(made.astype(int) - PIXELS).max() <= 32


def test_inverse():
    np.testing.assert_array_equal(run("inverse: true"), 255 - PIXELS)


def test_saltpepper():
    words = "saltpepper: true saltpepper_param {{ fraction: 0.1 {} }}"
    made = run(words.format("value: 1 value: 2 value: 3"))
    changed = (made != PIXELS).any(2)
    assert (made[changed] == (1, 2, 3)).all()
    assert 150 < changed.sum() <= 200, "of 200 draws some hit the same pixel"
    rows, columns = np.nonzero(changed)
    assert set(rows.tolist()) >= {0, 39} or (rows.min() < 2 and rows.max() > 37)
    assert columns.min() < 3 and columns.max() > 46
    again = (run(words.format("value: 1 value: 2 value: 3"), number=1) != PIXELS).any(2)
    assert not np.array_equal(again, changed), "each record has its own"
    gray = PIXELS[..., 0].copy()
    made = run(words.format("value: 255"), gray)
    assert (made[made != gray] == 255).all() and (made != gray).sum() > 100
    with pytest.raises(ShapeError, match="2 values for 3 channels"):
        run(words.format("value: 1 value: 2"))


def test_convert_to_hsv():
    np.testing.assert_array_equal(run("convert_to_hsv: true"),
                                  cv2.cvtColor(PIXELS, cv2.COLOR_BGR2HSV))


def test_convert_to_lab():
    made = run("convert_to_lab: true")
    assert made.dtype == np.float32
    np.testing.assert_allclose(made, cv2.cvtColor(
        (PIXELS / 255).astype(np.float32), cv2.COLOR_BGR2Lab), atol=1e-3)


def test_all_in_the_fork_s_order():
    gray = cv2.cvtColor(PIXELS, cv2.COLOR_BGR2GRAY)
    step = cv2.GaussianBlur(cv2.cvtColor(gray, cv2.COLOR_GRAY2BGR), (7, 7), 1.5)
    step = jpeg(40, cv2.IMREAD_COLOR, step)
    step = cv2.erode(step, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3)))
    step = cv2.cvtColor(255 - (step // 64 * 64 + 32), cv2.COLOR_BGR2HSV)
    made = run("convert_to_hsv: true inverse: true posterize: true erode: true jpeg: 40 "
               "gauss_blur: true decolorize: true")
    np.testing.assert_array_equal(made, step)


@pytest.mark.parametrize("word", ["decolorize", "convert_to_hsv", "convert_to_lab"])
def test_what_asks_for_colours(word):
    with pytest.raises(DataError, match=f"{word} asks for colours .found 1 channel.*force_color"):
        run(f"{word}: true", PIXELS[..., 0].copy())


@pytest.mark.parametrize("words, message", [
    ("saltpepper_param { fraction: 2 }", "fraction is a share of the pixels .found 2"),
    ("saltpepper_param { value: 300 }", "that of a byte .found 300"),
    ("jpeg: 101", "jpeg is a quality .found 101"),
    ("convert_to_hsv: true convert_to_lab: true", "exclude each other"),
])
def test_what_cannot_be(words, message):
    with pytest.raises(ConfigError, match=message):
        run(words)
