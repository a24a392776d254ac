"""caffepy layers: the types a net may be made of; with a type's name, what it does."""

from __future__ import annotations

import shutil
import sys

import click

from caffepy.cli import flags, gflags


@gflags.command("layers", help="List the layer types, or show what one of them does.")
@click.argument("type", required=False)
@gflags.flag("markdown", bool, False, "Print the page docs/layers.md.")
@flags.PLUGIN
def layers(type: str | None, markdown: bool) -> None:
    from caffepy.core import registry
    from caffepy.services import layer_table as tool

    if type:
        known = registry.get(type)  # or says what to write
        pages = [tool.page(entry) for entry in registry.entries()
                 if type in (entry.type, *entry.aliases)] or [tool.page(known)]
        click.echo("\n\n".join(filter(None, [*pages, tool.told_apart(type)])))
    elif markdown:
        click.echo(tool.markdown(), nl=False)
    else:
        # a terminal would wrap long lines, which no eye follows
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        click.echo(tool.table(tool.rows(), width))
