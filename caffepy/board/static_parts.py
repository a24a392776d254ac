"""Styles and scripts."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from caffepy.board import routes
from caffepy.board.answers import Answer, data
from caffepy.board.asking import Ask

FOLDER = Path(__file__).with_name("static")
KINDS = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8",
         ".svg": "image/svg+xml"}


def part(path: Path, ask: Ask) -> Answer:
    """A file of ``static``. A browser may keep it for this board: the token is in its address."""
    answer = data(path.read_bytes(), KINDS[path.suffix])
    answer.headers["Cache-Control"] = "private, max-age=3600"
    return answer


# what is there is listed once: nothing that a visitor says becomes a path
for found in sorted(FOLDER.rglob("*")):
    if found.suffix in KINDS:
        address = f"/static/{found.relative_to(FOLDER).as_posix()}"
        routes.get(address)(partial(part, found))
