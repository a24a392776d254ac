"""Every kernel and layer over random cases, on instruction sets of this machine; see __init__.py.

Some seconds of new cases in every run; scripts/fuzz_kernels.py goes on for as long as one likes.
"""

from __future__ import annotations

import numpy as np
import pytest
from support import ENGINES

from caffepy.core import registry
from caffepy.core.memory import Place
from caffepy.kernels import table
from caffepy.kernels.onednn import OneDnnEngine, direct, lrn_own, pooling, subsampled, update
from caffepy.services.layer_table import engines_of
from fuzz import cases, judge, layers, runs
from fuzz.draw import Draw
from fuzz.sides import Shake, Side

FAST = [name for name in ENGINES if name != "reference"]
needs_onednn = pytest.mark.skipif("onednn" not in ENGINES, reason="oneDNN is not installed")
SECONDS = {"SSE41": 3, "AVX2": 3, "DEFAULT": 5}
# bring data in, take it out, compute nothing, or are what somebody else writes
NO_MAKER = {"Input", "Python", "Silence", "HDF5Output", "FLOWriter", "ImgWriter"}


@needs_onednn
@pytest.mark.parametrize("isa", SECONDS)
def test_new_cases_equal_the_reference(isa, seed, report):
    if isa not in runs.isas() and isa != "DEFAULT":
        pytest.skip(f"this processor has no {isa}, or no more")
    run = runs.run(isa, SECONDS[isa], seed, faults=3)
    report(run)
    assert not run.faults, run.report()
    assert run.cases


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("family", cases.families())
def test_some_cases_that_stay_the_same(family, engine):
    """Of the reference itself, too: float32 must pass where nothing is wrong."""
    for seed in range(1 if engine == "reference" else 2):
        assert not cases.differences(cases.make(f"{family}:{seed}"), [engine])


@pytest.mark.parametrize("seed", range(5))
def test_random_nets(seed):
    for engine in ENGINES:
        assert not cases.differences(cases.make(f"Random net:{100 + seed}"), [engine])


def test_a_net_that_is_near_a_kink_is_shaken():
    for engine in ENGINES:
        assert not cases.differences(cases.make("Random net:1425492486"), [engine])


@needs_onednn
def test_a_worker_that_dies_is_a_finding():
    run = runs.run("DEFAULT", 20, 1, ["no such family"], faults=1)
    assert "the process ended with 1" in run.faults[0][2][0]
    assert "no such family" in run.report()


# -- nothing is left out --------------------------------------------------------------------------


def test_every_layer_type_is_drawn():
    wanted = {entry.type for entry in registry.entries() if not entry.cls.data
              and entry.cls.__module__.startswith("caffepy.")} - NO_MAKER
    assert layers.types >= wanted, f"tests/fuzz/layers_*.py lack {wanted - layers.types}"


def test_every_layer_with_a_kernel_is_drawn_often():
    for entry in registry.entries():
        if engines_of(entry.cls)[:1] == ["onednn"]:
            assert f"{entry.type} layer" in cases.families().keys() - cases.seldom()


@needs_onednn
def test_every_kernel_is_drawn(monkeypatch):
    """Whatever the fast engine has runs in a family of kernels."""
    planned = set()

    def plan(engine, spec):
        planned.add(type(spec))
        return real(engine, spec)

    real = OneDnnEngine.plan
    monkeypatch.setattr(OneDnnEngine, "plan", plan)
    for family in cases.families():
        for seed in range(3 * ("kernel" in family)):
            cases.play(cases.make(f"{family}:{seed}"), Side(FAST, np.float32))
    assert planned >= set(table.kernels("onednn", OneDnnEngine.package))


def test_a_name_makes_the_same_case_again():
    for name in ("Pooling layer:7", "Convolution kernel:7:0.2", "Random net:3"):
        assert cases.make(name).text == cases.make(name).text != cases.make(name[:-1] + "9").text
    with pytest.raises(ValueError, match="is no case"):
        cases.make("Pooling layer")


def test_small_cases_are_smaller():
    large, small = (sum(sum(Draw(seed, size).images()) for seed in range(50))
                    for size in (1, 0.1))
    assert small < large / 2


# -- faults are found -----------------------------------------------------------------------------


def found(family, most=200):
    """How many cases it takes to see that something is wrong."""
    for seed in range(most):
        if cases.differences(cases.make(f"{family}:{seed}"), FAST):
            return seed + 1
    return None


def without_relu(self, x, w, b, y, relu=False, added=None):
    forward(self, x, w, b, y, added=added)


forward = direct.Forward.run


def other_pixels(self, x):
    """As many, counted from the end."""
    down, right = self.spec.stride
    counted = x.read(Place.HOST_LAST)[:, :, ::-down, ::-right][:, :, ::-1, ::-1]
    self.x.overwrite(Place.HOST_LAST)[...] = counted
    return self.x


@needs_onednn
@pytest.mark.parametrize("family, owner, name, fault", [
    ("Pooling kernel", pooling.Pooling, "_correct", lambda self, means: None),
    ("Pooling layer", pooling.Pooling, "_correct", lambda self, means: None),
    ("Convolution kernel", direct.Forward, "run", without_relu),
    ("Fused chain", direct.Forward, "run", without_relu),
    ("Convolution kernel, 1 x 1", subsampled.Subsampled, "_gathered", other_pixels),
    ("Update kernel", update.Passes, "divide", lambda self, what, h: (
        self.run("w", update.MUL, h, 1.0, ("root",), ("plus", self.constants.delta), ("inverse",),
                 ("times", what), ("times", self.rate), ("keeps", 1.0)))),
])
def test_planted_faults_are_found(family, owner, name, fault, monkeypatch):
    monkeypatch.setattr(owner, name, fault)
    assert found(family)


@needs_onednn
def test_the_gradient_of_lrn_that_onednn_has_wrong_is_found(monkeypatch):
    if "AVX512_CORE" not in runs.isas():
        pytest.skip("only with AVX-512 it is wrong")
    monkeypatch.setattr(lrn_own, "is_wrong", lambda gradient, spec: False)
    assert found("LRN kernel")


# -- what counts as wrong -------------------------------------------------------------------------


def sides(ours, truth, moves=lambda values: values):
    """A run, the truth, and what plays the truth once more on shaken numbers."""
    made = []
    for values in (ours, truth):
        side = Side(["reference"], np.float64)
        side.note("y", values)
        made.append(side)

    def shaken(trial):
        side = Side(["reference"], np.float64, shake=Shake(trial))
        side.note("y", moves(side.array(truth)))
        return side

    return *made, shaken


NUMBERS = np.random.default_rng(0).normal(size=1000)


def test_the_last_digits_may_differ_and_no_others():
    rounded = NUMBERS.astype(np.float32)
    assert not judge.differences(*sides(rounded, NUMBERS), 10)
    for wrong in (1e-4, -1e-4):
        rounded = NUMBERS.copy()
        rounded[500] += wrong
        assert judge.differences(*sides(rounded, NUMBERS), 10)


def test_other_places_without_a_number_are_wrong():
    ours, truth = NUMBERS.copy(), NUMBERS.copy()
    truth[3] = np.nan
    assert judge.differences(*sides(ours, truth), 1)
    ours[3] = np.nan
    assert not judge.differences(*sides(ours, truth), 1)
    ours[4] = np.nan
    assert judge.differences(*sides(ours, truth), 1)


def test_a_sum_that_cancels_may_be_off_by_what_its_terms_round():
    def difference(values):
        return (values - NUMBERS) * 1e6

    ours = difference(NUMBERS + 1e-7)
    assert judge.differences(*sides(ours, difference(NUMBERS)), 1)
    side, truth, _ = sides(ours, difference(NUMBERS))

    def shaken(trial):
        again = Side(["reference"], np.float64, shake=Shake(trial))
        again.note("y", difference(again.array(NUMBERS)))
        return again

    assert not judge.differences(side, truth, shaken, 1)


def test_shaking_leaves_ties_and_whole_numbers_alone():
    values = np.array([3.0, 0.1, -2.0, 0.1, 0.0, np.nan])
    shaken = Shake(1)(values)
    assert shaken[1] == shaken[3] != 0.1 and abs(shaken[1] - 0.1) < 1e-7
    assert shaken[[0, 2, 4]].tolist() == [3.0, -2.0, 0.0] and np.isnan(shaken[5])
    assert Shake(2)(values)[1] != shaken[1]
