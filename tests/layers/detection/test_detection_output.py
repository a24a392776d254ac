"""DetectionOutput, against loops over boxes."""

import logging

import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, run

from caffepy.errors import ConfigError, ShapeError
from caffepy.layers.detection import _boxes

LINE = 'type: "DetectionOutput" detection_output_param { %s }'
SOME = ("num_classes: 4 code_type: CENTER_SIZE confidence_threshold: 0.3 "
        "nms_param { nms_threshold: 0.4 top_k: 12 } keep_top_k: 9 ")


def probabilities(conf, classes=4):
    e = np.exp(conf.reshape(len(conf), -1, classes))
    return (e / e.sum(-1, keepdims=True)).reshape(conf.shape)


def found(words, *bottoms):
    y = run(build(LINE % words, *bottoms, phase="TEST"), bottoms)[0]
    assert y.shape[:2] == (1, 1) and y.shape[3] == 7
    return y[0, 0]


def naive(loc, conf, priors, threshold=0.3, nms=0.4, top_k=12, keep=9, classes=4, background=0):
    boxes, variances = priors[0].reshape(2, -1, 4)
    rows = []
    for image in range(len(loc)):
        of_image = []
        pred = loc[image].reshape(len(boxes), -1, 4)
        scores = conf[image].reshape(-1, classes)
        for c in range(classes):
            if c == background:
                continue
            decoded = _boxes.decode(pred[:, c if pred.shape[1] > 1 else 0], boxes, variances,
                                    _boxes.CENTER_SIZE)
            order = sorted((i for i in range(len(boxes)) if scores[i, c] > threshold),
                           key=lambda i, c=c: -scores[i, c])[:top_k]
            kept = []
            for i in order:
                if all(_boxes.overlaps(decoded[i], decoded[k]) <= nms for k in kept):
                    kept.append(i)
            of_image += [[image, c, scores[i, c], *decoded[i]] for i in kept]
        best = sorted(of_image, key=lambda row: -row[2])[:keep]
        rows += [row for row in of_image if row in best]
    return rows


def test_boxes_are_cut_to_the_picture_before_they_are_compared():
    """Two that overlap by 0.5 within the picture, and hardly with what lies outside of it."""
    priors = np.array([[0, 0, 0.5, 1, -2, 0, 0.25, 1], [1] * 8], np.float32)[None]
    conf = np.array([[0.1, 0.9, 0.2, 0.8]], np.float32)
    words = "num_classes: 2 code_type: CENTER_SIZE nms_param { nms_threshold: 0.4 } %s"
    loc = np.zeros((1, 8), np.float32)
    both, one = (found(words % cut, loc, conf, priors) for cut in ("", "clip: true"))
    assert_allclose(both[:, 3:], [[0, 0, 0.5, 1], [-2, 0, 0.25, 1]], atol=1e-6)
    assert_allclose(one[:, 2:], [[0.9, 0, 0, 0.5, 1]], atol=1e-6)


@pytest.mark.parametrize("shared", [True, False])
def test_what_is_found(scene, shared):
    loc, conf, priors, _ = scene(locations=1 if shared else 4)
    conf = probabilities(conf)
    ours = found(SOME + f"share_location: {str(shared).lower()}", loc, conf, priors)
    expected = naive(loc, conf, priors)
    assert len(expected) == 18
    assert_allclose(ours, expected, rtol=1e-4, atol=1e-5)


def test_without_limits_all_boxes_of_all_classes_come(scene):
    loc, conf, priors, _ = scene()
    ours = found("num_classes: 4 nms_param { nms_threshold: 1 }", loc, conf, priors)
    assert len(ours) == 2 * 3 * 32
    assert {int(label) for label in ours[:, 1]} == {1, 2, 3}


def test_without_a_background_all_classes_count(scene):
    loc, conf, priors, _ = scene(locations=4)
    conf = probabilities(conf)
    ours = found(SOME + "share_location: false background_label_id: -1", loc, conf, priors)
    assert_allclose(ours, naive(loc, conf, priors, background=-1), rtol=1e-4, atol=1e-5)
    assert (ours[:, 1] == 0).any()


def test_keep_top_k_of_none(scene):
    loc, conf, priors, _ = scene()
    ours = found("num_classes: 4 keep_top_k: 0", loc, conf, priors)
    assert_allclose(ours, [[0] + [-1] * 6, [1] + [-1] * 6])


def test_nothing_found(scene):
    loc, conf, priors, _ = scene()
    ours = found("num_classes: 4 confidence_threshold: 99", loc, conf, priors)
    assert_allclose(ours, [[0] + [-1] * 6, [1] + [-1] * 6])


def test_the_number_of_rows_follows_the_batch(scene):
    loc, conf, priors, _ = scene()
    conf = probabilities(conf)
    built = build(LINE % SOME, loc, conf, priors)
    assert len(run(built, [loc, conf, priors])[0][0, 0]) == 18
    layer, bottom, top = built
    bottom[0].reshape(1, loc.shape[1])
    bottom[1].reshape(1, conf.shape[1])
    layer.reshape(bottom, top)
    assert len(run(built, [loc[:1], conf[:1], priors])[0][0, 0]) == 9


def test_refinedet_has_a_first_stage(scene):
    loc, conf, priors, _ = scene()
    conf = probabilities(conf)
    rng = np.random.default_rng(5)
    objects = rng.uniform(0, 1, (2, 32, 2))
    first = rng.normal(0, 0.5, loc.shape)
    ours = found(SOME + "objectness_score: 0.4", loc, conf, priors, objects.reshape(2, -1), first)
    off = np.where(objects[:, :, 1:] < 0.4, [1.0, 0, 0, 0], conf.reshape(2, -1, 4)).reshape(2, -1)
    boxes, variances = priors[0].reshape(2, -1, 4)
    expected = []
    for i in range(2):
        moved = _boxes.decode(first[i].reshape(-1, 4), boxes, variances, _boxes.CENTER_SIZE)
        here = np.stack([moved.reshape(-1), variances.reshape(-1)])[None]
        expected += [[i, *row[1:]] for row in naive(loc[i:i + 1], off[i:i + 1], here)]
    assert_allclose(ours, expected, rtol=1e-4, atol=1e-5)


def test_variances_in_the_target(scene):
    loc, conf, priors, _ = scene()
    ones = priors.copy()
    ones[:, 1] = 1
    words = SOME + "variance_encoded_in_target: true"
    assert_allclose(found(words, loc, conf, priors), found(SOME, loc, conf, ones))


@pytest.mark.parametrize("words, message", [
    ("", "needs num_classes"), ("num_classes: 4 background_label_id: -1", "do not go together"),
    ("num_classes: 4 nms_param { nms_threshold: -1 }", "must not be negative"),
    ("num_classes: 4 nms_param { eta: 0 }", "eta must be above 0"),
    ("num_classes: 4 nms_param { eta: 1.5 }", "eta must be above 0"),
])
def test_mistakes(scene, words, message):
    with pytest.raises(ConfigError, match=message):
        found(words, *scene()[:3])


def test_counts_are_checked(scene):
    loc, conf, priors, _ = scene()
    with pytest.raises(ShapeError, match="128 probabilities an image for 32 priors"):
        found("num_classes: 4", loc, conf[:, :-1], priors)
    with pytest.raises(ShapeError, match="64 locations.*denser_prior_boxes: true"):
        found("num_classes: 4", loc, conf, priors[:, :, :64])


def test_pictures_are_not_shown(scene, caplog):
    loc, conf, priors, _ = scene()
    with caplog.at_level(logging.WARNING):
        plain = found(SOME, loc, conf, priors)
        shown = found(SOME + "visualize: true", loc, conf, priors, np.zeros((2, 3, 8, 8)))
    assert_allclose(shown, plain)
