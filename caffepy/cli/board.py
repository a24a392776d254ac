"""caffepy board: a page that shows the trainings, nets and data of folders."""

from __future__ import annotations

import sys

import click

from caffepy.cli import flags, gflags
from caffepy.errors import ConfigError


@gflags.command(
    "board",
    help="Serve a page that shows what is in the folders (the current one, without any): trainings "
    "with live curves, nets, data, results, and a place to try pictures. It only reads. The page "
    "is for this machine alone, at the address that is printed. Needs: pip install "
    "\"caffepy[board]\".")
@click.argument("folders", nargs=-1, metavar="[FOLDER]...")
@gflags.flag("open", bool, False, "Open the page in a browser.")
@gflags.flag("port", int, None, "Where it listens; 0 for a free port. 5000 or one of the next.")
@gflags.flag("host", str, "127.0.0.1", "The address it listens on. Beyond 127.0.0.1 other machines "
             "reach it; a password is asked for.")
@flags.PLUGIN
def board(folders: tuple[str, ...], open: bool, port: int | None, host: str) -> None:
    from caffepy.board import serving
    from caffepy.board.guarding import is_loopback

    if port is not None and not 0 <= port < 65536:
        raise ConfigError("there is no such port", where="flag 'port'", found=port)
    password = None if is_loopback(host) else ask_password(host)
    served = serving.Board(folders or (".",), host, port, password)

    def show(address: str) -> None:
        click.echo(f"The board is at {address}\nCtrl-C ends it.")
        if served.others:
            click.echo(f"Other machines open {served.others} and give the password.")
        if open and not serving.open_browser(address):
            click.echo("There is no browser to open here.", err=True)

    served.run(show)


def ask_password(host: str) -> str:
    """The password for other machines; without a terminal the first line of the input."""
    click.echo(
        f"On {host} all machines that reach this one can open the board: who knows the password "
        "sees the runs, nets, weights and data of the folders and can let nets compute here. What "
        "is sent is not encrypted: on a network that others share, leave it at 127.0.0.1 and "
        "come by 'ssh -L'.", err=True)
    if sys.stdin.isatty():
        password: str = click.prompt("Password", hide_input=True, err=True,
                                     confirmation_prompt=True)
        return password
    return sys.stdin.readline().strip()
