"""What a page of tries shows: pictures, what the net says of them, what its layers make of one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from caffepy.board.asking import Ask
from caffepy.board.data.sources import Sources
from caffepy.board.keeping import Kept
from caffepy.board.models import Models
from caffepy.board.net.layers import in_words
from caffepy.board.net.views import Looks
from caffepy.board.shelf import Shelf
from caffepy.board.tries import answering, given, occlusion
from caffepy.board.tries.given import Given, Pictures
from caffepy.board.tries.nets import Map, Nets, Ready
from caffepy.board.words import named
from caffepy.board.working import Worker
from caffepy.errors import CaffeError, ConfigError, NotFound

T = TypeVar("T")
MOST_DIGITS = 12  # of a record's number


class Way(NamedTuple):
    """Which net is asked, and how."""

    model: Path
    weights: Path
    mean: str
    scale: float | None
    invert: bool
    crops: bool


class Shown(NamedTuple):
    """A picture, and what the net says of it."""

    key: str
    name: str
    size: str
    width: int
    height: int
    answer: answering.Answer | None
    trouble: str


class Remembered:
    """What was found out, kept a while; see ``Ask.one``."""

    def __init__(self, shelf: Shelf) -> None:
        self.maps: Kept[list[Map]] = Kept(3)
        self.occlusions: Kept[tuple[occlusion.Occlusion, Any]] = Kept(8)


def said_of(ask: Ask) -> dict[str, Any]:
    """The words of a request that its addresses carry on."""
    return {key: ask.text(key) or None for key in (
        "net", "weights", "mean", "scale", "invert", "crops", "threshold")}


def best_weights(ask: Ask) -> str:
    """The last weights that fit the net that is asked for."""
    if not ask.text("net"):
        return ""
    try:
        fitting = ask.one(Models).fitting(ask.one(Looks).get(ask.file("net"), "TEST").learning)
    except CaffeError:
        fitting = []
    return fitting[-1].name if fitting else ""


def way_of(ask: Ask, weights: str = "") -> Way:
    """The net that is asked for, and how; with these weights, or those of the request."""
    scale = ask.number("scale", 0, -1e9, 1e9) if ask.text("scale") else None
    return Way(ask.file("net"), ask.shelf.file(weights or ask.text("weights")), ask.text("mean"),
               scale, bool(ask.text("invert")), bool(ask.text("crops")))


def run(ask: Ask, way: Way, function: Callable[[Ready], T]) -> T:
    """Something with a net that is ready, when its turn comes."""
    return ask.one(Worker).run(lambda: function(ask.one(Nets).get(
        way.model, way.weights, way.mean, way.scale)))


def picture_of(ask: Ask, key: str) -> Given:
    """A picture that was sent, or a record: NUMBER@SOURCE."""
    number, at, name = key.partition("@")
    if not at:
        return ask.one(Pictures).get(key)
    sources = ask.one(Sources)
    source = sources.get(name)
    if not number.isdecimal() or len(number) > MOST_DIGITS:
        raise NotFound("there is no such record", where=f"{name}, record {number}")
    return given.of_record(sources.record(source, int(number)), key)


def planes_of(ask: Ask, key: str, way: Way) -> Any:
    """A picture as the net is to get it, C x H x W bytes."""
    planes = picture_of(ask, key).planes
    return 255 - planes if way.invert else planes


def answer(ask: Ask, way: Way, keys: list[str], values: dict[str, Any]) -> None:
    """Fill in what the net says of the pictures, and of a single one what its layers make."""
    ready = run(ask, way, lambda ready: ready)
    values.update(steps=[*["inverted"] * way.invert, *ready.use.steps()],
                  guesses=ready.use.guesses if not (way.mean or way.scale) else [])
    for key in keys:
        values["shown"].append(shown(ask, way, key))
    if len(keys) == 1 and not values["shown"][0].trouble:
        values["maps"] = [(one.blob, ", ".join(one.layers), in_words(one.values.shape))
                          for one in maps_of(ask, way, keys[0])]
        first = values["shown"][0].answer
        if ask.text("occlude") and first is not None and first.kind == answering.CLASSES:
            label = ask.whole("class", first.classes[0].label, 0, 1 << 30)
            found, _ = occluded(ask, way, keys[0], label)
            values["hidden"] = {
                "label": label, "name": named(ready.names, label),
                "before": found.before, "lowest": found.lowest,
                "square": " x ".join(map(str, found.square)), "places": len(found.scores)}


def shown(ask: Ask, way: Way, key: str) -> Shown:
    """One picture's answer, or what is wrong with it."""
    try:
        one = picture_of(ask, key)
        planes = planes_of(ask, key, way)
        height, width = one.shape
        return Shown(key, one.name, f"{height} x {width}", width, height, run(
            ask, way, lambda ready: answering.ask(ready, planes, way.crops)), "")
    except ConfigError:
        raise
    except CaffeError as error:
        return Shown(key, key, "", 1, 1, None, str(error))


def maps_of(ask: Ask, way: Way, key: str) -> list[Map]:
    """What each layer makes of a picture."""
    planes = planes_of(ask, key, way)

    def make() -> list[Map]:
        def of(ready: Ready) -> list[Map]:
            answering.ask(ready, planes)
            return ready.maps()

        return run(ask, way, of)

    return ask.one(Remembered).maps.get((way._replace(crops=False), key), make,
                                        way.model, way.weights)


def occluded(ask: Ask, way: Way, key: str, label: int) -> tuple[occlusion.Occlusion, Any]:
    """The map, and the input of the net."""
    planes = planes_of(ask, key, way)

    def make() -> tuple[occlusion.Occlusion, Any]:
        def of(ready: Ready) -> tuple[occlusion.Occlusion, Any]:
            answering.ask(ready, planes)
            values = ready.input
            if label >= ready.forward(values).size:
                raise NotFound("the net has no such class", found=label)
            found = occlusion.occlusion(
                lambda hidden: float(ready.forward(hidden).reshape(-1)[label]), values)
            return found, values

        return run(ask, way, of)

    return ask.one(Remembered).occlusions.get((way, key, label), make, way.model, way.weights)
