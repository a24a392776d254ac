"""caffepy init: a copy of one of the models that come with caffepy."""

from __future__ import annotations

import click

from caffepy.cli import gflags
from caffepy.columns import columns


@gflags.command("init", help="Copy a model that comes with caffepy, with its scripts, into FOLDER "
                             "(by default this one); without a name list the models.")
@click.argument("name", required=False, default="")
@click.argument("folder", required=False, default=".")
def init(name: str, folder: str) -> None:
    from caffepy.services import shipped

    if not name:
        click.echo("\n".join(columns([[*row] for row in shipped.models().items()])))
        return
    written = shipped.copy(name, folder)
    where = "" if folder == "." else f" in {folder}"
    click.echo("\n".join([*written, f"{len(written) or 'No'} files are new{where}. "
                                    f"models/{name}/readme.md says how to go on."]))
