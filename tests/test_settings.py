"""What the environment says is read in one place, and means what the pages say."""

from __future__ import annotations

import ast
import dataclasses
import os
import re
from pathlib import Path

import pytest

from caffepy import settings
from caffepy.core.context import Context
from caffepy.errors import ConfigError
from caffepy.settings import Process, Settings

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "caffepy"

# Who else looks into the environment, and for what: nothing that decides how a net computes.
READERS = {
    "settings.py": "all that nets and libraries go by",
    "log.py": "GLOG_minloglevel, before any net",
    "parallel/mpi.py": "the traces of MPI launchers: what started the process",
    "kernels/onednn/waiting.py": "writes GOMP_SPINCOUNT for the moment in which libgomp is loaded",
    "pycaffe/tools.py": "GLOG_log_dir, for caffe.init_log",
    "cli/ending.py": "CAFFEPY_TRACEBACK",
    "cli/check.py": "NO_COLOR",
    "tools/summarize.py": "NO_COLOR",
    "tools/bench.py": "sets the threads of everybody that it compares with",
    "services/sweep/running.py": "gives each run of a sweep its share of the cores",
}
ACCESS = {"environ", "environb", "getenv", "getenvb", "putenv", "unsetenv"}


def looks_into_the_environment(path: Path) -> bool:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute) and node.attr in ACCESS and (
                isinstance(node.value, ast.Name) and node.value.id == "os"):
            return True
        if isinstance(node, ast.ImportFrom) and node.module == "os" and (
                ACCESS & {alias.name for alias in node.names}):
            return True
    return False


def test_the_environment_is_read_in_few_places():
    found = {path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py")
             if looks_into_the_environment(path)}
    assert found == set(READERS)


def test_every_variable_is_on_a_page():
    """And every variable of a page is one that somebody reads."""
    code = "".join((PACKAGE / name).read_text() for name in READERS)
    code += "".join(path.read_text() for path in (PACKAGE / "matlab").rglob("*.m"))
    known = set(re.findall(r"CAFFEPY_[A-Z0-9]+(?:_[A-Z0-9]+)*", code))
    pages = "".join(path.read_text() for path in (ROOT / "docs").glob("*.md"))
    shown = set(re.findall(r"`(CAFFEPY_[A-Z0-9]+(?:_[A-Z0-9]+)*)", pages))
    assert len(known) >= 12
    assert known == shown - {"CAFFEPY_FUZZ_SEED"}  # of the tests


# -- what the variables mean ---------------------------------------------------------------


def test_nothing_set():
    found = Settings.of({"XDG_CACHE_HOME": "/cache"})
    assert found == Settings(choices=Path("/cache/caffepy/tune.json"))
    assert Process.of({}) == Process()


def test_all_set():
    assert Settings.of({
        "CAFFEPY_ENGINE": "reference", "OMP_NUM_THREADS": "3", "CAFFEPY_DECODERS": "12",
        "CAFFEPY_WINOGRAD": "0", "CAFFEPY_TUNE": "/x.json", "CAFFEPY_TF32": "0",
        "CAFFEPY_DETERMINISTIC": "1", "CAFFEPY_GPU_LAYOUT": "NHWC", "CAFFEPY_GRAPHS": "0",
    }) == Settings("reference", 3, 12, False, Path("/x.json"), True, False, True, "nhwc", False)
    assert Process.of({"CAFFEPY_ONEDNN": "a.so", "CAFFEPY_CUBLASLT": "b.so", "CAFFEPY_NCCL": "",
                       "OMP_NUM_THREADS": "3", "OMP_WAIT_POLICY": "PASSIVE"}) == Process(
        {"onednn": "a.so", "cublasLt": "b.so"}, True, ("OMP_WAIT_POLICY=PASSIVE",))


def test_an_empty_variable_says_nothing():
    names = [value for name, value in vars(settings).items()
             if name.isupper() and isinstance(value, str) and name != "OFF"]
    assert len(names) == len(dataclasses.fields(Settings))  # one of two fields, one for one field
    assert Settings.of(dict.fromkeys(names, "")) == Settings.of({})


@pytest.mark.parametrize("text, expected", [
    ("3", 3), ("4,2", 4), (" 2 ", 2), ("0", None), ("many", None), ("-1", None),
])
def test_threads(text, expected):
    """OpenMP reads them as well, and goes on with words that it does not know."""
    assert Settings.of({"OMP_NUM_THREADS": text}).threads == expected


def test_the_place_of_the_file_of_choices(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Settings.of({}).choices == tmp_path / ".cache" / "caffepy" / "tune.json"
    off = Settings.of({"CAFFEPY_TUNE": "off", "XDG_CACHE_HOME": "/cache"})
    assert off.choices is None and not off.choices_named


@pytest.mark.parametrize("variable, text, words", [
    ("CAFFEPY_TF32", "yes", "CAFFEPY_TF32: .*found yes; allowed: 0, 1"),
    ("CAFFEPY_WINOGRAD", "of", "CAFFEPY_WINOGRAD: .*found of; allowed: 0, 1"),
    ("CAFFEPY_GRAPHS", "no", "CAFFEPY_GRAPHS: .*found no; allowed: 0, 1"),
    ("CAFFEPY_GPU_LAYOUT", "nhcw", "found nhcw; allowed: nchw, nhwc.*Did you mean"),
    ("CAFFEPY_DECODERS", "0", "CAFFEPY_DECODERS: .*found '0'; allowed: 1 or more"),
    ("CAFFEPY_DECODERS", "two", "found 'two'"),
    ("CAFFEPY_DECODERS", "-1", "found '-1'"),
])
def test_words_that_are_none(variable, text, words):
    with pytest.raises(ConfigError, match=words):
        Settings.of({variable: text})


# -- the way to where they count ---------------------------------------------------------------


def test_a_context_reads_them_once_and_its_engines_have_them(monkeypatch):
    monkeypatch.setenv("CAFFEPY_ENGINE", "reference")
    monkeypatch.setenv("CAFFEPY_WINOGRAD", "0")
    before = Context()
    monkeypatch.setenv("CAFFEPY_WINOGRAD", "1")
    after = Context()
    assert (before.settings.winograd, after.settings.winograd) == (False, True)
    for context in (before, after):
        assert [engine.name for engine in context.engines] == ["reference"]
        assert all(engine.settings is context.settings for engine in context.engines)


def test_settings_can_be_given(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    given = Settings(engine="reference")
    context = Context(settings=given)
    assert context.settings is given and len(context.engines) == 1
    assert Context(threads=2).host_threads == 2
    assert Context().host_threads == 3
    monkeypatch.setattr("caffepy.cores.usable", lambda: 7)
    assert context.host_threads == 7


def test_two_contexts_on_one_gpu_share_its_stream_and_have_settings_of_their_own(fake_gpu):
    strict, free = (Context(0, settings=Settings(tf32=tf32)) for tf32 in (False, True))
    assert strict.accelerator is free.accelerator
    assert [c.engines[0].settings.tf32 for c in (strict, free)] == [False, True]
    assert not strict.host.settings.tf32


def test_they_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings().tf32 = False
    assert os.environ.get("CAFFEPY_TUNE") == "off"  # tests/conftest.py
