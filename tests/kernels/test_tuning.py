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
from caffepy.settings import Settings

pytestmark = pytest.mark.skipif("onednn" not in ENGINES, reason="oneDNN is missing")

SPEC = ConvolutionSpec((8, 64, 32, 32), (64, 64, 3, 3), (8, 64, 32, 32), (1, 1), (1, 1), (1, 1))


@pytest.fixture
def file(tmp_path):
    tuning._read.cache_clear()
    tuning._warn.cache_clear()
    return tmp_path / "tune.json"


def following(file):
    """An engine that is told of the file."""
    engine = OneDnnEngine()
    engine.settings = Settings(choices=file, choices_named=True)
    return engine


@pytest.fixture
def warnings(monkeypatch):
    found = []
    monkeypatch.setattr(tuning.logger, "warning", lambda text, *args: found.append(text % args))
    return found


def written(file, ways, machine=None):
    file.write_bytes(tuning.merged(None, machine or onednn().machine, {repr(SPEC): ways}))


def test_without_a_file_the_rule_chooses(file, warnings):
    assert onednn().plan(SPEC).ways["backward_weights"] == "winograd"
    assert not following(file).choices.table
    assert len(warnings) == 1 and "CAFFEPY_TUNE names" in warnings[0]
    assert "is not there" in warnings[0]


def test_a_file_that_nobody_named_need_not_be_there(file, warnings):
    engine = OneDnnEngine()
    engine.settings = Settings(choices=file)
    assert not engine.choices.table and not warnings


def test_the_file_is_followed(file, warnings):
    rule = onednn().plan(SPEC)
    other = rule.candidates()["backward_weights"][-1]
    written(file, {"backward_weights": other})
    kernel = following(file).plan(SPEC)
    assert kernel.ways == {**rule.ways, "backward_weights": other} != rule.ways
    assert other.split(" ")[1] in kernel.detail.split("weights")[-1]
    assert not warnings


def test_other_threads_are_another_machine(file, warnings):
    written(file, {"forward": "x"}, tuning.machine(onednn().version, 77))
    assert not following(file).choices.table and not warnings


def test_what_this_library_lacks_is_not_followed(file, warnings):
    for way in ("channels-last jit:from_elsewhere", "nonsense", "sideways jit"):
        written(file, {"forward": way})
        assert following(file).plan(SPEC).ways == onednn().plan(SPEC).ways


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
        assert not following(file).choices.table
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
