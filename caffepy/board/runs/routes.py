"""The views of runs."""

from __future__ import annotations

from caffepy.board.answers import Answer, page
from caffepy.board.asking import Ask
from caffepy.board.routes import get


@get("/")
def runs(ask: Ask) -> Answer:
    names = [found.name for found in ask.shelf.walk() if found.name.endswith((".jsonl", ".log"))]
    return page("runs/runs.html", ask, title="Runs", names=names)
