"""caffepy completion: the shell's code that completes the words of the command and of all tools."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from caffepy.cli import gflags

SHELLS = ("bash", "fish", "zsh")
PROGRAMS = ("caffepy", "caffe")


@gflags.command(
    "completion",
    help="Print what makes a shell complete actions, flags, their words and file names, for this "
    f"command and all tools. SHELL: {', '.join(SHELLS)}.",
)
@click.argument("shell", type=gflags.Choice(*SHELLS))
def completion(shell: str) -> None:
    from caffepy.cli.main import TOOLS, main

    kind = get_completion_class(shell)
    assert kind is not None, shell
    for program in (*PROGRAMS, *sorted(TOOLS)):
        code = kind(main, {}, program, f"_{program.upper()}_COMPLETE")
        # not code.source(): for bash that starts a bash each time, to look at its version
        click.echo(code.source_template % code.source_vars())
