"""Jinja's environment: everything is escaped, and what is not given is an error."""

from __future__ import annotations

import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2

from caffepy import __version__
from caffepy.board import families, words

if TYPE_CHECKING:
    from caffepy.board.asking import Ask

FOLDER = Path(__file__).with_name("templates")


@cache
def environment() -> jinja2.Environment:
    made = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        loader=jinja2.FileSystemLoader(FOLDER), auto_reload=False)
    made.filters.update(
        number=words.number, bytes=words.size, duration=words.duration, date=words.date,
        ago=lambda then: words.ago(time.time() - then))
    made.globals.update(version=__version__, fixed=False)
    return made


def render(template: str, ask: Ask, **values: Any) -> str:
    """A template's text, with the pages' head."""
    here = families.of(ask.path)
    heads = [(family.title, ask.url(family.path), family is here) for family in families.FAMILIES]
    return environment().get_template(template).render(
        heads=heads, url=ask.url, folders=list(ask.shelf.roots), **values)
