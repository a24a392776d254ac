"""caffepy report: trainings as one page in one file."""

from __future__ import annotations

import os

import click

from caffepy.cli import gflags
from caffepy.errors import ConfigError

ENDINGS = (".html", ".htm")


@gflags.command(
    "report",
    help="Write a page about trainings into one file that needs nothing else, to send to somebody: "
    "curves to zoom, settings and where they differ, tests, snapshots, the net's drawing, results. "
    "RUN is a log, a .jsonl of measurements, or a folder with one. Needs: pip install "
    "\"caffepy[board]\".")
@click.argument("runs", nargs=-1, required=True, metavar="RUN...")
@gflags.flag("out", gflags.FILE, "", "The file, .html; else <first run>.html.")
@gflags.flag("results", gflags.FILE, "", "A folder that 'test -report' wrote; else the newest one "
             "beside the runs, if there is any.")
def report(runs: tuple[str, ...], out: str, results: str) -> None:
    from caffepy.board.serving import needed

    needed()
    from caffepy.board.report import making

    out = out or f"{os.path.splitext(runs[0].rstrip('/'))[0]}.html"
    if not out.lower().endswith(ENDINGS):
        raise ConfigError("the report is a page", where="flag 'out'", found=out,
                          allowed=" or ".join(ENDINGS))
    told = making.write(out, runs, results or None)
    click.echo(f"Wrote {out}, about {', '.join(told)}")
