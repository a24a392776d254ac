"""What rows of DetectionEvaluate come to, against an example worked out by hand."""

from itertools import pairwise
from operator import mul

import detected
import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import REFERENCE, build, run

from caffepy.errors import ConfigError
from caffepy.layers.detection import ap_names
from caffepy.layers.detection._average_precision import VERSIONS, AveragePrecision


def example(version="", classes=3, pictures=None):
    """The Tally of the example, and what is fed to it."""
    tally = AveragePrecision(version)
    for found, truth in list(zip(*detected.rows(), strict=True))[:pictures]:
        bottoms = [found[None], truth[None]]
        layer = build('type: "DetectionEvaluate" detection_evaluate_param { '
                      f"num_classes: {classes} evaluate_difficult_gt: false }}", *bottoms)
        tally.add(run(layer, bottoms)[0].reshape(-1))
    return tally


@pytest.mark.parametrize("version", detected.AVERAGE)
def test_a_hand_worked_example_with_ties_and_a_difficult_box(version):
    tally = example(version)
    each = detected.AVERAGE[version]
    assert tally.parts() == pytest.approx(each)
    assert tally.score() == pytest.approx((each[1] + each[2]) / 2)


@pytest.mark.parametrize("case", ["deteval", "deteval_difficult"])
@pytest.mark.parametrize("version", VERSIONS)
def test_the_rows_that_ssds_fork_recorded(case, version):
    """By loops over them, twice the same batch, as the definitions say."""
    with np.load(REFERENCE / "forks" / f"{case}.npz") as file:
        (rows,) = (file[name].reshape(-1, 5) for name in file if name.startswith("top/"))
    tally = AveragePrecision(version)
    expected = {}
    for _ in range(2):
        tally.add(rows.reshape(-1))
    for _, label, count, *_ in rows[rows[:, 0] == -1]:
        found = sorted((row[2:] for row in rows if row[0] != -1 and row[1] == label),
                       key=lambda row: -row[0])
        points, right, wrong = [(0.0, 0.0)], 0, 0
        for _, good, bad in (row for row in found for _ in range(2) if row[1] or row[2]):
            right, wrong = right + good, wrong + bad
            points.append((right / (right + wrong), right / (2 * count) if count else 0))
        best = [max([p for p, r in points[1:] if r >= least - 1e-9], default=0)
                for least in (np.arange(11) / 10 if version == "11point" else
                              [r for _, r in points])]
        steps = [after[1] - before[1] for before, after in pairwise(points)]
        expected[int(label)] = {
            "11point": sum(best) / 11,
            "MaxIntegral": sum(map(mul, best[1:], steps)),
            "Integral": sum(p * step for (p, _), step in zip(points[1:], steps, strict=True)),
        }[version]
    assert any(expected.values()) and tally.parts() == pytest.approx(expected, abs=1e-6)


def test_curves():
    tally = example()
    assert tally.counts() == {1: 4, 2: 2}
    for label in (1, 2):
        precision, recall, score = tally.curve(label)
        assert_allclose(precision, detected.PRECISION[label])
        assert_allclose(recall, detected.RECALL[label])
        assert (np.diff(score) <= 0).all()


def test_a_class_that_nowhere_is_counts_as_zero():
    tally = example("Integral", classes=4)
    assert tally.parts()[3] == 0 and tally.counts()[3] == 0
    assert tally.score() == pytest.approx(example("Integral").score() * 2 / 3)


def test_nothing_found_at_all():
    tally = AveragePrecision()
    assert tally.score() == 0
    tally.add(np.array([-1, 1, 2, -1, -1.0]))
    assert tally.score() == 0 and tally.parts() == {1: 0}


def test_without_a_word_it_is_ssds_default():
    assert example().parts() == example("Integral").parts()


def test_single_precision_does_not_reach_seven_tenths():
    """As in SSD's source: of 10 boxes 7 found, all right, cover 0 to 0.6 of the eleven points."""
    rows = [[-1, 1, 10, -1, -1], *([0, 1, 0.9, 1, 0] for _ in range(7))]
    tally = AveragePrecision("11point")
    tally.add(np.array(rows, np.float32).reshape(-1))
    assert tally.score() == pytest.approx(7 / 11)


def test_another_version():
    with pytest.raises(ConfigError, match="no such ap_version.*Did you mean 11point?"):
        AveragePrecision("11_point")


def test_of_equal_scores_the_one_that_came_first_is_the_better():
    """Of each of three scores a hundred right ones came first, then a hundred wrong ones."""
    found = [[0, 1, score / 4, right, 1 - right]
             for right in (1, 0) for _ in range(100) for score in (1, 2, 3)]
    tally = AveragePrecision("Integral")
    tally.add(np.array([[-1, 1, 300, -1, -1], *found]).reshape(-1))
    precision, _, _ = tally.curve(1)
    assert (precision[:100] == 1).all() and precision[199] == 0.5
    assert precision[299] == pytest.approx(2 / 3)


def test_the_command_knows_the_same_versions():
    assert tuple(VERSIONS) == ap_names.NAMES
