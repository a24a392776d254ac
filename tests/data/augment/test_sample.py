import logging

import numpy as np
import pytest

from caffepy.data.augment.boxes import NONE, PLACE
from caffepy.data.augment.sample import Sample, draw
from caffepy.data.draws import Dice
from caffepy.errors import ConfigError
from caffepy.proto import caffe_pb2, text

OBJECTS = np.array([[0.1, 0.1, 0.5, 0.4], [0.6, 0.5, 0.95, 0.9]], np.float32)
SPREAD = "sampler { min_scale: 0.3 max_scale: 1 min_aspect_ratio: 0.5 max_aspect_ratio: 2 }"


def sampler(words):
    param = caffe_pb2.BatchSampler()
    text.parse(words, param)
    return param


def parts_of(words, objects=OBJECTS, number=0):
    return draw(sampler(words), objects, Dice(11, number))


def values(kind, part, objects=OBJECTS):
    """Of a part with each object, computed as the words say."""
    result = []
    for x1, y1, x2, y2 in objects.tolist():
        wide = min(part[2], x2) - max(part[0], x1)
        high = min(part[3], y2) - max(part[1], y1)
        common = max(wide, 0) * max(high, 0)
        own, other = (part[2] - part[0]) * (part[3] - part[1]), (x2 - x1) * (y2 - y1)
        result.append(common / {"jaccard_overlap": own + other - common,
                                "sample_coverage": own, "object_coverage": other}[kind])
    return result


@pytest.mark.parametrize("kind", ["jaccard_overlap", "sample_coverage", "object_coverage"])
@pytest.mark.parametrize("low, high, count", [(0.3, None, 2), (None, 0.2, 1), (0.15, 0.5, 2)])
def test_parts_meet_their_constraint_with_an_object(kind, low, high, count):
    words = (f"min_{kind}: {low} " if low else "") + (f"max_{kind}: {high}" if high else "")
    objects = OBJECTS[:count]
    parts = parts_of(f"{SPREAD} sample_constraint {{ {words} }} max_trials: 2000", objects)

    def fits(part):
        found = values(kind, part, objects)
        return any((low or 0) - 1e-5 <= value <= (high or 1) + 1e-5 for value in found)

    assert all(map(fits, parts.tolist()))
    every = parts_of(f"{SPREAD} max_trials: 2000", objects).tolist()
    assert 20 < len(parts) == sum(map(fits, every)) < 1990, "and no others are left out"


def test_scales_and_aspects_are_uniform():
    parts = parts_of(f"{SPREAD} max_trials: 5000")
    assert len(parts) == 5000 and (parts >= 0).all() and (parts <= 1).all()
    width, height = (parts[:, 2:] - parts[:, :2]).T
    scale, aspect = np.sqrt(width * height), width / height
    assert abs(scale.mean() - 0.65) < 0.015  # standard deviation 0.003
    assert 0.3 <= scale.min() + 1e-6 < 0.31 and scale.max() > 0.99
    assert abs(np.quantile(scale, 0.95) - 0.965) < 0.01, "the aspects of large ones are cut"
    small = scale < 0.7  # where each aspect fits into the picture
    assert abs(np.quantile(aspect[small], [0, 0.25, 0.5, 0.75, 1])
               - [0.5, 0.875, 1.25, 1.625, 2]).max() < 0.05
    assert (aspect <= 1 / scale**2 + 1e-4).all() and (aspect >= scale**2 - 1e-4).all()
    for low, side in ((parts[:, 0], width), (parts[:, 1], height)):
        place = (low / np.maximum(1 - side, 1e-9))[side < 0.9]
        assert abs(place.mean() - 0.5) < 0.02 and place.min() < 0.01 and place.max() > 0.99


def test_the_first_that_fit_are_taken():
    constraint = f"{SPREAD} sample_constraint {{ min_jaccard_overlap: 0.2 }}"
    all_of_them = parts_of(constraint)
    assert 3 < len(all_of_them) < 100
    np.testing.assert_array_equal(parts_of(f"{constraint} max_sample: 3"), all_of_them[:3])
    assert len(parts_of("")) == 100, "max_trials' default"
    assert (parts_of("max_sample: 1") == [0, 0, 1, 1]).all(), "the defaults give the whole"


def test_without_objects_a_constraint_is_never_met():
    assert len(parts_of(f"{SPREAD} sample_constraint {{ max_jaccard_overlap: 1 }}",
                        NONE[:, PLACE])) == 0


def test_of_several_kinds_the_first_alone_counts(caplog, monkeypatch):
    monkeypatch.setattr(logging.getLogger("caffepy"), "propagate", True)
    words = ("sample_constraint { min_object_coverage: 0.9 min_jaccard_overlap: 0.2 }")
    Sample([sampler(f"{SPREAD} {words}")])
    assert "jaccard_overlap alone counts, as in SSD's fork; object_coverage does not" in caplog.text
    parts = parts_of(f"{SPREAD} {words} max_trials: 500")
    assert any(max(values("object_coverage", part)) < 0.9 for part in parts.tolist())


def picture(height=40, width=60):
    """Each pixel says where it is."""
    rows, columns = np.mgrid[:height, :width]
    return np.stack([rows, columns, 0 * rows], 2).astype(np.uint8)


def test_a_picture_is_cut_to_one_part_of_all_samplers():
    fixed = "sampler {{ min_scale: {0} max_scale: {0} }} max_sample: 1"
    change = Sample([sampler(fixed.format(scale)) for scale in (0.25, 0.5, 1)])
    boxes = np.array([[1, 0, 0, 0, 1, 1, 0]], np.float32)
    sizes = []
    for number in range(300):
        made, cut = change(picture(), boxes, Dice(3, number))
        top, left = made[0, 0, :2]
        np.testing.assert_array_equal(
            made, picture()[top : top + len(made), left : left + made.shape[1]])
        sizes.append(made.shape[:2])
        assert cut.tolist() == [[1, 0, 0, 0, 1, 1, 0]]
    for size in ((10, 15), (20, 30), (40, 60)):
        near = [abs(np.subtract(size, other)).max() <= 1 for other in sizes]
        assert 65 < sum(near) < 135, "each as often"


def test_which_boxes_stay_on_a_part():
    change = Sample([sampler("sampler { min_scale: 0.5 max_scale: 0.5 } max_sample: 1")],
                    caffe_pb2.EmitConstraint(emit_type="CENTER"))
    boxes = np.array([[1, 0, 0.1, 0.1, 0.7, 0.7, 0]], np.float32)  # the center is pixel 24, 16
    counts = []
    for number in range(60):
        made, cut = change(picture(), boxes, Dice(3, number))
        top, left = made[0, 0, :2].astype(int)
        inside = top <= 16 <= top + 20 and left <= 24 <= left + 30
        assert len(cut) == inside or 16 in (top - 1, top, top + 20) or 24 in (left, left + 30)
        counts.append(len(cut))
    assert 10 < sum(counts) < 50


def test_if_no_part_fits_the_picture_stays_whole():
    change = Sample([sampler("sampler { min_scale: 0.1 max_scale: 0.1 } "
                             "sample_constraint { min_jaccard_overlap: 0.9 }")])
    boxes = np.array([[1, 0, 0, 0, 1, 1, 0]], np.float32)
    made, cut = change(picture(), boxes, Dice(3, 0))
    assert made.shape == (40, 60, 3) and cut is boxes


def test_a_tiny_picture_keeps_a_pixel():
    change = Sample([sampler("sampler { min_scale: 0.1 max_scale: 0.1 }")])
    assert change(picture(2, 3), NONE, Dice(3, 0))[0].shape == (1, 1, 3)


def test_use_original_image_false(caplog, monkeypatch):
    monkeypatch.setattr(logging.getLogger("caffepy"), "propagate", True)
    change = Sample([sampler("use_original_image: false")])
    assert "gives no parts, as in SSD's fork" in caplog.text
    assert change(picture(), NONE, Dice(3, 0))[0].shape == (40, 60, 3)


@pytest.mark.parametrize("words, message", [
    ("sampler { min_scale: 0.5 max_scale: 0.3 }", "such a scale .found 0.5 to 0.3"),
    ("sampler { min_scale: 0 }", "such a scale .found 0 to 1"),
    ("sampler { max_scale: 1.5 }", "such a scale"),
    ("sampler { min_aspect_ratio: 2 }", "such an aspect ratio .found 2 to 1"),
    ("sampler { max_aspect_ratio: inf }", "such an aspect ratio"),
    ("max_trials: 0", "max_trials is 0"),
    ("max_sample: 0", "max_sample is 0"),
    ("sample_constraint { min_jaccard_overlap: 0.7 max_jaccard_overlap: 0.5 }",
     "no part can ever have such a jaccard_overlap .found 0.7 to 0.5"),
    ("sample_constraint { min_sample_coverage: 50 }", "such a sample_coverage .found 50 to inf"),
    ("sample_constraint { max_object_coverage: -0.1 }", "such a object_coverage"),
])
def test_samplers_that_can_never_succeed(words, message):
    with pytest.raises(ConfigError, match=f"batch_sampler 1: .*{message}"):
        Sample([sampler(""), sampler(words)])
