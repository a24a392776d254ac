"""Caffe's flag spellings on click: what every command and tool here is made of.

A tool in full:

    @gflags.command("convert_imageset", help="Turn a list of pictures into a database.")
    @click.argument("root")
    @click.argument("listfile")
    @click.argument("db_name")
    @gflags.flag("gray", bool, False, "Read pictures as one grey channel.")
    @gflags.flag("backend", gflags.Choice("lmdb", "leveldb"), "lmdb", "Kind of database.")
    @gflags.flag("resize_width", int, 0, "Width to resize to; 0 keeps it.")
    def main(root, listfile, db_name, gray, backend, resize_width):
        ...

``main`` is then the console script: all spellings of scan.py, --help, --version, -v, glog's
logging flags, log files, shell completion, and errors as one line with exit code 1 (ending.py).
A flag's type is str, int, float, bool, gflags.FILE or gflags.Choice(...). Keep heavy imports
inside the function, so that --help is quick. Return None or an exit code.

``Group`` is a command with actions that are imported when called for. Its ``flags`` are global
as in gflags: they may stand before the action, and an action ignores those it does not use.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

import click
from click.shell_completion import CompletionItem

from caffepy import __version__
from caffepy.cli import ending
from caffepy.cli.kinds import BOOL, FILE, INT32, OF_PYTHON, Choice, Kind
from caffepy.cli.scan import Scan, scan
from caffepy.errors import ConfigError, did_you_mean
from caffepy.proto import original_tree
from caffepy.services import logfiles

__all__ = ["FILE", "Choice", "Command", "Flag", "Group", "command", "flag"]

GIVEN = "caffepy.given"     # in a context's meta: the command's flags as --name=value
CAFFE_VERSION = "1.0.0"     # the release whose files, flags and numbers we speak


class Flag(click.Option):
    """One flag; also the decorator that gives it to a command.

    Args:
        name: without dashes.
        type: str, int, float, bool, or a Kind.
        default: the value when not given.
        help: one sentence.
        hidden: leave it out of --help.
        envvar: environment variable that sets it.
        several: it may be given several times, and the value is a tuple of all.
    """

    def __init__(
        self,
        name: str,
        type: Kind | type = str,
        default: object = "",
        help: str = "",
        *,
        hidden: bool = False,
        envvar: str | None = None,
        several: bool = False,
    ) -> None:
        self.kind = type if isinstance(type, Kind) else OF_PYTHON[type]
        self.is_bool = self.kind is BOOL
        super().__init__(
            [name, f"--{name}", f"-{name}"], type=self.kind, help=help, hidden=hidden,
            default=() if several else default, envvar=envvar, multiple=several,
        )

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        # the attribute in which click's own decorators gather parameters, last one first
        function.__dict__.setdefault("__click_params__", []).append(self)
        return function

    def bare(self, following: str | None) -> str | None:
        return "true" if self.is_bool else None

    def check(self, text: str) -> None:
        # a wrong word of a choice only matters to the command that uses the flag
        if not isinstance(self.kind, Choice):
            self.kind.read(text, self.name or "")

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        if self.bare(None) is None:
            return super().shell_complete(ctx, incomplete)
        # click takes what stands behind a switch for its value, but it is the next word
        for param in ctx.command.params:
            if isinstance(param, click.Argument) and (
                    param.nargs < 0 or not ctx.params.get(param.name or "")):
                return param.shell_complete(ctx, incomplete)
        return ctx.command.shell_complete(ctx, incomplete)

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        if self.hidden:
            return None
        value = "[=false]" if self.is_bool else f" {self.kind.shown}"
        default = "" if self.default in ("", (), None) else f" [default: {self.default}]".lower()
        return f"-{self.name}{value}", f"{self.help}{default}"


class VerbosityFlag(Flag):
    """glog's --v=N; alone, ``-v`` means 1: errors then show their traceback."""

    def bare(self, following: str | None) -> str | None:
        return None if following is not None and following.lstrip("-").isdigit() else "1"


flag = Flag

LOGGING_FLAGS: tuple[Flag, ...] = (
    Flag("logtostderr", bool, False, "Log to standard error only, to no file.",
         envvar="GLOG_logtostderr"),
    Flag("alsologtostderr", bool, True, "Log to standard error besides the files."),
    Flag("log_dir", FILE, "", "Folder of the log files; empty: the system's temporary folder.",
         envvar="GLOG_log_dir"),
    Flag("minloglevel", int, 0, "Drop lines below 0 INFO, 1 WARNING, 2 ERROR, 3 FATAL.",
         envvar="GLOG_minloglevel"),
    Flag("stderrthreshold", int, 2, "Lines from this level up always go to standard error.",
         envvar="GLOG_stderrthreshold"),
    VerbosityFlag("v", INT32, 0, "Verbosity: from 1 up errors show their traceback.",
                  envvar="GLOG_v"),
)
# glog's other knobs tune files and colours that we write in one way: taken, without effect
ACCEPTED_FLAGS: tuple[Flag, ...] = tuple(
    Flag(name, kind, None, hidden=True)
    for name, kind in (
        ("colorlogtostderr", bool), ("log_prefix", bool), ("log_link", str), ("vmodule", str),
        ("logbuflevel", int), ("logbufsecs", int), ("max_log_size", int),
        ("stop_logging_if_full_disk", bool),
    )
)


class Command(click.Command):
    """A click command that reads its arguments as gflags does and ends as ending.py says."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for param in self.params:
            if isinstance(param, click.Argument) and param.type is click.STRING:
                param.type = FILE  # nearly all words name files: a shell shall complete them
        self.params += [*LOGGING_FLAGS, *ACCEPTED_FLAGS, version_option()]

    def flags(self) -> dict[str, Flag]:
        """The flags this command uses, by name."""
        return {param.name or "": param for param in self.params if isinstance(param, Flag)}

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        own = self.flags()
        group = ctx.parent.command if ctx.parent else None
        others = group.flags() if isinstance(group, Group) else {}
        found = scan_for(ctx, args, {**others, **own})
        takes_words = any(isinstance(param, click.Argument) for param in self.params)
        if found.words and not takes_words and not ctx.resilient_parsing:
            raise ConfigError(
                f"{ctx.command_path} takes flags only", found=repr(" ".join(found.words)),
                fix="Give one action, and values right after their flags.",
            )
        mine = [text for text in found.flags if text[2:].partition("=")[0] in {
            *own, "help", "version"}]
        ctx.meta[GIVEN] = tuple(mine)
        return super().parse_args(ctx, [*mine, "--", *found.words] if found.words else mine)

    def invoke(self, ctx: click.Context) -> Any:
        for param in self.params:
            value = ctx.params.get(param.name or "") if isinstance(param, click.Argument) else None
            if (param.required and value == "") or (isinstance(value, tuple) and "" in value):
                raise ConfigError(f"argument {param.make_metavar(ctx)} is empty",
                                  fix="Perhaps a variable of the shell is not set.")
        settings = {spec.name: ctx.params.pop(spec.name) for spec in LOGGING_FLAGS if spec.name}
        for spec in ACCEPTED_FLAGS:
            ctx.params.pop(spec.name or "", None)
        if isinstance(ctx.obj, ending.Ending):
            ctx.obj.traceback = ctx.obj.traceback or settings["v"] > 0
        del settings["v"]
        ctx.call_on_close(logfiles.start(logfiles.Settings(**settings), program_of(ctx)))
        for paths in ctx.params.pop("plugin", ()):  # flags.PLUGIN
            from caffepy.core.plugins import load_plugin

            for path in filter(None, map(str.strip, paths.split(","))):
                load_plugin(path)
        return super().invoke(ctx)

    def main(  # type: ignore[override]
        self, args: Sequence[str] | None = None, prog_name: str | None = None, **extra: Any
    ) -> NoReturn:
        sys.exit(ending.run(super().main, args, prog_name or program_name(), extra))

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        own = [spec for spec in self.flags().values() if spec not in LOGGING_FLAGS]
        write_flags(ctx, formatter, "Flags", own)
        write_flags(ctx, formatter, "Logging flags", LOGGING_FLAGS)

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        words = [word for param in self.params if isinstance(param, click.Argument)
                 for word in param.get_usage_pieces(ctx)]
        formatter.write_usage(ctx.command_path, " ".join(["[flags]", *words]))


class Group(click.Group):
    """A command with actions, each imported when it is asked for.

    Args:
        actions: action name -> "module:attribute" of its Command.
        shared: the flags that every action takes, used or not.
    """

    def __init__(
        self, name: str, *, actions: Mapping[str, str], shared: Sequence[Flag] = (), **kwargs: Any
    ) -> None:
        super().__init__(name, no_args_is_help=False, **kwargs)
        self.actions = dict(actions)
        self.shared = tuple(shared)
        self.params.append(version_option())

    def flags(self) -> dict[str, Flag]:
        every = (*self.shared, *LOGGING_FLAGS, *ACCEPTED_FLAGS)
        return {spec.name or "": spec for spec in every}

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(self.actions)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.actions:
            return None
        module, _, attribute = self.actions[cmd_name].partition(":")
        return getattr(importlib.import_module(module), attribute)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the action in front of the flags that stood before it."""
        found = scan(args, self.flags(), program=program_of(ctx), to_first_word=True,
                     lenient=ctx.resilient_parsing)
        words = [word for word in found.words if word != "--"][:1]
        if not words:
            found.check_unknown(self.flags())
            super().parse_args(ctx, [text for text in found.flags if "=" not in text])
            if not ctx.resilient_parsing:
                click.echo(ctx.get_help())
                ctx.exit(0)
            return []
        if words[0] not in self.actions and not ctx.resilient_parsing:
            found.check_unknown(self.flags())
            raise ConfigError(
                f"Unknown action: {words[0]}",
                allowed=", ".join(self.list_commands(ctx)),
                fix=original_tree.advice(words[0]) or did_you_mean(words[0], self.actions),
            )
        after = found.words[found.words.index(words[0]) + 1:]
        undefok = [f"--undefok={','.join(sorted(found.tolerated))}"] if found.tolerated else []
        return super().parse_args(
            ctx, [words[0], *found.flags, *found.unknown, *undefok, *after])

    def main(  # type: ignore[override]
        self, args: Sequence[str] | None = None, prog_name: str | None = None, **extra: Any
    ) -> NoReturn:
        sys.exit(ending.run(super().main, args, prog_name or program_name(), extra))

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_usage(ctx.command_path, "ACTION [flags]")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        self.format_commands(ctx, formatter)
        write_flags(ctx, formatter, "Flags (any action takes any)", self.shared)
        write_flags(ctx, formatter, "Logging flags", LOGGING_FLAGS)


def command(name: str, **kwargs: Any) -> Callable[[Callable[..., Any]], Command]:
    """The decorator that makes a function a Command; keywords as for click.command."""
    return click.command(name, cls=Command, **kwargs)


def scan_for(ctx: click.Context, args: Sequence[str], flags: Mapping[str, Flag]) -> Scan:
    """Scan all arguments of a command; raises ConfigError for unknown flags."""
    found = scan(args, flags, program=program_of(ctx), lenient=ctx.resilient_parsing)
    if not ctx.resilient_parsing:
        found.check_unknown(flags)
    return found


def write_flags(
    ctx: click.Context, formatter: click.HelpFormatter, title: str, flags: Sequence[Flag]
) -> None:
    records = [record for spec in flags if (record := spec.get_help_record(ctx))]
    if records:
        with formatter.section(title):
            formatter.write_dl(records)


def version_option() -> click.Option:
    def show(ctx: click.Context, param: click.Parameter, value: bool) -> None:
        if value and not ctx.resilient_parsing:
            click.echo(f"caffepy version {__version__} (speaks caffe {CAFFE_VERSION})")
            ctx.exit(0)

    return click.Option(["--version"], is_flag=True, is_eager=True, expose_value=False,
                        callback=show, help="Show the version and exit.")


def program_name() -> str:
    """What the user typed: the script's name, or caffepy for ``python -m caffepy``."""
    name = os.path.splitext(os.path.basename(sys.argv[0]))[0] if sys.argv else ""
    return "caffepy" if name in ("", "__main__", "-c") else name


def program_of(ctx: click.Context) -> str:
    return ctx.find_root().info_name or program_name()
