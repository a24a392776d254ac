"""The machine's own choices: the file is followed, or ignored with one warning."""

from __future__ import annotations

import json

import pytest
from kernels.onednn.pairs import onednn
from support import ENGINES

from caffepy.core.memory import Place
from caffepy.kernels import tuning
from caffepy.kernels.measuring import going, in_turn, measure
from caffepy.kernels.onednn import OneDnnEngine
from caffepy.kernels.operations.convolution import ConvolutionSpec

pytestmark = pytest.mark.skipif("onednn" not in ENGINES, reason="oneDNN is missing")

SPEC = ConvolutionSpec((4, 64, 16, 16), (64, 64, 3, 3), (4, 64, 16, 16), (1, 1), (1, 1), (1, 1))


@pytest.fixture
def file(tmp_path, monkeypatch):
    path = tmp_path / "tune.json"
    monkeypatch.setenv(tuning.VARIABLE, str(path))
    tuning._read.cache_clear()
    tuning._warn.cache_clear()
    return path


@pytest.fixture
def warnings(monkeypatch):
    found = []
    monkeypatch.setattr(tuning.logger, "warning", lambda text, *args: found.append(text % args))
    return found


def written(file, ways, machine=None):
    file.write_bytes(tuning.merged(None, machine or onednn().machine, {repr(SPEC): ways}))


def test_the_place_of_the_file(monkeypatch, tmp_path):
    monkeypatch.setenv(tuning.VARIABLE, "off")
    assert tuning.path() is None
    monkeypatch.setenv(tuning.VARIABLE, str(tmp_path / "x"))
    assert tuning.path() == tmp_path / "x"
    monkeypatch.delenv(tuning.VARIABLE)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert tuning.path() == tmp_path / "caffepy" / "tune.json"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert tuning.path() == tmp_path / ".cache" / "caffepy" / "tune.json"


def test_without_a_file_the_rule_chooses(file, warnings):
    assert onednn().plan(SPEC).ways["backward_weights"] == "winograd"
    assert not OneDnnEngine().choices.table
    assert len(warnings) == 1 and "is not there" in warnings[0]


def test_the_file_is_followed(file, warnings):
    rule = onednn().plan(SPEC)
    other = rule.candidates()["backward_weights"][-1]
    written(file, {"backward_weights": other})
    kernel = OneDnnEngine().plan(SPEC)
    assert kernel.ways == {**rule.ways, "backward_weights": other} != rule.ways
    assert other.split(" ")[1] in kernel.detail.split("weights")[-1]
    assert not warnings


def test_other_threads_are_another_machine(file, warnings):
    written(file, {"forward": "x"}, tuning.machine(onednn().version, 77))
    assert not OneDnnEngine().choices.table and not warnings


def test_what_this_library_lacks_is_not_followed(file, warnings):
    for way in ("channels-last jit:from_elsewhere", "nonsense", "sideways jit"):
        written(file, {"forward": way})
        assert OneDnnEngine().plan(SPEC).ways == onednn().plan(SPEC).ways


@pytest.mark.parametrize("content, word", [
    (b"\x00\xff", "no JSON"),
    (b"[1]", "no file of caffepy tune"),
    (b'{"format": 99, "machines": {}}', "no file of caffepy tune"),
    (b'{"format": 1, "machines": {"a": {"b": {"c": 3}}}}', "damaged"),
    (json.dumps({"format": 1, "machines": {"Abacus; oneDNN 9; 2 threads": {}}}).encode(),
     "another machine"),
])
def test_a_damaged_or_foreign_file_costs_one_warning(file, warnings, content, word):
    file.write_bytes(content)
    for _ in range(3):
        assert not OneDnnEngine().choices.table
    assert len(warnings) == 1 and word in warnings[0] and "fixed rule" in warnings[0]


def test_one_file_serves_several_machines():
    data = tuning.merged(None, "a", {"s": {"forward": "1", "backward_data": "2"}})
    data = tuning.merged(data, "b", {"s": {"forward": "3"}})
    data = tuning.merged(data, "a", {"s": {"forward": "4"}, "t": {}})
    assert tuning.parse(data) == {"a": {"s": {"forward": "4", "backward_data": "2"}, "t": {}},
                                  "b": {"s": {"forward": "3"}}}
    assert tuning.parse(tuning.merged(b"rubbish", "a", {})) == {"a": {}}


def test_the_fastest_wins_if_it_is_clearly_faster():
    kernel = onednn().plan(SPEC)
    rule, second, *_ = kernel.candidates()["forward"]
    for ms, winner in ((0.5, second), (0.99, rule), (2.0, rule)):
        def fake(runs, ms=ms):
            for run in runs.values():
                run()
            return {name: {rule: 1.0, second: ms}.get(name, 3.0) for name in runs}

        found = measure(kernel, ["forward"], onednn().mover(), Place.HOST_LAST, fake)
        assert list(found) == ["forward"]
        assert (found["forward"].rule, found["forward"].best) == (rule, winner)


def test_a_way_that_is_not_there_is_not_measured():
    assert going(onednn().plan(SPEC), "forward", "plain abacus") is None


def test_ways_take_turns():
    seen = []
    times = in_turn({name: lambda name=name: seen.append(name) for name in "ab"})
    assert set(times) == {"a", "b"} and min(times.values()) > 0
    order = "".join(seen).replace("aa", "a")
    assert order.count("ab") >= 3
