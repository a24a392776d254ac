"""The views of results."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from caffepy.board.answers import Answer, page, picture
from caffepy.board.asking import Ask
from caffepy.board.data import thumbs
from caffepy.board.data.sources import Source, Sources
from caffepy.board.keeping import Kept
from caffepy.board.models import Models
from caffepy.board.results import reports, tables
from caffepy.board.results.detected import Detected
from caffepy.board.results.judged import Judged, called
from caffepy.board.results.segmented import Segmented
from caffepy.board.results.testing import MOST, RECORDS, Test, test
from caffepy.board.routes import get
from caffepy.board.shelf import Shelf
from caffepy.board.words import named
from caffepy.board.working import Worker
from caffepy.errors import CaffeError, NotFound
from caffepy.services.sheets.page import as_png

SHOWN = 60     # pictures of one page
DETECTED = 12  # with boxes


class Tests:
    """Tests that were made, kept; see ``Ask.one``."""

    def __init__(self, shelf: Shelf) -> None:
        self.kept: Kept[Test] = Kept(6)


@get("/results")
def results(ask: Ask) -> Answer:
    """All reports, and a form for a test."""
    rows = []
    for found in reports.found(ask.shelf):
        folder = found.name.rpartition("/")[0]
        try:
            words = reports.read(found.path.parent, folder, ask.shelf).headline
        except CaffeError as error:
            words = str(error)
        rows.append((folder, words, found.changed))
    models = ask.one(Models)
    return page("results/reports.html", ask, title="Results", reports=rows, records=RECORDS,
                most=MOST, nets=[net for net in models.nets() if not net.fed],
                weights=models.weights())


@get("/results/report")
def report(ask: Ask) -> Answer:
    """One report; of a cell of its table the mistakes that it names."""
    folder = ask.text("folder")
    found = reports.read(ask.folder("folder"), folder, ask.shelf)
    truth, answer = cell(ask)
    across, rows = tables.rows(found.table, found.names) if found.table is not None else ([], [])
    sources = ask.one(Sources).all()
    source = ask.text("source") or guessed(sources, found)
    entries = found.classes()
    columns = [key for key in ("count", "answers", "right", "detections", "accuracy", "precision",
                               "f1", "iou", "roc_area", "average_precision",
                               "coco_average_precision") if any(key in one for one in entries)]
    return page(
        "results/report.html", ask, title=folder, folder=folder, report=found,
        numbers=[(name, reports.in_words(value)) for name, value in found.numbers()],
        across=across, rows=rows, chosen=truth is not None, truth=truth, answer=answer,
        names=found.names, columns=columns, source=source, sources=[one.name for one in sources],
        entries=[(reports.in_words(one.get("name", "")),
                  [reports.in_words(one.get(key)) for key in columns]) for one in entries],
        mistakes=[mistake(one, found) for one in found.mistakes(truth, answer)],
        pictures=[one for one in found.pictures if not rows or one[0] != "confusion.png"],
        cell=taken(found.names, truth, answer))


def taken(names: Sequence[str], truth: int | None, answer: int | None) -> str:
    """A mistake in words."""
    return f"{called(names, truth)} taken for {called(names, answer)}"


def mistake(one: dict[str, Any], found: reports.Report) -> dict[str, Any]:
    """One of the worst, in words."""
    if found.detector:
        words = f"{one.get('missed', 0)} missed, {one.get('wrong', 0)} wrong"
    elif isinstance(one.get("truth"), int) and isinstance(one.get("answer"), int):
        words = taken(found.names, one["truth"], one["answer"])
    else:
        words = ""
    number = one.get("record")
    sure = one.get("confidence")
    return {"record": number if isinstance(number, int) else None, "words": words,
            "name": str(one.get("name") or ""),
            "sure": sure if isinstance(sure, (int, float)) else None}


def guessed(sources: list[Source], found: reports.Report) -> str:
    """The source that a report is about: the only test set near it, if there is one."""
    near = [one.name for one in sources if "test" in one.name or "val" in one.name]
    return max(near, key=lambda name: len(os.path.commonprefix([name, found.folder])), default="")


@get("/results/file")
def file(ask: Ask) -> Answer:
    """A picture of a report."""
    name = ask.choice("file", *reports.PICTURES)
    return picture(reports.picture(ask.shelf.file(f"{ask.text('folder')}/{name}")))


def cell(ask: Ask) -> tuple[int | None, int | None]:
    """The truth and the answer that are asked for; None for any."""
    return tuple(ask.whole(key, 0, 0, 1 << 30) if ask.text(key) else None  # type: ignore[return-value]
                 for key in ("truth", "answer"))


def tested(ask: Ask) -> Test:
    """The test that is asked for, made if it is not there."""
    model, weights = ask.file("net"), ask.file("weights")
    records = ask.whole("records", RECORDS, 1, MOST)
    return ask.one(Tests).kept.get((model, weights, records), lambda: ask.one(Worker).run(
        lambda: test(model, weights, ask.shelf, records)), model, weights)


@get("/results/test")
def test_here(ask: Ask) -> Answer:
    """A test made here: the table, and pictures of what is asked for."""
    found = tested(ask)
    said = {"net": ask.text("net"), "weights": ask.text("weights"),
            "records": ask.text("records") or None}
    values: dict[str, Any] = {
        "net": ask.text("net"), "weights": ask.text("weights"), "test": found, "said": said,
        "records": ask.whole("records", RECORDS, 1, MOST), "source": source_of(ask, found)}
    answers = found.answers
    if isinstance(answers, Detected):
        return detections(ask, found, answers, values)
    names = [named(found.names, label) for label in range(len(answers.table))]
    across, rows = tables.rows(answers.table, names)
    values.update(across=across, rows=rows, names=names,
                  classes=tables.classes(answers.table, names))
    if isinstance(answers, Segmented):
        return page("results/labels.html", ask, title="Test", answers=answers,
                    worst=answers.worst.items(), **values)
    return judged(ask, answers, values)


def judged(ask: Ask, answers: Judged, values: dict[str, Any]) -> Answer:
    truth, answer = cell(ask)
    names = values["names"]
    everything = truth is not None and answer is None
    listed = answers.of(truth, answer, wrong=truth is None)
    last = max(0, (len(listed) - 1) // SHOWN)
    at = ask.whole("page", 0, 0, last)
    title = "Worst mistakes" if truth is None else f"All that is {names[truth]}" if everything \
        else taken(names, truth, answer) if truth != answer \
        else f"{names[truth]}, recognised"
    return page(
        "results/test.html", ask, title="Test", accuracy=answers.accuracy, truth=truth,
        answer=answer, heading=title, count=len(listed), at=at, last=last,
        listed=[{"record": one.record, "sure": one.confidence, "right": one.truth == one.answer,
                 "words": called(names, one.truth) if one.truth == one.answer
                 else taken(names, one.truth, one.answer)}
            for one in listed[at * SHOWN : (at + 1) * SHOWN]], **values)


def detections(ask: Ask, found: Test, answers: Detected, values: dict[str, Any]) -> Answer:
    threshold = ask.number("threshold", 0.5, 0, 1)
    counts = [{"name": named(found.names, label), "true": true, "found": hit, "wrong": wrong,
               "recall": hit / true if true else None,
               "precision": hit / (hit + wrong) if hit + wrong else None}
              for label, (true, hit, wrong) in answers.counts(threshold).items()]
    worst = answers.worst(threshold)
    last = max(0, (len(worst) - 1) // DETECTED)
    at = ask.whole("page", 0, 0, last)
    pictures = []
    for one in worst[at * DETECTED : (at + 1) * DETECTED]:
        missed, wrong = one.mistakes(threshold)
        pictures.append({"record": one.record, "missed": missed, "wrong": wrong,
                         "true": one.true, "found": one.found})
    return page("results/boxes.html", ask, title="Test", counts=counts, pictures=pictures,
                threshold=threshold, at=at, last=last, count=len(worst),
                names=found.names, **values)


def source_of(ask: Ask, found: Test) -> str:
    """The name of the source that a test read, if its records can be shown."""
    if not found.source:
        return ""
    name = ask.shelf.name(found.source)
    try:
        return ask.one(Sources).get(name).name if name else ""
    except CaffeError:
        return ""


@get("/results/labels")
def labels(ask: Ask) -> Answer:
    """A picture of labels: the picture itself, the truth or the answer."""
    answers = tested(ask).answers
    number = ask.whole("record", 0, 0, 1 << 40)
    which = ask.choice("which", "picture", "truth", "answer")
    for one in answers.worst.items() if isinstance(answers, Segmented) else ():
        if one.number == number and getattr(one, which) is not None:
            return picture(as_png(getattr(one, which)))
    raise NotFound("this picture is not kept", found=number)


@get("/results/plain")
def plain(ask: Ask) -> Answer:
    """A record's picture without its boxes."""
    sources = ask.one(Sources)
    record = sources.record(sources.get(ask.text("source")), ask.whole("record", 0, 0, 1 << 40))
    record.boxes = []
    return picture(thumbs.large(record, {}))
