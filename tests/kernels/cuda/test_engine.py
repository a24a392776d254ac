"""The CUDA engine offers what the others do, and leaves to them what it cannot do."""

from __future__ import annotations

import inspect

import pytest

from caffepy.core.memory import Place
from caffepy.errors import DeviceError
from caffepy.kernels import table
from caffepy.kernels.contract import Unsupported
from caffepy.kernels.cuda import CudaEngine
from caffepy.kernels.cuda.device import Device
from caffepy.kernels.operations.batch_norm import BatchNormSpec
from caffepy.kernels.operations.concat import ConcatSpec
from caffepy.kernels.operations.dropout import DropoutSpec
from caffepy.kernels.operations.eltwise import EltwiseSpec
from caffepy.kernels.operations.lrn import LRNSpec
from caffepy.kernels.operations.pooling import PoolingSpec
from caffepy.kernels.operations.relu import ReLUSpec
from caffepy.kernels.operations.scale import ScaleSpec
from caffepy.kernels.operations.softmax import SoftmaxSpec
from caffepy.kernels.operations.softmax_loss import SoftmaxLossSpec
from caffepy.kernels.operations.transform import TransformSpec

SPECS = {
    PoolingSpec: lambda shape, kind: PoolingSpec(
        "max", shape, shape, (1, 1), (1, 1), (0, 0), dtype=kind),
    LRNSpec: lambda shape, kind: LRNSpec("across", shape, 5, 1.0, 0.75, 1.0, dtype=kind),
    ReLUSpec: lambda shape, kind: ReLUSpec(shape, dtype=kind),
    SoftmaxSpec: lambda shape, kind: SoftmaxSpec(shape, 1, dtype=kind),
    BatchNormSpec: lambda shape, kind: BatchNormSpec(shape, 1e-5, False, dtype=kind),
    ScaleSpec: lambda shape, kind: ScaleSpec(shape, 1, 2, dtype=kind),
    EltwiseSpec: lambda shape, kind: EltwiseSpec("sum", shape, (1.0, 1.0), dtype=kind),
    ConcatSpec: lambda shape, kind: ConcatSpec((shape, shape), 1, dtype=kind),
    DropoutSpec: lambda shape, kind: DropoutSpec(shape, 0.5, dtype=kind),
    SoftmaxLossSpec: lambda shape, kind: SoftmaxLossSpec(shape, 1, dtype=kind),
    TransformSpec: lambda shape, kind: TransformSpec(
        shape, shape, dtype=kind),
}
CONTRACTS = table.contracts()


KERNELS = table.kernels("cuda", CudaEngine.package)


def test_what_the_cpu_has_for_several_layers_is_not_there():
    assert {spec.__name__ for spec in set(CONTRACTS) - set(KERNELS)} == {
        "NormalizeSpec", "SumReLUSpec", "UpdateSpec"}


@pytest.mark.parametrize("spec", KERNELS, ids=lambda spec: spec.__name__)
def test_signatures_are_those_of_the_contract(spec):
    contract, (implementation,) = CONTRACTS[spec], KERNELS[spec]
    assert issubclass(implementation, contract)
    assert implementation.engine == "cuda"
    for name, theirs in vars(contract).items():
        if inspect.isfunction(theirs):
            ours = getattr(implementation, name)
            inherited = "NotImplementedError" not in inspect.getsource(theirs)
            assert ours is not theirs or inherited, f"{implementation.__name__}.{name} is missing"
            assert list(inspect.signature(ours).parameters) == list(
                inspect.signature(theirs).parameters), name


@pytest.mark.parametrize("make", SPECS.values(), ids=[spec.__name__ for spec in SPECS])
def test_what_is_not_float32_or_is_empty_or_huge_is_left_to_others(fake_gpu, make):
    engine = CudaEngine(0)
    assert engine.plan(make((2, 3, 4, 5), "float32")).engine == "cuda"
    for shape, kind in (((2, 3, 4, 5), "float64"), ((0, 3, 4, 5), "float32"),
                        ((2**10, 3, 2**11, 2**11), "float32")):
        with pytest.raises(Unsupported):
            engine.plan(make(shape, kind))


def test_a_device_that_is_not_there(fake_gpu):
    with pytest.raises(DeviceError, match="no GPU 1") as caught:
        Device(1)
    assert caught.value.allowed == "0 to 0"
    with pytest.raises(DeviceError, match="no GPU -1"):
        Device(-1)


def test_computing_restores_what_was_current(fake_gpu):
    device = Device(0)
    before = fake_gpu.cuda.get_current_stream()
    with device.computing():
        with device.computing():
            assert fake_gpu.cuda.get_current_stream() == device.stream
        assert fake_gpu.cuda.get_current_stream() == device.stream
    assert fake_gpu.cuda.get_current_stream() == before
    device.use()
    assert fake_gpu.cuda.get_current_stream() == device.stream


def test_scratch_memory_grows_and_the_old_stays(fake_gpu):
    device = Device(0)
    small = device.workspace(100).data.ptr
    assert device.workspace(50).data.ptr == small
    large = device.workspace(10_000)
    assert large.nbytes >= 10_000 and large.data.ptr != small
    used = fake_gpu.get_default_memory_pool().used_bytes()
    assert used >= 10_100, "a recorded graph may still write into the old room"


def test_nothing_to_do_is_not_launched(fake_gpu):
    import fake_cuda

    device = Device(0)
    with device.computing():
        device.launch("relu.forward", 0, fake_gpu.empty(0, "f"), fake_gpu.empty(0, "f"), 0.0)
    assert not fake_cuda.counts.launches


def test_the_place_is_the_device(fake_gpu):
    engine = CudaEngine(0)
    assert engine.place is Place.DEVICE and engine.xp is fake_gpu
