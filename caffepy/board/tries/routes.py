"""The views in which pictures are tried."""

from __future__ import annotations

from typing import Any

import numpy as np

from caffepy.board.answers import Answer, page, picture, redirect
from caffepy.board.asking import Ask
from caffepy.board.data import thumbs
from caffepy.board.models import Models
from caffepy.board.net.weights import png
from caffepy.board.routes import get, post
from caffepy.board.tries import answering, given, maps, occlusion
from caffepy.board.tries.given import Pictures
from caffepy.board.tries.showing import (
    answer,
    best_weights,
    maps_of,
    occluded,
    picture_of,
    said_of,
    shown,
    way_of,
)
from caffepy.errors import CaffeError, NotFound
from caffepy.services.sheets.page import as_png

MOST = 50  # pictures of one request
THRESHOLD = 0.5


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


@get("/try/picture")
def as_given(ask: Ask) -> Answer:
    """A picture as it was given, at most 1024 pixels wide and high."""
    return picture(thumbs.encoded(thumbs.of_array(picture_of(ask, ask.text("picture")).planes)))


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

    found, values = occluded(ask, way_of(ask), ask.text("picture"),
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
