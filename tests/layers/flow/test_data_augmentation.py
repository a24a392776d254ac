import logging
import math

import numpy as np
import pytest
from support import build, run

from caffepy.core.context import Context
from caffepy.core.net import Net
from caffepy.errors import ConfigError, ShapeError
from caffepy.layers.flow._coefficients import NEUTRAL, pack, unpack
from caffepy.proto import caffe_pb2, text

PICTURES = np.random.default_rng(1701).random((2, 3, 7, 9)).astype(np.float32)
AXES = " ".join(f"chromatic_eigvec: {number}" for number in
                (0.51, 0.56, 0.65, 0.79, 0.01, -0.62, 0.35, -0.83, 0.44))
TWO = 'bottom: "x" bottom: "given" top: "y" top: "all"'


def line(words="", size=(4, 5), tops='top: "y" top: "all"', schedule=""):
    crop = f"crop_height: {size[0]} crop_width: {size[1]}" if size else ""
    return (f'type: "DataAugmentation" {tops} augmentation_param {{ {crop} {words} }} '
            f"coeff_schedule_param {{ {schedule} }}")


def always(name, value):
    """A generator's words for this number."""
    return f"{name} {{ mean: {value} }}"


def naive(pictures, rows, size, most=255.0, axes=None):
    """The fork's kernels, pixel by pixel."""
    items = [unpack(np.ravel(row)) for row in rows]
    y = np.zeros((*pictures.shape[:2], *size))
    _, _, bottom, right = pictures.shape
    for n, v in enumerate(items):
        for h in range(size[0]):
            for w in range(size[1]):
                x1 = (-1 if v["mirror"] else 1) * (w - size[1] / 2)
                y1 = h - size[0] / 2
                x2 = math.cos(v["angle"]) * x1 - math.sin(v["angle"]) * y1
                y2 = math.sin(v["angle"]) * x1 + math.cos(v["angle"]) * y1
                x2 = (x2 + v["dx"] * size[1]) / v["zoom_x"] + right / 2
                y2 = (y2 + v["dy"] * size[0]) / v["zoom_y"] + bottom / 2
                x2, y2 = max(0, min(x2, right - 1.05)), max(0, min(y2, bottom - 1.05))
                i, j = int(y2), int(x2)
                a, b = y2 - i, x2 - j
                p = pictures[n]
                y[n, :, h, w] = ((1 - a) * (1 - b) * p[:, i, j] + a * b * p[:, i + 1, j + 1]
                                 + a * (1 - b) * p[:, i + 1, j] + (1 - a) * b * p[:, i, j + 1])
    if axes is not None:
        naive_eigen(pictures, y, items, most, axes)
    if any(v[name] != NEUTRAL[name] for v in items for name in (
            "gamma", "brightness", "contrast", "color1", "color2", "color3")):
        for n, v in enumerate(items):
            for h in range(size[0]):
                for w in range(size[1]):
                    rgb = y[n, :, h, w]
                    colored = rgb * [v["color1"], v["color2"], v["color3"]]
                    colored = np.clip(colored * rgb.sum() / (colored.sum() + 0.01), 0, 1)
                    bright = colored ** v["gamma"] + v["brightness"]
                    y[n, :, h, w] = np.clip(0.5 + (bright - 0.5) * v["contrast"], 0, most)
    return y


def naive_eigen(pictures, y, items, most, axes):
    mean = pictures.mean(axis=(0, 2, 3))
    top = np.abs(np.einsum("ij,njhw->nihw", axes, pictures)).max(axis=(0, 2, 3))
    mean_along = axes @ mean / top
    whole = np.sqrt((top**2).sum())
    for n, v in enumerate(items):
        for h in range(y.shape[2]):
            for w in range(y.shape[3]):
                e = axes @ (y[n, :, h, w] - mean) / top
                for i in range(3):
                    e[i] = math.copysign(abs(e[i]) ** v[f"pow_nomean{i}"], e[i])
                    e[i] = (e[i] + v[f"add_nomean{i}"]) * v[f"mult_nomean{i}"]
                e += mean_along
                e[0] = math.copysign(abs(e[0]) ** v["pow_withmean0"], e[0])
                e[0] = (e[0] + v["add_withmean0"]) * v["mult_withmean0"]
                s = s1 = math.hypot(e[1], e[2])
                if s > 1e-2:
                    s1 = max(s1 ** v["pow_withmean1"] + v["add_withmean1"], 0)
                    s1 *= v["mult_withmean1"]
                turn = v["col_angle"]
                e[1], e[2] = (math.cos(turn) * e[1] - math.sin(turn) * e[2],
                              math.sin(turn) * e[1] + math.cos(turn) * e[2])
                e *= top
                l1 = np.sqrt((e**2).sum()) / whole
                if s > 1e-2:
                    e[1:] *= s1 / s
                now = np.sqrt((e**2).sum())
                l1 = max(l1 ** v["lmult_pow"] + v["lmult_add"], 0) * v["lmult_mult"] * whole
                if now > 1e-2:
                    e = np.minimum(e / now * l1, top)
                y[n, :, h, w] = np.clip(axes.T @ e, 0, most)


def coefficients(**values):
    return np.stack([pack({**NEUTRAL, **values})] * 2)[..., None, None]


@pytest.mark.parametrize("size", [(3, 5), (4, 5), (4, 4), (7, 9)])
def test_the_middle_interpolated_in_test(size):
    y, rows = run(build(line(size=size), PICTURES, phase="TEST"), [PICTURES])
    np.testing.assert_allclose(y, naive(PICTURES, np.zeros((2, 42)), size), rtol=1e-5)
    assert rows.shape == (2, 42, 1, 1) and not rows.any()
    if size == (3, 5):
        np.testing.assert_array_equal(y, PICTURES[:, :, 2:5, 2:7])
    if size == (4, 5):  # half a pixel down
        np.testing.assert_allclose(
            y, (PICTURES[:, :, 1:5, 2:7] + PICTURES[:, :, 2:6, 2:7]) / 2, rtol=1e-5)
    if size == (7, 9):
        np.testing.assert_allclose(y[:, :, :-1, -1], 0.05 * PICTURES[:, :, :-1, -2]
                                   + 0.95 * PICTURES[:, :, :-1, -1], rtol=1e-5)


@pytest.mark.parametrize("values", [
    dict(mirror=1), dict(angle=math.pi), dict(angle=0.4, zoom_x=1.3, zoom_y=0.9),
    dict(dx=0.2, dy=-0.1), dict(mirror=1, angle=-0.3, dx=0.1, zoom_x=1.5, zoom_y=1.2),
    dict(dx=3, dy=-3),
])
def test_where_pixels_come_from(values):
    rows = coefficients(**values)
    y, told = run(build(line(tops=TWO), PICTURES, rows), [PICTURES, rows])
    np.testing.assert_allclose(y, naive(PICTURES, rows, (4, 5)), rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(told, rows)
    if values == dict(mirror=1):
        x = run(build(line(size=(7, 9)), PICTURES, phase="TEST"), [PICTURES])[0]
        assert not np.array_equal(y, x[:, :, 1:5, 2:7])


@pytest.mark.parametrize("values", [
    dict(gamma=1.4), dict(brightness=0.2), dict(contrast=0.7), dict(color1=0.8, color3=1.2),
    dict(gamma=0.8, brightness=-0.3, contrast=1.6, color1=1.1, color2=0.9, color3=1.2),
])
def test_colors(values):
    rows = coefficients(**values)
    rows[1] = 0  # done to all if to one
    y, _ = run(build(line("max_multiplier: 1", tops=TWO), PICTURES, rows), [PICTURES, rows])
    np.testing.assert_allclose(y, naive(PICTURES, rows, (4, 5), 1), rtol=1e-4, atol=1e-5)
    assert (y == 0).any() or (y == 1).any() or len(values) == 1 or "color1" in values


@pytest.mark.parametrize("values", [
    dict(pow_nomean0=1.3, add_nomean0=0.1, mult_nomean0=0.9),
    dict(pow_nomean1=0.8, mult_nomean2=1.4, add_nomean1=-0.1),
    dict(pow_withmean0=1.2, add_withmean0=0.05, mult_withmean0=1.1),
    dict(pow_withmean1=1.3, add_withmean1=-0.05, mult_withmean1=0.8, pow_withmean2=1.3),
    dict(col_angle=0.5), dict(lmult_pow=1.2, lmult_add=0.1, lmult_mult=0.9),
    dict(lmult_mult=3), dict(lmult_add=-2),
])
def test_along_the_axes_of_colors(values):
    rows = coefficients(**values)
    axes = np.array([float(word) for word in AXES.split()[1::2]]).reshape(3, 3)
    y, _ = run(build(line(f"max_multiplier: 1 {AXES}", tops=TWO), PICTURES, rows),
               [PICTURES, rows])
    np.testing.assert_allclose(y, naive(PICTURES, rows, (4, 5), 1, axes), rtol=1e-3, atol=1e-4)


def test_shadow_and_noise():
    rows = coefficients(shadow_angle=0.5, shadow_distance=0.3, shadow_strength=0.2)
    built = build(line("max_multiplier: 1", size=(3, 5), tops=TWO), PICTURES, rows)
    y, _ = run(built, [PICTURES, rows])
    side = (np.arange(5) - 2) * math.cos(0.5) + (np.arange(3) - 1)[:, None] * math.sin(0.5)
    expected = PICTURES[:, :, 2:5, 2:7] - 0.2 * (side > 0.3)
    np.testing.assert_allclose(y, np.maximum(expected, 0), rtol=1e-5, atol=1e-6)
    assert 4 < (side > 0.3).sum() < 11
    big = np.full((2, 3, 60, 60), 0.5, np.float32)
    rows = coefficients(noise=0.1)
    rows[1] = 0
    built = build(line("max_multiplier: 1", size=(50, 50), tops=TWO), big, rows)
    y, _ = run(built, [big, rows])
    assert abs(y[0].std() - 0.1) < 0.01 and abs(y[0].mean() - 0.5) < 0.01
    np.testing.assert_array_equal(y[1], 0.5)
    built[0].forward(*built[1:])
    assert not np.array_equal(built[2][0].data[0], y[0]), "noise is drawn anew"


def test_draws_are_handed_on_to_another_layer():
    words = ('mirror { rand_type: "bernoulli" prob: 0.5 } rotate { spread: 0.3 } zoom { exp: true '
             'mean: 0.2 spread: 0.1 } gamma { exp: true spread: 0.2 } '
             "color { mean: 1 spread: 0.2 }")
    first = build(line(f"max_multiplier: 1 {words}"), PICTURES)
    y, rows = run(first, [PICTURES])
    assert np.count_nonzero(rows[0]) >= 6 and not np.array_equal(rows[0], rows[1])
    assert np.array_equal(rows[:, 4], rows[:, 5]), "zoom is one number"
    np.testing.assert_allclose(y, naive(PICTURES, rows, (4, 5), 1), rtol=1e-3, atol=1e-4)
    second = build(line("max_multiplier: 1", tops=TWO), PICTURES, rows)
    np.testing.assert_allclose(run(second, [PICTURES, rows])[0], y, rtol=1e-6)


def test_crops_lie_within_the_picture():
    """Where all corners are inside, no place is drawn to an end."""
    words = "translate { spread: 0.5 } rotate { spread: 3 }"
    built = build(line(words, size=(3, 3)), PICTURES)
    moved = 0
    for _ in range(20):
        built[0].forward(*built[1:])
        rows = built[2][1].data.copy()
        for row in rows:
            v = unpack(row.ravel())
            for h in (0, 2):
                for w in (0, 2):
                    x1, y1 = w - 1.5, h - 1.5
                    cos, sin = math.cos(v["angle"]), math.sin(v["angle"])
                    x2 = cos * x1 - sin * y1 + v["dx"] * 3 + 4.5
                    y2 = sin * x1 + cos * y1 + v["dy"] * 3 + 3.5
                    assert 0 <= math.floor(x2) <= 7 and 0 <= math.floor(y2) <= 5
        moved += np.count_nonzero(rows[:, 1])
    assert moved == 40
    built = build(line(always("translate_x", 9)), PICTURES)
    built[0].forward(*built[1:])
    assert not built[2][1].data.any(), "given up"


def test_nothing_is_drawn_in_test_unless_told():
    words = "brightness { spread: 0.3 }"
    built = build(line(words), PICTURES, phase="TEST")
    assert not run(built, [PICTURES])[1].any()
    built = build(line(f"{words} augment_during_test: true"), PICTURES, phase="TEST")
    assert run(built, [PICTURES])[1].any()


def test_without_a_crop_nothing_is_done():
    built = build(line("brightness { mean: 0.3 } crop_width: 4", size=None), PICTURES)
    y, rows = run(built, [PICTURES])
    np.testing.assert_array_equal(y, PICTURES)
    assert not rows.any()


@pytest.mark.parametrize("words, mean", [
    ("mean: 0.1 mean: 0.2 mean: 0.3 mean_per_pixel: false", [0.1, 0.2, 0.3]),
    ("mean: 0.1 mean: 0.2 mean: 0.3", [0, 0, 0]), ("mean: 0.1 mean_per_pixel: false", [0, 0, 0]),
])
def test_a_mean_of_three_numbers(words, mean):
    y, _ = run(build(line(words, size=None), PICTURES, phase="TEST"), [PICTURES])
    np.testing.assert_allclose(y, PICTURES - np.array(mean)[:, None, None], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("per_pixel", ["true", "false"])
@pytest.mark.parametrize("size", [None, (3, 5)])
def test_the_mean_of_the_first_batches(per_pixel, size):
    built = build(line(f"recompute_mean: 3 mean_per_pixel: {per_pixel}", size=size), PICTURES,
                  phase="TEST")
    layer, bottom, top = built
    assert [blob.shape for blob in layer.blobs] == [
        (1, 1, 1, 1), (1, 3, *(size or (7, 9))), (1, 3, 1, 1)]
    assert [spec.lr_mult for spec in layer.spec.param] == [0, 0, 0]
    batches = np.random.default_rng(5).random((5, *PICTURES.shape)).astype(np.float32)
    cut = batches if size is None else batches[..., 2:5, 2:7]
    for i, batch in enumerate(batches):
        bottom[0].data[...] = batch
        layer.forward(bottom, top)
        mean = cut[: min(i + 1, 3)].mean(axis=(0, 1))
        assert layer.blobs[0].data == i + 1
        np.testing.assert_allclose(layer.blobs[1].data[0], mean, rtol=1e-5)
        channels = mean.mean(axis=(1, 2), keepdims=True)
        np.testing.assert_allclose(layer.blobs[2].data[0], channels, rtol=1e-5)
        np.testing.assert_allclose(top[0].data, cut[i] - (mean if per_pixel == "true"
                                                          else channels), atol=1e-5)


def net(words, size, phase=caffe_pb2.TEST):
    param = caffe_pb2.NetParameter()
    text.parse(f'layer {{ name: "x" type: "Input" top: "x" input_param {{ shape {{ dim: 2 dim: 3 '
               f'dim: {size[0]} dim: {size[1]} }} }} }} layer {{ name: "aug" bottom: "x" '
               f'{line(words, None, tops="")} top: "y" }}'.replace('tops=""', ""), param)
    return Net(param, phase, context=Context(seed=3))


@pytest.mark.parametrize("per_pixel", ["true", "false"])
def test_weights_of_another_size(tmp_path, per_pixel):
    words = f"recompute_mean: 2 mean_per_pixel: {per_pixel}"
    old, new, same = net(words, (7, 9)), net(words, (4, 4)), net(words, (7, 9))
    for _ in range(3):
        old.blobs["x"].data[...] = PICTURES
        old.forward()
    path = str(tmp_path / "old.caffemodel")
    old.save(path)
    for other in (new, same):
        other.load(path)
    channels = PICTURES.mean(axis=(0, 2, 3))[:, None, None]
    new.blobs["x"].data[...] = 1
    new.forward()
    assert new.params["aug"][0].data == 4, "it goes on counting, and gathers no more"
    np.testing.assert_allclose(
        new.blobs["y"].data, np.broadcast_to(1 - channels, (2, 3, 4, 4)), rtol=1e-5)
    for ours, theirs in zip(same.params["aug"], old.params["aug"], strict=True):
        np.testing.assert_array_equal(ours.data, theirs.data)
    bare = net("", (7, 9))
    bare.load(path)
    assert bare.params["aug"][0].data == 3
    bare.save(path)
    fresh = net(words, (7, 9))
    fresh.load(path)
    assert fresh.params["aug"][0].data == 0, "without a mean there is nothing to go on with"


def test_resumed_draws():
    words = "rotate { spread: 0.3 } brightness { spread: 0.2 }"
    whole = build(line(words), PICTURES)
    for _ in range(3):
        whole[0].forward(*whole[1:])
    position, count = whole[0].position, whole[0].blobs[0].data.copy()
    whole[0].forward(*whole[1:])
    resumed = build(line(words), PICTURES)
    resumed[0].position, resumed[0].blobs[0].data[...] = position, count
    resumed[0].forward(*resumed[1:])
    for ours, theirs in zip(resumed[2], whole[2], strict=True):
        np.testing.assert_array_equal(ours.data, theirs.data)


def test_the_log_tells_what_was_drawn(caplog, monkeypatch):
    monkeypatch.setattr(logging.getLogger("caffepy"), "propagate", True)
    caplog.set_level(logging.INFO, "caffepy")
    built = build(line('write_augmented: "x" brightness { mean: 0.25 }'), PICTURES)
    built[0].forward(*built[1:])
    assert "Augmenting 1: brightness 0.25" in caplog.text


@pytest.mark.parametrize("words, shape, kind, said", [
    ("crop_height: 8 crop_width: 3", (1, 3, 7, 9), ShapeError, "the crop must fit"),
    ("recompute_mean: 3", (7, 9), ShapeError, "pictures are N x C x H x W"),
    ("chromatic_eigvec: 1", (1, 3, 7, 9), ConfigError, "three axes of three numbers"),
])
def test_settings_that_cannot_be(words, shape, kind, said):
    with pytest.raises(kind, match=said):
        build(line(words, None), shape)


@pytest.mark.parametrize("words, kind, said", [
    (always("gamma", -1), ConfigError, r"drawn must be above 0 .found gamma -1"),
    (always("lmult_pow", 2), ConfigError, "need chromatic_eigvec"),
    ('rotate { rand_type: "x" }', ConfigError, "layer 'layer' .DataAugmentation.: there is no"),
])
def test_draws_that_cannot_be(words, kind, said):
    built = build(line(words), PICTURES)
    with pytest.raises(kind, match=said):
        built[0].forward(*built[1:])


def test_blobs_that_do_not_fit():
    gray = PICTURES[:, :1]
    built = build(line("brightness { mean: 0.3 }"), gray)
    with pytest.raises(ShapeError, match="colors need three channels"):
        built[0].forward(*built[1:])
    with pytest.raises(ShapeError, match="coefficients of each picture"):
        build(line(tops=TWO), PICTURES, (2, 41, 1, 1))
    built = build(line("recompute_mean: 2", None), PICTURES)
    built[1][0].reshape(2, 3, 5, 5)
    with pytest.raises(ShapeError, match="the size cannot change"):
        built[0].reshape(*built[1:])
