"""Average precision by COCO's rules, against pycocotools 2.0.11 and by hand."""

import numpy as np
import pytest

from caffepy.services.report.coco import Coco, match

CLASSES, PICTURES = (1, 2, 3), 12


def example():
    """Rows of image, class, score and box, and of image, class, box and whether it is difficult;
    scores have many ties."""
    random = np.random.default_rng(5)
    found, truth = [], []
    for image in range(PICTURES):
        for _ in range(random.integers(0, 5)):
            label = int(random.integers(1, 4))
            low = random.uniform(0, 0.5, 2)
            high = low + random.uniform(0.1, 0.5, 2)
            truth.append([image, label, *low, *high, int(random.random() < 0.2)])
            for _ in range(random.integers(0, 4)):
                moved = np.array([*low, *high]) + random.uniform(-0.04, 0.04, 4)
                found.append([image, label, random.integers(1, 20) / 20, *moved])
        for _ in range(random.integers(0, 3)):
            low = random.uniform(0, 0.6, 2)
            found.append([image, int(random.integers(1, 4)), random.integers(1, 20) / 20, *low,
                          *(low + 0.3)])
    return np.array(found), np.array(truth)


def judged(found, truth, pictures=PICTURES):
    coco = Coco()
    for image in range(pictures):
        for label in CLASSES:
            ours = found[(found[:, 0] == image) & (found[:, 1] == label)]
            theirs = truth[(truth[:, 0] == image) & (truth[:, 1] == label)]
            difficult = theirs[:, 6] == 1
            matched = match(ours[:, 2], ours[:, 3:], theirs[:, 2:6], difficult)
            coco.add(label, ours[:, 2], matched, int((~difficult).sum()))
    return coco


def test_pycocotools_numbers():
    """COCOeval's stats of the example, in which its "ignore" was set where a box is difficult."""
    coco = judged(*example())
    assert coco.summary() == pytest.approx(
        {"AP": 0.25809372, "AP50": 0.55036361, "AP75": 0.18540177, "AR100": 0.48148148}, rel=1e-7)
    assert [coco.of_class(label) for label in CLASSES] == pytest.approx(
        [0.2293266469504093, 0.3495241682553349, 0.1954303457101563], rel=1e-12)


BOX = np.array([[0.0, 0.0, 0.4, 0.4]])


def test_a_box_is_taken_once_and_by_the_better_one():
    boxes = np.array([[0, 0, 0.4, 0.3], [0, 0, 0.4, 0.37]])  # overlaps of 0.75 and 0.925
    found = match(np.array([0.5, 0.9]), boxes, BOX, np.array([False]))
    assert found.order.tolist() == [1, 0]
    assert found.right.sum(1).tolist() == [1] * 9 + [0]  # not at 0.95
    assert found.right[:, 0].sum() == 9 and found.counts.all()


def test_what_takes_a_difficult_box_does_not_count_and_one_that_counts_is_taken_rather():
    true = np.concatenate([BOX, BOX + [[0, 0, 0, 0.02]]])
    found = match(np.array([0.9, 0.8, 0.7]), true[[1, 1, 1]], true, np.array([False, True]))
    assert found.right[0].tolist() == [True, False, False]
    assert found.counts[0].tolist() == [True, False, True]


def test_no_true_box_no_average():
    coco = Coco()
    coco.add(1, np.array([0.9]), match(np.array([0.9]), BOX, np.zeros((0, 4)), np.zeros(0, bool)),
             0)
    assert coco.of_class(1) is None and coco.summary()["AP"] is None
    coco.add(2, np.zeros(0), match(np.zeros(0), np.zeros((0, 4)), BOX, np.array([False])), 1)
    assert coco.of_class(2) == 0 and coco.summary()["AP"] == 0


def test_a_hundred_detections_count_and_of_equal_boxes_the_last_is_taken():
    scores = np.linspace(0.9, 0.1, 101)
    found = match(scores, np.repeat(BOX + 0.5, 101, 0), BOX + 0.5, np.array([False]))
    assert len(found.order) == 100
    last = match(scores[-1:], BOX, BOX[[0, 0]], np.array([False, False]))
    assert last.taken[0].tolist() == [False, True]
