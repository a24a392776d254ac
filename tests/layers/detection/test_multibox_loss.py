"""MultiBoxLoss, against loops over priors, and its gradient against central differences."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, run

from caffepy.errors import ConfigError, DataError, ShapeError
from caffepy.layers.detection import _boxes

LINE = 'type: "MultiBoxLoss" %s multibox_loss_param { code_type: CENTER_SIZE %s }'
WORDS = "num_classes: 4 overlap_threshold: 0.4 "


def value(scene, words=WORDS, more=""):
    bottoms = list(scene)
    return float(run(build(LINE % (more, words), *bottoms), bottoms)[0])


def gradient(scene, words=WORDS):
    check_gradient(LINE % ("", words), *scene, step=1e-4, other_batch=False,
                   propagate_down=[True, True, False, False])


def matched(scene, threshold=0.4):
    """For each image its priors' true boxes, or None, and how far they overlap."""
    boxes, variances = scene.priors[0].reshape(2, -1, 4)
    found = []
    for image in range(len(scene.loc)):
        truth = scene.truth[0, 0][scene.truth[0, 0][:, 0] == image]
        index, best = _boxes.match(_boxes.overlaps(boxes[:, None], truth[:, 3:7]), threshold)
        found.append(([truth[i] if i >= 0 else None for i in index], best))
    return boxes, variances, found


def smooth(d):
    return np.where(abs(d) < 1, d * d / 2, abs(d) - 0.5).sum()


def cross_entropy(scores, label):
    return np.log(np.exp(scores).sum()) - scores[label]


def naive(scene, ratio=3, all_count=False, neg_overlap=0.5):
    """(Sum of location losses, sum of confidence losses, matched priors)."""
    boxes, variances, found = matched(scene)
    loc_loss = conf_loss = count = 0
    for image, (truths, best) in enumerate(found):
        scores, others = scene.conf[image].reshape(len(boxes), -1), []
        here = 0
        for i, truth in enumerate(truths):
            if truth is None:
                if all_count or best[i] < neg_overlap:
                    others.append(cross_entropy(scores[i], 0))
                continue
            here += 1
            target = _boxes.encode(truth[None, 3:7], boxes[i:i + 1], variances[i:i + 1],
                                   _boxes.CENTER_SIZE)
            loc_loss += smooth(scene.loc[image].reshape(-1, 4)[i] - target[0])
            conf_loss += cross_entropy(scores[i], int(truth[1]))
        count += here
        others.sort(reverse=True)
        conf_loss += sum(others if all_count else others[: int(here * ratio)])
    return loc_loss, conf_loss, count


@pytest.mark.parametrize("seed", range(3))
def test_the_hardest_count(scene, seed):
    scene = scene(seed)
    loc, conf, count = naive(scene)
    assert 6 <= count < 20
    assert value(scene) == pytest.approx((loc + conf) / count, rel=1e-4)
    loc, conf, count = naive(scene, ratio=0.5)
    assert value(scene, WORDS + "neg_pos_ratio: 0.5 loc_weight: 2") == pytest.approx(
        (2 * loc + conf) / count, rel=1e-4)


def test_what_overlaps_too_much_is_no_negative(scene):
    scene = scene()
    words = WORDS + "neg_pos_ratio: 100 neg_overlap: 0.1"
    loc, conf, count = naive(scene, ratio=100, neg_overlap=0.1)
    assert conf < naive(scene, ratio=100)[1] - 1
    assert value(scene, words) == pytest.approx((loc + conf) / count, rel=1e-4)


def test_without_mining_all_count(scene):
    scene = scene()
    loc, conf, count = naive(scene, all_count=True)
    words = WORDS + "mining_type: NONE"
    assert value(scene, words) == pytest.approx((loc + conf) / count, rel=1e-4)
    assert value(scene, WORDS + "do_neg_mining: false") == pytest.approx(value(scene, words))
    for mode, divisor in (("FULL", 64), ("BATCH_SIZE", 2), ("NONE", 1), ("VALID", count)):
        assert value(scene, words, f"loss_param {{ normalization: {mode} }}") == pytest.approx(
            (loc + conf) / divisor, rel=1e-4)


def test_a_part_without_propagate_down_is_left_out(scene):
    scene = scene()
    loc, conf, count = naive(scene)
    alone = "propagate_down: %s propagate_down: %s propagate_down: false propagate_down: false"
    assert value(scene, more=alone % ("true", "false")) == pytest.approx(loc / count, rel=1e-4)
    assert value(scene, more=alone % ("false", "true")) == pytest.approx(conf / count, rel=1e-4)


@pytest.mark.parametrize("words", [
    "", "mining_type: NONE", "mining_type: HARD_EXAMPLE sample_size: 9", "conf_loss_type: LOGISTIC",
    "loc_loss_type: L2 loc_weight: 0.5", "code_type: CORNER", "code_type: CORNER_SIZE",
    "ignore_cross_boundary_bbox: true", "match_type: BIPARTITE", "use_difficult_gt: false",
    "bp_inside: true", "nms_param { nms_threshold: 0.5 top_k: 20 } use_prior_for_nms: true",
    "map_object_to_agnostic: true num_classes: 2", "num_classes: 2",
    "mining_type: NONE conf_loss_type: LOGISTIC",
])
def test_gradient(scene, words):
    classes = 2 if "num_classes: 2" in words else 4
    scene = scene(1, side=3)._replace(conf=scene(1, side=3, classes=classes).conf)
    words = (WORDS + words).replace("num_classes: 4 ", "" if classes == 2 else "num_classes: 4 ")
    text = LINE % ("", words)
    if "code_type: CORNER" in words:
        text = text.replace("code_type: CENTER_SIZE ", "", 1)
    check_gradient(text, *scene, step=1e-4, other_batch=False,
                   propagate_down=[True, True, False, False])


def test_gradient_of_locations_of_each_class(scene):
    gradient(scene(2, side=3, locations=4), WORDS + "share_location: false mining_type: NONE")
    gradient(scene(2, side=3, locations=4), "num_classes: 4 overlap_threshold: 0.9 "
             "share_location: false mining_type: NONE use_prior_for_matching: false")


def test_images_without_boxes(scene):
    """With mining they give no samples; without, their priors are all background."""
    scene = scene()
    truth = scene.truth.copy()
    truth[0, 0, truth[0, 0, :, 0] == 1] = -1
    one = scene._replace(truth=truth)
    alone = [scene.loc[:1], scene.conf[:1], scene.priors, truth]
    assert value(one) == pytest.approx(value(alone), rel=1e-5)
    none = scene._replace(truth=np.full((1, 1, 1, 8), -1.0))
    assert value(none) == 0
    gradient(none)
    assert value(none, WORDS + "mining_type: NONE") == pytest.approx(
        sum(cross_entropy(s, 0) for s in scene.conf.reshape(-1, 4)), rel=1e-4)


def test_difficult_boxes_may_not_count(scene):
    scene = scene()
    truth = scene.truth[:, :, scene.truth[0, 0, :, 7] != 1]
    assert value(scene, WORDS + "use_difficult_gt: false") == pytest.approx(
        value(scene._replace(truth=truth)))


def test_what_leaves_the_image_is_not_learned(scene):
    layer, bottom, top = built = build(LINE % ("", WORDS + "bp_inside: true"), *scene())
    run(built, list(scene()))
    top[0].diff[...] = 1
    layer.backward(top, [True, True, False, False], bottom)
    priors = scene().priors[0, 0].reshape(-1, 4)
    outside = (priors < 0) | (priors > 1)
    d = bottom[0].diff.reshape(2, -1, 4)
    assert outside.any() and not d[:, outside].any() and d[:, ~outside].any()


def test_variances_in_the_target_are_divided_out_but_for_the_gradient(scene):
    """SSD's quirk: the gradient lacks the division."""
    scene, more = scene(), "encode_variance_in_target: true"
    boxes, variances = scene.priors[0].reshape(2, -1, 4)
    scaled = scene._replace(loc=(scene.loc.reshape(2, -1, 4) * variances).reshape(2, -1))
    assert value(scaled, WORDS + more) == pytest.approx(value(scene), rel=1e-4)
    found = []
    for each, words in ((scaled, WORDS + more), (scene, WORDS)):
        layer, bottom, top = built = build(LINE % ("", words), *each)
        run(built, list(each))
        top[0].diff[...] = 1
        layer.backward(top, [True, True, False, False], bottom)
        found.append(bottom[0].diff.copy())
    assert_allclose(*found, rtol=1e-3, atol=1e-6)


def test_refinedet_moves_the_priors_and_leaves_out_what_is_no_object(scene):
    scene = scene()
    rng = np.random.default_rng(3)
    objects, first = rng.uniform(0, 1, (2, 64)), rng.normal(0, 0.3, scene.loc.shape)
    boxes, variances = scene.priors[0].reshape(2, -1, 4)
    words = WORDS + "objectness_score: 0.5 neg_pos_ratio: 100 neg_overlap: 0.4"
    ours = value([*scene, objects, first], words)
    count, total = 0, 0.0
    for i in range(2):
        moved = _boxes.decode(first[i].reshape(-1, 4), boxes, variances, _boxes.CENTER_SIZE)
        here = np.stack([moved.reshape(-1), variances.reshape(-1)])[None]
        truth = scene.truth[:, :, scene.truth[0, 0, :, 0] == i].copy()
        truth[..., 0] = 0
        one = type(scene)(scene.loc[i:i + 1], scene.conf[i:i + 1], here, truth)
        _, _, [(truths, best)] = matched(one)
        positive = np.array([t is not None for t in truths])
        loc, conf, n = naive(one, ratio=0)
        scores = one.conf[0].reshape(-1, 4)
        negative = ~positive & (best < 0.4) & (objects[i].reshape(-1, 2)[:, 1] >= 0.5)
        total += loc + conf + sum(cross_entropy(s, 0) for s in scores[negative])
        count += n
    assert ours == pytest.approx(total / count, rel=1e-4)


@pytest.mark.parametrize("words, message", [
    ("", "needs num_classes"),
    ("num_classes: 4 share_location: false", "mining needs shared locations"),
    ("num_classes: 4 map_object_to_agnostic: true", "2 classes"),
    ("num_classes: 4 background_label_id: 4", "must be one of the classes"),
    ("num_classes: 4 do_neg_mining: true mining_type: NONE", "different things"),
    ("num_classes: 4 mining_type: HARD_EXAMPLE sample_size: 0", "sample_size"),
])
def test_mistakes(scene, words, message):
    with pytest.raises(ConfigError, match=message):
        build(LINE % ("", words), *scene())


def test_wrong_bottoms(scene):
    scene = scene()
    with pytest.raises(ConfigError, match="get no gradient"):
        value(scene, more="propagate_down: true " * 3)
    with pytest.raises(ShapeError, match="64 locations.*denser_prior_boxes: true"):
        value(scene._replace(priors=scene.priors[:, :, :64]))
    with pytest.raises(ShapeError, match="rows of 8"):
        value(scene._replace(truth=scene.truth[..., :7]))
    for label, message in ((0, "background's class"), (4, "not one of the 4 classes")):
        truth = scene.truth.copy()
        truth[0, 0, 0, 1] = label
        with pytest.raises(DataError, match=message):
            value(scene._replace(truth=truth))
