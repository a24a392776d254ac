"""The spellings of gflags."""

from __future__ import annotations

from pathlib import Path

import pytest

from caffepy.cli.gflags import Choice, Flag
from caffepy.cli.scan import MAX_FLAGFILE_DEPTH, scan, split_flag
from caffepy.errors import ConfigError, NotFound

FLAGS = {
    flag.name or "": flag
    for flag in (
        Flag("solver"), Flag("gpu"), Flag("level", int, 0), Flag("rate", float, 0.0),
        Flag("gray", bool, False), Flag("log_dir"), Flag("effect", Choice("stop", "none"), "stop"),
    )
}


def flags_of(*arguments: str, **options) -> list[str]:
    found = scan(arguments, FLAGS, **options)
    found.check_unknown(FLAGS)
    return found.flags


@pytest.mark.parametrize("arguments", [
    ("-solver", "x"), ("--solver", "x"), ("-solver=x",), ("--solver=x",),
    ("\u2013solver", "x"), ("\u2014solver=x",), ("\u2212solver", "x"), ("\u2010\u2010solver=x",),
    ("--solver=\u201cx\u201d",), ("-solver", "\u2018x\u2019"),
])
def test_every_spelling_of_a_value(arguments: tuple[str, ...]) -> None:
    assert flags_of(*arguments) == ["--solver=x"]


@pytest.mark.parametrize(("argument", "canonical"), [
    ("--gray", "true"), ("-gray", "true"), ("--gray=true", "true"), ("--gray=1", "1"),
    ("--gray=t", "t"), ("--gray=yes", "yes"), ("--gray=FALSE", "FALSE"), ("--gray=no", "no"),
    ("--nogray", "false"), ("-nogray", "false"),
])
def test_every_spelling_of_a_boolean(argument: str, canonical: str) -> None:
    assert flags_of(argument) == [f"--gray={canonical}"]


def test_a_boolean_leaves_the_next_argument_alone() -> None:
    assert scan(["--gray", "false"], FLAGS).words == ["false"]


def test_dashes_in_names_are_underscores() -> None:
    assert flags_of("--log-dir=a-b") == ["--log_dir=a-b"]


def test_a_value_may_look_like_a_flag_or_hold_equals_signs() -> None:
    assert flags_of("-level", "-1") == ["--level=-1"]
    assert flags_of("-solver", "a=b", "-gpu==") == ["--solver=a=b", "--gpu=="]
    assert flags_of("-solver=") == ["--solver="]


def test_words_keep_their_order_and_follow_a_double_dash() -> None:
    found = scan(["a", "-gpu", "0", "b", "-", "--", "-gpu", "--x"], FLAGS)
    assert found.words == ["a", "b", "-", "-gpu", "--x"]
    assert found.flags == ["--gpu=0"]


def test_stops_before_the_first_word() -> None:
    found = scan(["-gpu", "0", "train", "-level", "x"], FLAGS, to_first_word=True)
    assert (found.flags, found.words) == (["--gpu=0"], ["train", "-level", "x"])


@pytest.mark.parametrize("arguments", [("-solver",), ("-solver", "-gpu", "0")])
def test_a_missing_value(arguments: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError, match="flag 'solver' is missing its argument"):
        flags_of(*arguments)


@pytest.mark.parametrize(("argument", "text"), [
    ("-level=abc", "illegal value 'abc' specified for int32 flag 'level'"),
    ("-level=", "illegal value '' specified for int32 flag 'level'"),
    ("-level=1.5", "illegal value '1.5' specified for int32 flag 'level'"),
    ("-level=2147483648", "illegal value '2147483648' specified for int32 flag 'level'"),
    ("-rate=fast", "illegal value 'fast' specified for double flag 'rate'"),
    ("-gray=maybe", "illegal value 'maybe' specified for bool flag 'gray'"),
])
def test_illegal_values(argument: str, text: str) -> None:
    with pytest.raises(ConfigError, match=f"^{text}"):
        flags_of(argument)


def test_numbers_as_gflags_reads_them() -> None:
    read = FLAGS["level"].kind.read
    assert [read(text, "") for text in ("0x1f", "-0x10", "010", "\u22125", "-2147483648")] == [
        31, -16, 10, -5, -(2**31)]


def test_unknown_flags_are_named_with_the_nearest_known() -> None:
    with pytest.raises(ConfigError, match="unknown command line flag 'slover'.*mean solver"):
        flags_of("--slover=x")


@pytest.mark.parametrize("arguments", [
    ("--bogus=1", "--undefok=bogus"), ("--undefok", "a,bogus", "--bogus"),
    ("--nobogus", "--undefok=bogus"),
])
def test_undefok_excuses_unknown_flags(arguments: tuple[str, ...]) -> None:
    assert flags_of(*arguments) == []


def test_flag_files_stand_where_they_are_named(tmp_path: Path) -> None:
    inner = tmp_path / "inner.txt"
    inner.write_text("-gpu=7\n")
    outer = tmp_path / "outer.txt"
    outer.write_text(
        f"# a comment\n\n--solver=a b\n-level 3\n-gray\n--flagfile={inner}\n"
        "other*\n-solver=no\ncaffe* x\n--effect=none\n")
    assert flags_of("-gpu=1", f"--flagfile={outer}", "-gpu=9", program="caffepy") == [
        "--gpu=1", "--solver=a b", "--level=3", "--gray=true", "--gpu=7", "--effect=none",
        "--gpu=9"]


def test_flag_files_that_are_missing_or_circular(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="flag file not found"):
        flags_of(f"--flagfile={tmp_path}/none")
    circle = tmp_path / "circle"
    circle.write_text(f"--flagfile={circle}\n")
    assert MAX_FLAGFILE_DEPTH > 1
    with pytest.raises(ConfigError, match="include each other"):
        flags_of(f"--flagfile={circle}")


def test_choices_matter_to_their_user_alone() -> None:
    assert flags_of("--effect=bogus") == ["--effect=bogus"]
    with pytest.raises(ConfigError, match="'sotp'.*allowed: stop, none.*Did you mean stop"):
        FLAGS["effect"].kind.read("sotp", "effect")


def test_split_flag() -> None:
    assert split_flag("word") is None
    assert split_flag("-") is None
    assert split_flag("---three") == ("_three", None)
