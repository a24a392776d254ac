"""RoIDataLayer: pictures and boxes of a roidb, in an order that seed and position say."""

import cv2
import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build

from caffepy.errors import CaffeError, ConfigError, DataError, NotFound
from caffepy.standins.roi_data_layer.roidb import add_bbox_regression_targets, prepare_roidb

LINE = ('name: "input-data" type: "Python" %s python_param { module: "roi_data_layer.layer" '
        'layer: "RoIDataLayer" param_str: "\'num_classes\': 3" }')


def made(roidb, tops=3, **options):
    layer, _, top = build(LINE % "".join(f'top: "{i}" ' for i in range(tops)), **options)
    if roidb is not None:
        layer.set_roidb(roidb)
    return layer, top


def passes(roidb, count, tops=3, **options):
    layer, top = made(roidb, tops, **options)
    found = []
    for _ in range(count):
        layer.forward([], top)
        found.append([blob.data.copy() for blob in top])
    return found


def expected_picture(entry, short, long):
    picture = cv2.imread(entry["image"]).astype(np.float32)
    picture = picture[:, ::-1] if entry["flipped"] else picture
    scale = min(short / min(picture.shape[:2]), long / max(picture.shape[:2]))
    less = (picture - np.array([102.9801, 115.9465, 122.7717])).astype(np.float32)
    return cv2.resize(less, None, None, fx=scale, fy=scale).transpose(2, 0, 1), scale


@pytest.fixture
def rpn(cfg):
    cfg.TRAIN.update(HAS_RPN=True, IMS_PER_BATCH=1, SCALES=(90,), MAX_SIZE=100)
    return cfg


@pytest.mark.parametrize("short, long", [(90, 1000), (90, 100), (30, 1000)])
def test_a_picture_its_size_and_its_objects(rpn, roidb, short, long):
    rpn.TRAIN.update(SCALES=(short,), MAX_SIZE=long)
    entry = {**roidb[1], "flipped": True, "gt_classes": np.array([2, 0])}
    (data, info, objects), = passes([entry], 1)
    picture, scale = expected_picture(entry, short, long)
    assert_allclose(data, picture[None], atol=1e-3)
    assert info.tolist() == [[*picture.shape[1:], pytest.approx(scale)]]
    assert_allclose(objects, [[*entry["boxes"][0] * scale, 2]], rtol=1e-6)


def which(data):
    """The entries that pictures of a batch are, by the place of the red square."""
    rows = []
    for item in data:
        red = item[2] > item[1] + 40
        rows.append(int(np.flatnonzero(red.any(0))[0]))
    return rows


def test_rounds(rpn, roidb):
    """Of six entries five come in each round, each once."""
    rpn.TRAIN.update(SCALES=(60,), ASPECT_GROUPING=False)
    found = [which(data)[0] - 4 for data, *_ in passes(roidb, 30)]
    rounds = [found[i : i + 5] for i in range(0, 30, 5)]
    assert all(len({*part}) == 5 for part in rounds)
    assert len({tuple(part) for part in rounds}) > 3 and {*found} == set(range(6))
    again = [which(data)[0] - 4 for data, *_ in passes(roidb, 30)]
    other = [which(data)[0] - 4 for data, *_ in passes(roidb, 30, seed=5)]
    assert again == found and other != found
    layer, top = made(roidb)
    layer.position = 17  # as a snapshot sets it
    layer.forward([], top)
    assert which(top[0].data)[0] - 4 == found[17]


def test_pairs_are_both_upright_or_both_not(cfg, roidb):
    cfg.TRAIN.update(SCALES=(60,), IMS_PER_BATCH=2, BBOX_REG=False)
    for entry in roidb:
        entry.update(max_overlaps=np.ones(2), max_classes=np.array([1, 2]))
    shapes = {data.shape for data, *_ in passes(roidb, 12)}
    assert shapes == {(2, 3, 60, 80), (2, 3, 80, 60)}
    passes([*roidb, roidb[0]], 9)  # an odd number


def test_scales_are_drawn(rpn, roidb):
    rpn.TRAIN.update(SCALES=(30, 60, 90), MAX_SIZE=1000)
    assert {min(data.shape[2:]) for data, *_ in passes(roidb, 20)} == {30, 60, 90}


def proposals(roidb):
    """Entries as for Fast R-CNN: the objects and boxes that are off by a few pixels."""

    class Imdb:
        image_index = range(len(roidb))

        def image_path_at(self, i):
            return roidb[i]["image"]
    imdb = Imdb()
    imdb.roidb = [{key: entry[key] for key in ("flipped", "image")} for entry in roidb]
    for entry, source in zip(imdb.roidb, roidb, strict=True):
        objects = source["boxes"]
        boxes = np.vstack([objects, *(objects + [d, d, d, d] for d in (2, 6, 12, 20))])
        shares = [[0, *(overlap(box, other) for other in objects)] for box in boxes]
        entry.update(boxes=boxes, gt_overlaps=np.array(shares),
                     gt_classes=np.array([1, 2] + [0] * 8))
    prepare_roidb(imdb)
    return imdb.roidb


def overlap(a, b):
    w, h = (min(a[2 + i], b[2 + i]) - max(a[i], b[i]) + 1. for i in (0, 1))
    areas = [(c[2] - c[0] + 1.) * (c[3] - c[1] + 1.) for c in (a, b)]
    return w * h / (sum(areas) - w * h) if w > 0 and h > 0 else 0


def test_rois_of_fast_rcnn(cfg, roidb):
    cfg.TRAIN.update(SCALES=(120,), MAX_SIZE=1000, BATCH_SIZE=8, FG_FRACTION=0.5,
                     BBOX_NORMALIZE_TARGETS=False)
    entries = proposals(roidb)
    assert [entry["height"] for entry in entries] == [80, 60, 60, 80, 60, 60]
    add_bbox_regression_targets(entries)
    (data, rois, labels, targets, inside, outside), = passes(entries[1:3], 1, 6)
    assert data.shape == (2, 3, 120, 160) and rois.shape == (8, 5) and labels.shape == (8,)
    assert rois[:, 0].tolist() == [0] * 4 + [1] * 4
    places = which(data)
    order = [1, 2] if places[0] < places[1] else [2, 1]
    assert labels.reshape(2, 4)[:, :2].all() and not labels.reshape(2, 4)[:, 2:].any()
    for roi, label, target, weight in zip(rois, labels, targets.reshape(8, 3, 4),
                                          inside.reshape(8, 3, 4), strict=True):
        box = roi[1:] / 2
        objects = roidb[order[int(roi[0])]]["boxes"].astype(float)
        shares = [overlap(box, other) for other in objects]
        nearest = int(np.argmax(shares))
        assert label == (nearest + 1 if max(shares) >= 0.5 else 0)
        expected = np.zeros((3, 4))
        if label:  # boxes of one size, so that they are to move alone
            expected[nearest + 1, :2] = (objects[nearest] - box)[:2] / 24
        assert_allclose(target, expected, atol=1e-5)
        assert (weight.any(1) == (np.arange(3) == label) * (label > 0)).all()
    assert (outside == inside).all()


def test_shapes_of_rfcn(cfg, roidb):
    cfg.TRAIN.update(SCALES=(120,), MAX_SIZE=1000, BATCH_SIZE=-1, AGNOSTIC=True)
    entries = proposals(roidb)
    add_bbox_regression_targets(entries)
    (data, rois, labels, *boxes), = passes(entries[1:3], 1, 6)
    count = len(rois)
    assert count > 8 and rois.shape == (count, 5, 1, 1) and labels.shape == (count, 1, 1, 1)
    assert {blob.shape for blob in boxes} == {(count, 8, 1, 1)}


def test_targets_less_the_means_of_their_class(cfg, roidb):
    entries = proposals(roidb)
    means, stds = add_bbox_regression_targets(entries)
    assert means.shape == stds.shape == (12,) and not means[:4].any() and means[4:6].all()
    every = np.concatenate([entry["bbox_targets"] for entry in entries])
    for number in (1, 2):
        of_class = every[every[:, 0] == number, 1:]
        assert_allclose(of_class.mean(0), 0, atol=1e-5)
        assert_allclose(of_class.std(0), (stds[4 * number : 4 * number + 4] > 0) * 1.0, rtol=1e-4)
    cfg.TRAIN.update(BBOX_NORMALIZE_TARGETS_PRECOMPUTED=True, AGNOSTIC=True)
    means, stds = add_bbox_regression_targets(entries)
    assert stds.tolist() == [0.1, 0.1, 0.2, 0.2] * 2 and not means.any()


@pytest.mark.parametrize("settings, tops, change, kind, message", [
    ({}, 5, {}, ConfigError, "its tops are data, im_info, gt_boxes .found 5 tops.. cfg.TRAIN.HAS_"),
    ({"HAS_RPN": False}, 3, {}, ConfigError, "its tops are data, rois, labels, bbox_targets"),
    ({"IMS_PER_BATCH": 2}, 3, {}, ConfigError, "one picture in a batch .found 2.. Set cfg.TRAIN.I"),
    ({"HAS_RPN": False}, 6, {}, DataError, "entry 0 of the roidb lacks max_overlaps, max_classes"),
    ({}, 3, {"width": None}, DataError, "entry 0 of the roidb lacks width"),
    ({}, 3, {"image": "none.png"}, NotFound, "none.png: there is no such picture"),
])
def test_errors(rpn, roidb, settings, tops, change, kind, message):
    rpn.TRAIN.update(settings)
    for entry in roidb:
        entry.update(change)
        if change == {"width": None}:
            del entry["width"]
    with pytest.raises(kind, match=message):
        passes(roidb, 1, tops)


def test_rois_that_cannot_be_shared_out(cfg, roidb):
    cfg.TRAIN.update(BATCH_SIZE=5, BBOX_REG=False)
    for entry in roidb:
        entry.update(max_overlaps=np.ones(2), max_classes=np.array([1, 2]))
    with pytest.raises(CaffeError, match="'input-data'.*as many rois .found cfg.TRAIN.BATCH_SIZE"):
        passes(roidb, 1)
