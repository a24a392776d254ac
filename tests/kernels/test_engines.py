"""All engines offer the same kernels under the same names and signatures."""

import inspect
from dataclasses import dataclass

import pytest
from support import ENGINES

from caffepy import kernels
from caffepy.core.context import Context
from caffepy.kernels import table
from caffepy.kernels.contract import Engine, Unsupported
from caffepy.kernels.operations.relu import ReLUKernel, ReLUSpec
from caffepy.kernels.operations.update import UpdateSpec
from caffepy.kernels.reference import ReferenceEngine

CONTRACTS = table.contracts()


def classes():
    """Every (contract, implementation) on this machine."""
    for name in ENGINES:
        for spec, found in kernels.engine(name).kernels.items():
            for cls in found:
                yield pytest.param(CONTRACTS[spec], cls, id=f"{name}-{cls.__name__}")


def has_default(method):
    """Whether the contract itself says how, in terms of other methods."""
    return "NotImplementedError" not in inspect.getsource(method)


def methods(contract):
    return [name for name, value in vars(contract).items() if inspect.isfunction(value)]


@pytest.mark.parametrize("contract, implementation", list(classes()))
def test_signatures_are_those_of_the_contract(contract, implementation):
    assert issubclass(implementation, contract)
    assert implementation.engine in ENGINES
    for name in methods(contract):
        ours, theirs = getattr(implementation, name), getattr(contract, name)
        assert ours is not theirs or has_default(theirs), f"{implementation.__name__} lacks {name}"
        assert inspect.signature(ours) == inspect.signature(theirs), name
    extra = [name for name in methods(implementation)
             if not name.startswith("_") and not hasattr(contract, name)]
    assert not extra, "a layer could come to depend on what one engine alone has"


def test_every_operation_has_a_reference_kernel_that_heeds_all_of_its_spec():
    found = ReferenceEngine().kernels
    # the plain form of an update is the solver's rule itself
    assert set(CONTRACTS) - {UpdateSpec} == set(found)
    for spec, implementations in found.items():
        for cls in implementations:
            assert cls.heeds == set(spec.__dataclass_fields__), cls


def test_each_operation_has_a_file_of_its_own():
    modules = [spec.__module__ for spec in CONTRACTS]
    assert len(set(modules)) == len(modules)
    assert all(kernel.__module__ == spec.__module__ for spec, kernel in CONTRACTS.items())


@pytest.mark.parametrize("spec", CONTRACTS, ids=lambda spec: spec.__name__)
def test_specs_are_plain_frozen_values(spec):
    fields = spec.__dataclass_fields__
    assert spec.__dataclass_params__.frozen and fields["dtype"].default == "float32"
    assert not {f.type for f in fields.values()} & {"list", "dict", "Tensor"}


def test_what_an_engine_cannot_do_falls_through_to_the_next():
    class Picky(Engine):
        name = "picky"

        def plan(self, spec):
            raise Unsupported("not today")

    context = Context(engines=["reference"])
    context.engines.insert(0, Picky())
    assert context.plan(ReLUSpec((2, 3))).engine == "reference"
    with pytest.raises(Unsupported, match="picky has no ReLUSpec"):
        Engine.plan(Picky(), ReLUSpec((2, 3)))


@dataclass(frozen=True)
class WeighedSpec(ReLUSpec):
    weight: float = 1.0


def test_a_kernel_is_not_given_a_setting_that_it_does_not_know(monkeypatch):
    """A field that a spec gains later is refused by whoever has not learned it, not ignored."""
    engine = ReferenceEngine()
    monkeypatch.setitem(engine.kernels, WeighedSpec, engine.kernels[ReLUSpec])
    assert engine.plan(WeighedSpec((2, 3))).engine == "reference"
    with pytest.raises(Unsupported, match="reference's ReLU knows nothing of weight"):
        engine.plan(WeighedSpec((2, 3), weight=2.0))


def test_what_a_kernel_heeds_are_fields_of_its_spec():
    with pytest.raises(TypeError, match="slop of ReLUSpec"):
        table.implements("shape", "slop")(type("Typo", (ReLUKernel,), {"engine": "none"}))
    with pytest.raises(TypeError, match="shape of ReLUSpec"):
        table.implements("slope")(type("Lazy", (ReLUKernel,), {"engine": "none"}))
