"""All engines offer the same kernels under the same names and signatures."""

import inspect

import pytest
from support import ENGINES

from caffepy import kernels
from caffepy.core.context import Context
from caffepy.kernels import base, fused, rules, transform
from caffepy.kernels.base import Engine, ReLUSpec, Spec, Unsupported
from caffepy.kernels.reference import ReferenceEngine
from caffepy.kernels.reference.depthwise import Depthwise

MODULES = (base, fused, transform)
CONTRACTS = base.CONTRACTS | fused.CONTRACTS | transform.CONTRACTS | rules.CONTRACTS


def classes():
    """Every (engine, contract, implementation) on this machine."""
    for name in ENGINES:
        for spec, implementation in kernels.engine(name).kernels.items():
            yield pytest.param(CONTRACTS[spec], implementation, id=f"{name}-{spec.__name__}")
    yield pytest.param(base.ConvolutionKernel, Depthwise, id="reference-depthwise")


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


def test_every_spec_has_a_contract_and_a_reference_kernel():
    specs = {value for module in MODULES for value in vars(module).values()
             if inspect.isclass(value) and issubclass(value, Spec) and value is not Spec}
    assert set(CONTRACTS) - set(rules.CONTRACTS) == specs == set(ReferenceEngine.kernels)


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
