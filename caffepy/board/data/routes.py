"""The views of data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from caffepy.board.answers import Answer, json, page, picture
from caffepy.board.asking import Ask
from caffepy.board.data import browsing, thumbs
from caffepy.board.data.browsing import PAGE, Choice
from caffepy.board.data.record import Record
from caffepy.board.data.seen import Seen, seen
from caffepy.board.data.sources import Source, Sources, names_of
from caffepy.board.data.survey import Survey
from caffepy.board.data.surveys import Surveys
from caffepy.board.data.suspicions import suspicions
from caffepy.board.data.thumbs import Thumbs
from caffepy.board.keeping import Kept
from caffepy.board.models import Models
from caffepy.board.net.layers import in_words
from caffepy.board.net.looking import phases
from caffepy.board.routes import get
from caffepy.board.shelf import Shelf
from caffepy.board.working import Worker
from caffepy.errors import DataError, NotFound
from caffepy.proto import wire
from caffepy.services import work
from caffepy.services.data_sheet.naming import called

MOST_AT_ONCE = 240  # records of one request
MOST_NUMBER = 1 << 40  # of a record
MOST_LABELS = 1000  # listed
MOST_SIZES = 30


class Sheets:
    """What nets see, kept; see ``Ask.one``."""

    def __init__(self, shelf: Shelf) -> None:
        self.kept: Kept[list[Seen]] = Kept(6)


@dataclass(frozen=True)
class Looked:
    """A source, its survey, and what its labels are called."""

    source: Source
    survey: Survey
    names: dict[int, str]


def looked(ask: Ask, wait: float = 1.5) -> Looked:
    sources = ask.one(Sources)
    source = sources.get(ask.text("source"))
    survey = ask.one(Surveys).of(sources, source, wait)
    return Looked(source, survey, names_of(source, ask.shelf))


@get("/data")
def data(ask: Ask) -> Answer:
    """All sources, and the nets that read some."""
    sources = ask.one(Sources)
    nets = [net for net in ask.one(Models).nets() if not net.fed]
    return page("data/sources.html", ask, title="Data", sources=sources.all(),
                means=sources.means(), nets=nets)


@get("/data/source")
def source(ask: Ask) -> Answer:
    """What lies in a source, and a page of its records."""
    found = looked(ask)
    survey, names = found.survey, found.names
    choice = Choice(ask.text("label"), bool(ask.text("suspicious")))
    numbers = browsing.numbers(choice, survey, names)
    last = max(0, (len(numbers) - 1) // PAGE)
    at = ask.whole("page", 0, 0, last)
    if ask.text("record"):
        at = min(last, ask.whole("record", 0, 0, MOST_NUMBER) // PAGE)
    shown = list(numbers[at * PAGE : (at + 1) * PAGE])
    labels = sorted(survey.labels.items())
    most = max(survey.labels.values(), default=1)
    return page(
        "data/source.html", ask, title=found.source.name, source=found.source, survey=survey,
        choice=choice, count=len(numbers), at=at, last=last, page_size=PAGE,
        items=items(ask, found, shown), suspicions=suspicions(survey),
        labels=[(called(label, names), label, count, count / most)
                for label, count in labels[:MOST_LABELS]],
        more_labels=max(0, len(labels) - MOST_LABELS), names=names,
        sizes=[(in_words(size), count) for size, count in survey.sizes.most_common(MOST_SIZES)],
        has_mean=survey.mean is not None, jump={
            "source": found.source.name, "label": choice.label or None,
            "suspicious": "1" if choice.suspicious else None})


@get("/data/records.json")
def records(ask: Ask) -> Answer:
    """Some of the records that a choice means, for scrolling."""
    found = looked(ask, 0)
    numbers = browsing.numbers(
        Choice(ask.text("label"), bool(ask.text("suspicious"))), found.survey, found.names)
    start = ask.whole("start", 0, 0, MOST_NUMBER)
    count = ask.whole("count", PAGE, 1, MOST_AT_ONCE)
    return json({"total": len(numbers), "start": start, "records": items(
        ask, found, list(numbers[start : start + count]))})


def items(ask: Ask, found: Looked, numbers: list[int]) -> list[dict[str, Any]]:
    """Records as tiles: their number, what is below them, and addresses."""
    name = found.source.name
    ask.one(Thumbs).prepare(ask.one(Sources), found.source, numbers)
    return [{"number": number, "words": words_below(ask, found, number),
             "marks": "; ".join(found.survey.marks.get(number, ())),
             "picture": ask.url("/data/thumb", source=name, record=number),
             "address": ask.url("/data/record", source=name, record=number)}
            for number in numbers]


def words_below(ask: Ask, found: Looked, number: int) -> str:
    """The labels of a record."""
    labels = ask.one(Thumbs).labels(ask.one(Sources), found.source, number)
    return browsing.label_words(labels, found.names)


@get("/data/thumb")
def thumb(ask: Ask) -> Answer:
    """A small picture of a record."""
    sources = ask.one(Sources)
    return picture(ask.one(Thumbs).get(
        sources, sources.get(ask.text("source")), ask.whole("record", 0, 0, MOST_NUMBER)))


@get("/data/record")
def record(ask: Ask) -> Answer:
    """One record."""
    found = looked(ask, 0)
    one = one_record(ask, found.source)
    name, number = found.source.name, one.number
    boxes = [{"words": called(box.label, found.names), "difficult": box.difficult,
              "sides": " ".join(f"{side:.3f}" for side in box[1:5])} for box in one.boxes]
    total = found.survey.total
    return page(
        "data/record.html", ask, title=f"{name}, record {number}", source=found.source, record=one,
        words=browsing.label_words(one.labels, found.names), boxes=boxes,
        shape=in_words(one.picture.shape) if one.picture is not None else "?",
        marks=found.survey.marks.get(number, []),
        before=ask.url("/data/record", source=name, record=number - 1) if number else None,
        after=ask.url("/data/record", source=name, record=number + 1)
        if total is None or number + 1 < total else None,
        nets=ask.one(Models).nets())


@get("/data/picture")
def large(ask: Ask) -> Answer:
    """A record's picture, with its boxes."""
    source = ask.one(Sources).get(ask.text("source"))
    return picture(thumbs.large(one_record(ask, source), names_of(source, ask.shelf)))


def one_record(ask: Ask, source: Source) -> Record:
    return ask.one(Sources).record(source, ask.whole("record", 0, 0, MOST_NUMBER))


@get("/data/mean")
def mean(ask: Ask) -> Answer:
    """The mean picture of what was looked at, or that of a file."""
    if ask.text("file"):
        values = wire.read_blob(ask.file("file"))
        while values.ndim > 3:
            values = values[0]
    else:
        known = looked(ask).survey.mean
        if known is None:
            raise DataError("these records have no mean picture", where=ask.text("source"))
        values = known
    return picture(thumbs.encoded(thumbs.fitted(thumbs.of_array(values), 256)))


@get("/data/seen")
def what_the_net_sees(ask: Ask) -> Answer:
    """The items of a net's data layers after all transformations."""
    path = ask.file("net")
    known = phases(path)
    phase = ask.choice("phase", *known)
    found = sheets(ask, phase)
    return page("data/seen.html", ask, title="What the net sees", net=ask.text("net"), phase=phase,
                phases=known, seed=ask.whole("seed", work.SEED, 0, 1 << 31),
                sheets=[(one.layer, one.titles, ask.url(
                    "/data/sheet", net=ask.text("net"), phase=phase, seed=ask.text("seed") or None,
                    layer=number)) for number, one in enumerate(found)])


@get("/data/sheet")
def sheet(ask: Ask) -> Answer:
    """One of its sheets."""
    found = sheets(ask, ask.choice("phase", "TRAIN", "TEST"))
    number = ask.whole("layer", 0, 0, 1000)
    if number >= len(found):
        raise NotFound("the net has no such data layer", found=number)
    return picture(found[number].png)


def sheets(ask: Ask, phase: str) -> list[Seen]:
    path, seed = ask.file("net"), ask.whole("seed", work.SEED, 0, 1 << 31)

    def make() -> list[Seen]:
        return ask.one(Worker).run(lambda: seen(path, phase, ask.shelf, seed=seed))

    return ask.one(Sheets).kept.get((path, phase, seed), make, path)

