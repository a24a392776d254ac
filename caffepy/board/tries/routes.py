"""The views in which pictures are tried."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np

from caffepy.board.answers import Answer, page, picture, redirect
from caffepy.board.asking import Ask
from caffepy.board.data import thumbs
from caffepy.board.data.sources import Sources
from caffepy.board.keeping import Kept
from caffepy.board.models import Models
from caffepy.board.net.layers import in_words
from caffepy.board.net.weights import png
from caffepy.board.routes import get, post
from caffepy.board.shelf import Shelf
from caffepy.board.tries import answering, given, maps, occlusion
from caffepy.board.tries.given import Given, Pictures
from caffepy.board.tries.nets import Map, Nets, Ready
from caffepy.board.working import Worker
from caffepy.errors import CaffeError, ConfigError, NotFound
from caffepy.services.sheets.page import as_png

T = TypeVar("T")

MOST = 50  # pictures of one request
THRESHOLD = 0.5


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
        self.occlusions: Kept[tuple[occlusion.Occlusion, Any, Any]] = Kept(8)


@get("/try")
def tries(ask: Ask) -> Answer:
    """A form, and answers if there are pictures."""
    models = ask.one(Models)
    nets, weights = models.nets(), models.weights()
    values: dict[str, Any] = {"shown": [], "steps": [], "guesses": [], "maps": [], "hidden": None,
                              "net_trouble": "", "said": said_of(ask)}
    keys = ask.texts("picture")[:MOST]
    net = ask.text("net") or models.net_of(ask.text("weights"))
    chosen = ask.text("weights") or best_weights(ask)
    values["said"]["weights"] = chosen or None
    if ask.text("net") and chosen:
        try:
            answer(ask, way_of(ask, chosen), keys, values)
        except CaffeError as error:
            values["net_trouble"] = str(error)
    boxes = any(one.answer is not None and one.answer.kind == answering.BOXES
                for one in values["shown"])
    return page(
        "tries/try.html", ask, title="Try", nets=nets, weights=weights, net=net,
        chosen=chosen, keys=keys, mean=ask.text("mean"), scale=ask.text("scale"),
        invert=bool(ask.text("invert")), crops=bool(ask.text("crops")), boxes=boxes,
        threshold=ask.number("threshold", THRESHOLD, 0, 1), troubles=ask.texts("trouble"),
        most=MOST, kinds=given.KINDS, **values)


@post("/try")
def sent(ask: Ask) -> Answer:
    """Take pictures in, and go to what the net says of them."""
    pictures = ask.one(Pictures)
    keys: list[str] = []
    troubles: list[str] = []
    files = [one for key in ("picture", "folder") for one in ask.request.files.getlist(key)
             if one.filename]
    for file in files[:MOST]:
        try:
            keys.append(pictures.add(file.filename or "", file.stream.read(
                given.MOST_BYTES + 1)).key)
        except CaffeError as error:
            troubles.append(str(error)[:300])
    if len(files) > MOST:
        troubles.append(f"The first {MOST} of {len(files)} pictures are taken.")
    if not files:
        keys = ask.texts("picture")[:MOST]
    values = said_of(ask)
    values.update(picture=keys, trouble=troubles[:10])
    return redirect(ask.url("/try", **values))


def said_of(ask: Ask) -> dict[str, Any]:
    """The words of a request that its addresses carry on."""
    return {key: ask.text(key) or None for key in (
        "net", "weights", "mean", "scale", "invert", "crops", "threshold")}


def best_weights(ask: Ask) -> str:
    """The last weights that fit the net that is asked for."""
    from caffepy.board.net.views import Looks

    if not ask.text("net"):
        return ""
    try:
        fitting = ask.one(Models).fitting(ask.one(Looks).get(ask.file("net"), "TEST").learning)
    except CaffeError:
        fitting = []
    return fitting[-1].name if fitting else ""


def way_of(ask: Ask, weights: str = "") -> Way:
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
    store = sources.store(sources.get(name))
    if number.isdecimal():
        for record in store.take([int(number)]):
            return given.of_record(record, key)
    raise NotFound("there is no such record", where=f"{name}, record {number}")


def planes_of(ask: Ask, key: str, way: Way) -> Any:
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
            found, _, _ = occluded(ask, way, keys[0], label)
            values["hidden"] = {
                "label": label, "name": ready.names.get(label) or str(label),
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
    planes = planes_of(ask, key, way)

    def make() -> list[Map]:
        def of(ready: Ready) -> list[Map]:
            answering.ask(ready, planes)
            return ready.maps()

        return run(ask, way, of)

    return ask.one(Remembered).maps.get((way._replace(crops=False), key), make,
                                        way.model, way.weights)


def occluded(ask: Ask, way: Way, key: str, label: int) -> tuple[occlusion.Occlusion, Any, Any]:
    """The map, the input of the net, and the picture of it."""
    planes = planes_of(ask, key, way)

    def make() -> tuple[occlusion.Occlusion, Any, Any]:
        def of(ready: Ready) -> tuple[occlusion.Occlusion, Any, Any]:
            answering.ask(ready, planes)
            values = ready.input
            if label >= ready.forward(values).size:
                raise NotFound("the net has no such class", found=label)
            found = occlusion.occlusion(
                lambda hidden: float(ready.forward(hidden).reshape(-1)[label]), values)
            return found, values, None

        return run(ask, way, of)

    return ask.one(Remembered).occlusions.get((way, key, label), make, way.model, way.weights)


@get("/try/picture")
def as_given(ask: Ask) -> Answer:
    """A picture as it was given, at most 1024 pixels wide and high."""
    planes = picture_of(ask, ask.text("picture")).planes
    shown = thumbs.of_array(planes)
    return picture(thumbs.encoded(
        thumbs.fitted(shown, thumbs.LARGE) if max(shown.shape[:2]) > thumbs.LARGE else shown))


@get("/try/map")
def feature_map(ask: Ask) -> Answer:
    """What a layer makes of a picture."""
    blob = ask.text("blob")
    for one in maps_of(ask, way_of(ask), ask.text("picture")):
        if one.blob == blob:
            return picture(png(maps.picture(one.values), 640))
    raise NotFound("the net for use has no such blob", where=blob)


@get("/try/occlusion")
def occlusion_map(ask: Ask) -> Answer:
    """Where the score falls, over what went into the net."""
    import cv2

    found, values, _ = occluded(ask, way_of(ask), ask.text("picture"),
                                ask.whole("class", 0, 0, 1 << 30))
    below = thumbs.of_array(values)
    side = max(below.shape[:2])
    if side < 320:
        below = below.repeat(320 // side, 0).repeat(320 // side, 1)
    height, width = below.shape[:2]
    over = occlusion.heat(found.falls, height, width)
    opacity = over[..., 3:].astype(np.float32) / 255
    mixed = below * (1 - opacity) + over[..., :3] * opacity
    return picture(as_png(np.ascontiguousarray(cv2.convertScaleAbs(mixed))))


@get("/try/labels")
def labels_map(ask: Ask) -> Answer:
    """The labels, or numbers, that a net gives each pixel."""
    found = shown(ask, way_of(ask), ask.text("picture")).answer
    if found is None or found.picture is None:
        raise NotFound("the net does not answer with a picture")
    return picture(png(found.picture, 640))
