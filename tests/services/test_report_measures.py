"""The formulas of reports, on examples small enough to be worked by hand."""

import numpy as np
import pytest

from caffepy.services.report import chart
from caffepy.services.report.calibration import Calibration
from caffepy.services.report.measures import Measures, top_k
from caffepy.services.report.ranking import Ranking, thinned

TABLE = np.array([[3, 0, 1, 0], [1, 3, 0, 0], [1, 1, 3, 0], [0, 0, 0, 0]])


def test_precision_recall_f1_and_overlap():
    found = Measures.of(TABLE)  # truths 4, 4, 5, 0; answers 5, 4, 4, 0
    np.testing.assert_allclose(found.recall, [3 / 4, 3 / 4, 3 / 5, np.nan])
    np.testing.assert_allclose(found.precision, [3 / 5, 3 / 4, 3 / 4, np.nan])
    np.testing.assert_allclose(found.f1, [6 / 9, 6 / 8, 6 / 9, np.nan])
    np.testing.assert_allclose(found.iou, [3 / 6, 3 / 5, 3 / 6, np.nan])
    means = found.means(TABLE)
    assert means["macro"] == pytest.approx(
        {"precision": 2.1 / 3, "recall": 2.1 / 3, "f1": (6 / 9 + 6 / 8 + 6 / 9) / 3})
    assert means["micro"] == pytest.approx(dict.fromkeys(("precision", "recall", "f1"), 9 / 13))


def test_a_class_that_is_only_an_answer_counts_as_0():
    found = Measures.of(np.array([[1, 1], [0, 0]]))  # recall 1/2 and 0/0, precision 1 and 0
    assert found.means(np.array([[1, 1], [0, 0]]))["macro"] == pytest.approx(
        {"precision": 0.5, "recall": 0.25, "f1": (2 / 3) / 2})


def test_segmentation():
    found = Measures.of(TABLE).segmentation(TABLE)
    assert found == pytest.approx({
        "pixel_accuracy": 9 / 13, "mean_accuracy": 2.1 / 3,
        "mean_iou": (3 / 6 + 3 / 5 + 3 / 6) / 3,
        "frequency_weighted_iou": (4 * 3 / 6 + 4 * 3 / 5 + 5 * 3 / 6) / 13})
    assert Measures.of(0 * TABLE).segmentation(0 * TABLE)["mean_iou"] == 0


def test_the_best_k():
    assert top_k(np.array([2, 1, 0, 1])) == {1: 0.5, 2: 0.75, 3: 0.75}
    assert top_k(np.array([1, 0, 0, 0, 1]), also=4) == {1: 0.5, 2: 0.5, 3: 0.5, 4: 0.5}


def test_calibration():
    found = Calibration(bins=2)
    found.add(np.array([0.5, 0.9]), np.array([True, False]))  # 0.5 is of the lower bin
    found.add(np.array([0.95, 1.0, np.nan]), np.array([True, True, True]))
    np.testing.assert_array_equal(found.counts, [1, 3])
    np.testing.assert_allclose(found.accuracy, [1, 2 / 3])
    np.testing.assert_allclose(found.confidence, [0.5, 0.95])
    assert found.errors == pytest.approx((0.25 * 0.5 + 0.75 * (0.95 - 2 / 3), 0.5))
    assert Calibration().errors is None


def test_curves_and_their_areas_with_a_tie():
    found = Ranking()
    found.add(np.array([0.9, 0.8]), np.array([True, False]))
    found.add(np.array([0.8, 0.3]), np.array([True, False]))
    _, false, true = found.roc()
    np.testing.assert_allclose(false, [0, 0, 0.5, 1])
    np.testing.assert_allclose(true, [0, 0.5, 1, 1])
    assert found.roc_area() == (1 + 1 + 0.5 + 1) / 4  # of pairs; the tie counts half
    thresholds, precision, recall = found.precision_recall()
    np.testing.assert_allclose(thresholds, [0.9, 0.8, 0.3])
    np.testing.assert_allclose(precision, [1, 2 / 3, 1 / 2])
    np.testing.assert_allclose(recall, [0.5, 1, 1])
    assert found.average_precision() == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)


@pytest.mark.parametrize("positive, roc, ap", [([1, 1], None, 1.0), ([0, 0], None, None)])
def test_one_side_alone_has_no_area(positive, roc, ap):
    found = Ranking()
    found.add(np.array([0.1, np.nan]), np.array(positive))
    assert (found.roc_area(), found.average_precision()) == (roc, ap)


def test_many_scores_take_no_more_memory():
    rng = np.random.default_rng(0)
    few, whole, every = Ranking(most=500), Ranking(most=10**6), []
    for _ in range(30):
        positive = rng.uniform(size=2000) < 0.2
        scores = rng.normal(positive, 1)
        few.add(scores, positive)
        whole.add(scores, positive)
        every.append(scores)
    thresholds, right, wrong = few.points()
    above = [(np.concatenate(every) >= threshold).sum() for threshold in thresholds[::20]]
    np.testing.assert_array_equal(right[::20] + wrong[::20], above)
    assert few.positives == whole.positives and few.negatives == whole.negatives
    assert len(few.points()[0]) <= 500 < len(whole.points()[0]) == 60_000
    assert few.roc_area() == pytest.approx(whole.roc_area(), abs=1e-4)
    assert few.average_precision() == pytest.approx(whole.average_precision(), abs=2 / 500)


def test_a_thinned_curve_keeps_its_ends():
    assert thinned(3).tolist() == [0, 1, 2]
    assert len(thinned(10_000)) == 500 and thinned(10_000)[-1] == 9_999


@pytest.mark.parametrize("low, high, first, step", [
    (0, 1, 0, 0.2), (-3.2, 4.1, -2, 2), (0, 0.013, 0, 0.005), (1e6, 3e6, 1e6, 5e5)])
def test_ticks_are_round(low, high, first, step):
    found = chart.ticks(low, high)
    assert found[0] == first and np.allclose(np.diff(found), step)
    assert low <= found[0] and found[-1] <= high
