"""Which records are shown: all, those of a label, or those that are suspicious; page by page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from caffepy.board.data.survey import Survey
from caffepy.services.data_sheet.naming import called

PAGE = 60


@dataclass(frozen=True)
class Choice:
    """What to show.

    Attributes:
        label: a number or a part of a class's name; "" for all.
        suspicious: only records with a mark.
    """

    label: str = ""
    suspicious: bool = False


def wanted_labels(text: str, survey: Survey, names: Mapping[int, str]) -> list[int]:
    """The labels that a search means: the number, or all whose names have the text in them."""
    text = text.strip().lower()
    if text.lstrip("+-").isdigit():
        return [int(text)] if int(text) in survey.of_label else []
    return [label for label in sorted(survey.of_label) if text in names.get(label, "").lower()]


def numbers(choice: Choice, survey: Survey, names: Mapping[int, str]) -> Sequence[int]:
    """The records that a choice means, in order; of those that were looked at so far, if it is
    more than all."""
    if choice.suspicious:
        found = set(survey.marks)
        if choice.label:
            found &= set(_labelled(choice.label, survey, names))
        return sorted(found)
    if choice.label:
        return _labelled(choice.label, survey, names)
    return range(survey.total if survey.total is not None else survey.looked)


def _labelled(text: str, survey: Survey, names: Mapping[int, str]) -> Sequence[int]:
    lists = [survey.of_label[label] for label in wanted_labels(text, survey, names)]
    if len(lists) == 1:
        return lists[0]
    return sorted(set().union(*lists))


def label_words(labels: Sequence[int], names: Mapping[int, str]) -> str:
    """The labels of a record for people; several boxes of one class as one, with their count."""
    counts = {label: labels.count(label) for label in dict.fromkeys(labels)}
    return ", ".join(called(label, dict(names)) + (f" × {count}" if count > 1 else "")
                     for label, count in counts.items())
