"""What may be wrong with data, by what a survey has seen of them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from caffepy.board.data.survey import Survey
from caffepy.checks.batches import LEAST_LABELS, RUN

LISTED = 200  # records of each suspicion that are named
RARE = 10     # times fewer than the most frequent class is worth a word


@dataclass
class Suspicion:
    """Something that may be wrong.

    Attributes:
        title: what, in a sentence.
        advice: what to do about it, "" for nothing.
        numbers: the records, if it is some.
    """

    title: str
    advice: str = ""
    numbers: list[int] = field(default_factory=list)


def suspicions(survey: Survey) -> list[Suspicion]:
    """What may be wrong, the worst first."""
    return [one for of in (_broken, _quarrels, _runs, _one_class, _duplicates, _blank, _uneven,
                           _gaps, _shapes) if (one := of(survey)) is not None]


def _broken(survey: Survey) -> Suspicion | None:
    if not survey.broken:
        return None
    return Suspicion(f"Records that cannot be read: {len(survey.broken)} of {survey.looked}.",
                     "A training ends with an error where it comes to one.",
                     survey.broken[:LISTED])


def _quarrels(survey: Survey) -> Suspicion | None:
    groups = [survey.twins[one] for one in survey.quarrel]
    if not groups:
        return None
    return Suspicion(f"Pictures stored several times with different labels: {len(groups)}.",
                     "No net can get them right.", sorted(sum(groups, []))[:LISTED])


def _runs(survey: Survey) -> Suspicion | None:
    order = np.array(survey.order, np.int64)
    if len(order) < LEAST_LABELS or (order == order[0]).all():
        return None
    starts = np.flatnonzero(np.diff(order)) + 1
    runs = np.diff(np.concatenate([[0], starts, [len(order)]]))
    counts = np.unique(order, return_counts=True)[1] / len(order)
    # of labels in random order a run is this long on average
    usual = 1 / max(1e-9, 1 - float((counts**2).sum()))
    if runs.mean() < max(RUN, 3 * usual):
        return None
    longest = int(runs.argmax())
    begin = int(np.concatenate([[0], starts])[longest])
    return Suspicion(
        f"The labels come in runs: {runs.mean():.1f} records of one class in a row on average, "
        f"at most {runs.max()} (of label {order[begin]}, from record {begin}).",
        "Records that lie class by class train badly: make the database with convert_imageset "
        "-shuffle, or set shuffle: true where the layer can.")


def _one_class(survey: Survey) -> Suspicion | None:
    if len(survey.labels) != 1 or survey.boxed or survey.looked < LEAST_LABELS:
        return None
    return Suspicion(f"All labels are {next(iter(survey.labels))}.",
                     "There is nothing to tell apart; was the list written with labels?")


def _duplicates(survey: Survey) -> Suspicion | None:
    if not survey.twins:
        return None
    spare = sum(len(group) - 1 for group in survey.twins.values())
    return Suspicion(f"Records byte for byte the same as an earlier one: {spare}.",
                     "If they were copied from training to test data, a test flatters.",
                     sorted(sum(survey.twins.values(), []))[:LISTED])


def _blank(survey: Survey) -> Suspicion | None:
    if not survey.plain:
        return None
    return Suspicion(f"Pictures with one value everywhere: {len(survey.plain)}.", "",
                     survey.plain[:LISTED])


def _uneven(survey: Survey) -> Suspicion | None:
    if len(survey.labels) < 2:
        return None
    (most, many), (least, few) = survey.labels.most_common(1)[0], survey.labels.most_common()[-1]
    if many < RARE * few:
        return None
    return Suspicion(f"Label {most} is {many / few:.0f} times as frequent as label {least} "
                     f"({many} and {few}).",
                     "Accuracy alone says little here; look at each class.")


def _gaps(survey: Survey) -> Suspicion | None:
    known = sorted(survey.labels)
    if not known or survey.boxed:
        return None
    if known[0] < 0:
        return Suspicion(f"There are labels below 0 (the least is {known[0]}).",
                         "Losses over classes want 0 and up, or their ignore_label.")
    missing = known[-1] + 1 - len(known)
    if not missing or known[-1] > 100 * len(known):
        return None
    lacks = [label for label in range(known[-1]) if label not in survey.labels][:10]
    more = ", ..." if missing > len(lacks) else ""
    return Suspicion(f"Labels below {known[-1]} that do not occur: {missing} "
                     f"({', '.join(map(str, lacks))}{more}).")


def _shapes(survey: Survey) -> Suspicion | None:
    if len({shape[0] for shape in survey.sizes if len(shape) == 3}) > 1:
        return Suspicion("Some pictures are gray and some are coloured.",
                         "Set force_color or force_gray in transform_param, or is_color of a "
                         "list.")
    if len(survey.sizes) > 1:
        return Suspicion(f"The pictures have {len(survey.sizes)} different sizes.",
                         "Batches of several take one size: crop_size, or a resize, makes "
                         "them alike.")
    return None
