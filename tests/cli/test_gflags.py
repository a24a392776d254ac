"""Commands, groups and their flags, on a small tool made for it."""

from __future__ import annotations

import click
import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from caffepy.cli import gflags
from caffepy.cli.main import main


@gflags.command("tool", help="A tool.")
@click.argument("source")
@click.argument("rest", nargs=-1)
@gflags.flag("gray", bool, False, "Grey.")
@gflags.flag("backend", gflags.Choice("lmdb", "leveldb"), "lmdb", "Kind.")
@gflags.flag("width", int, 7, "Width.")
@gflags.flag("ratio", float, 0.5, "Ratio.")
def tool(source, rest, gray, backend, width, ratio):
    click.echo(f"{source} {rest} {gray} {backend} {width} {ratio}")
    return 3 if source == "three" else None


def run(*arguments: str):
    return CliRunner().invoke(tool, arguments, prog_name="tool")


def test_values_arrive_with_their_types() -> None:
    assert run("s").output == "s () False lmdb 7 0.5\n"
    done = run("-gray", "--width=9", "s", "-backend", "leveldb", "t", "--ratio=1e-3", "--", "-u")
    assert done.output == "s ('t', '-u') True leveldb 9 0.001\n"


def test_the_last_of_a_repeated_flag_wins() -> None:
    assert "True lmdb 2 " in run("s", "-width=1", "--nogray", "-width", "2", "--gray").output


def test_exit_codes() -> None:
    assert run("s").exit_code == 0
    assert run("three").exit_code == 3


@pytest.mark.parametrize(("arguments", "text"), [
    ((), "tool: error: Missing argument 'SOURCE'. See tool --help.\n"),
    (("s", "-backend=lmbd"), "illegal value 'lmbd' specified for string flag 'backend' "
                             "(allowed: lmdb, leveldb). Did you mean lmdb?"),
    (("s", "-grey"), "unknown command line flag 'grey'. Did you mean gray?"),
    (("s", "-width"), "flag 'width' is missing its argument"),
])
def test_bad_calls_are_one_line_and_exit_code_1(arguments: tuple[str, ...], text: str) -> None:
    done = run(*arguments)
    assert done.exit_code == 1
    assert text in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


@pytest.mark.parametrize("spelling", ["--help", "-help", "-helpshort", "--helpfull", "-h",
                                      "\u2013help"])
def test_help_shows_the_tools_own_flags_and_the_logs(spelling: str) -> None:
    text = run(spelling).output
    assert "Usage: tool [flags] SOURCE [REST]..." in text
    assert "-gray[=false]" in text and "-backend lmdb|leveldb" in text
    assert "[default: 7]" in text and "-logtostderr" in text
    assert "vmodule" not in text        # taken without effect, so not advertised


def test_version_names_us_and_the_release_we_speak() -> None:
    for command in (tool, main):
        for arguments in (["--version"], ["-version"]):
            done = CliRunner().invoke(command, arguments)
            assert done.exit_code == 0
            assert done.output.startswith("caffepy version ")
            assert done.output.endswith("(speaks caffe 1.0.0)\n")


@pytest.mark.parametrize("arguments", [
    ("--logtostderr", "--log_dir=x", "--stderrthreshold=0"),
    ("--vmodule=net=2", "--colorlogtostderr", "--logbufsecs=0"),
])
def test_every_tool_takes_glogs_flags(arguments: tuple[str, ...]) -> None:
    assert run("s", *arguments).exit_code == 0


def test_environment_sets_glogs_flags(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLOG_minloglevel", "many")
    done = run("s")
    assert done.exit_code == 1
    assert "illegal value 'many' specified for int32 flag 'minloglevel'" in done.stderr


# ------------------------------------------------------------------ the caffepy command


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """The values that ``caffepy train`` was called with, instead of a training."""
    from caffepy.cli.train import train

    values: dict[str, object] = {}
    monkeypatch.setattr(train, "callback", lambda **given: values.update(given))
    return values


@pytest.mark.parametrize("arguments", [
    ("train", "-solver", "x", "-gpu=all"),
    ("--solver=x", "--gpu=all", "train"),
    ("-solver", "x", "train", "-gpu", "all"),
    ("-gpu", "all", "-iterations=3", "train", "-phase=FOO", "-model", "m", "--solver", "x"),
    ("--undefok=new", "--new=1", "train", "--solver=x", "-gpu=all"),
    ("\u2014solver=x", "train", "\u2014gpu", "all"),
])
def test_flags_stand_anywhere_and_unused_ones_are_ignored(
    seen: dict[str, object], call, arguments: tuple[str, ...]
) -> None:
    assert call(*arguments).exit_code == 0
    assert (seen["solver"], seen["gpu"]) == ("x", "all")
    assert "iterations" not in seen and "model" not in seen


def test_a_value_is_never_taken_for_the_action(seen: dict[str, object], call) -> None:
    assert call("-stage", "test", "train", "-solver", "time").exit_code == 0
    assert (seen["stage"], seen["solver"]) == ("test", "time")


def test_an_ignored_flag_still_needs_a_value_of_its_type(seen: dict[str, object], call) -> None:
    done = call("train", "-iterations", "abc")
    assert done.exit_code == 1 and not seen
    assert "illegal value 'abc' specified for int32 flag 'iterations'" in done.stderr


@pytest.mark.parametrize("arguments", [("-v", "train"), ("train", "-v"), ("train", "--v=2"),
                                       ("train", "-v", "1"), ("-v", "1", "train")])
def test_v_alone_or_with_a_number(
    seen: dict[str, object], call, arguments: tuple[str, ...]
) -> None:
    assert call(*arguments).exit_code == 0
    assert "solver" in seen


def completions(*arguments: str, incomplete: str) -> list[str]:
    complete = ShellComplete(main, {}, "caffepy", "_CAFFEPY_COMPLETE")
    return [item.value for item in complete.get_completions(list(arguments), incomplete)]


def test_shell_completion() -> None:
    assert completions(incomplete="t") == [
        "test", "test_detection", "time", "train", "tune", "tune_batch"]
    assert "--sigint_effect" in completions("train", incomplete="--si")
    assert "-sigint_effect" in completions("train", incomplete="-si")
    assert completions("train", "-sigint_effect", incomplete="s") == ["stop", "snapshot"]
    assert "--weights" in completions("-solver", "x", "test", incomplete="--w")
