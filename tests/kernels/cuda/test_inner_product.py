"""Inner product by cuBLAS, on the fake device: against the reference kernel."""

from __future__ import annotations

import pytest
from kernels.cuda.pairs import Pairs, normal

from caffepy.core.memory import Place
from caffepy.kernels.contract import Unsupported
from caffepy.kernels.operations.inner_product import InnerProductSpec


@pytest.fixture
def pairs(gpu) -> Pairs:
    return Pairs()


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("transpose", [False, True])
@pytest.mark.parametrize(("m", "k", "n"), [(5, 12, 7), (1, 8, 3), (4, 1, 6), (3, 5, 1)])
def test_all_directions_equal_the_reference(
    pairs: Pairs, m: int, k: int, n: int, transpose: bool, bias: bool
) -> None:
    spec = InnerProductSpec(m, k, n, transpose, bias)
    x, dy = pairs.twins(normal((m, k), 1)), pairs.twins(normal((m, n), 2))
    w = pairs.twins(normal((k, n) if transpose else (n, k), 3))
    b = pairs.twins(normal((n,), 4)) if bias else (None, None)
    y, dx = pairs.blanks((m, n)), pairs.blanks((m, k))
    dw, db = pairs.empty(w[0].shape), pairs.empty((n,))

    def work(kernel, i: int) -> None:
        kernel.forward(x[i], w[i], b[i], y[i])
        kernel.backward_data(dy[i], w[i], dx[i])
        for _ in range(2):      # the second time is added
            kernel.backward_weights(x[i], dy[i], dw[i], db[i] if bias else None)

    pairs.both(pairs.plans(spec), work)
    for pair in (y, dx, dw, *([db] if bias else [])):
        pairs.same(pair)


def test_activations_of_more_axes_are_read_in_c_order(pairs: Pairs) -> None:
    x = pairs.twins(normal((3, 4, 2, 2), 1), Place.DEVICE_LAST)
    w, y = pairs.twins(normal((5, 16), 2)), pairs.blanks((3, 5))
    pairs.both(pairs.plans(InnerProductSpec(3, 16, 5, bias=False)),
               lambda kernel, i: kernel.forward(x[i], w[i], None, y[i]))
    pairs.same(y)


def test_what_is_not_wanted_is_left_alone(pairs: Pairs) -> None:
    x, dy = pairs.twins(normal((3, 4), 1)), pairs.twins(normal((3, 2), 2))
    dw, db = pairs.empty((2, 4)), pairs.empty((2,))
    kernel, _ = pairs.plans(InnerProductSpec(3, 4, 2))
    with pairs.device.computing():
        kernel.backward_weights(x[0], dy[0], None, db[0])
        assert dw[0].is_zero and not db[0].is_zero


@pytest.mark.parametrize(("word", "compute"), [("", 77), ("1", 77), ("0", 68)])
def test_tf32_is_a_setting(fake_gpu, monkeypatch, word: str, compute: int) -> None:
    monkeypatch.setenv("CAFFEPY_TF32", word)
    pairs = Pairs()
    kernel, _ = pairs.plans(InnerProductSpec(2, 3, 4, bias=False))
    x, w, y = pairs.twins(normal((2, 3))), pairs.twins(normal((4, 3))), pairs.blanks((2, 4))
    with pairs.device.computing():
        kernel.forward(x[0], w[0], None, y[0])
    assert pairs.device.cublas.library.GemmEx.library.computes == [compute]
    assert ("TF32" in kernel.detail) == (compute == 77)


def test_a_handle_has_its_stream_and_workspace(pairs: Pairs) -> None:
    handle = pairs.device.cublas
    fake = handle.library.GemmEx.library
    assert fake.streams == {handle._as_parameter_.value: pairs.device.stream.ptr}
    (_, size), = fake.workspaces.values()
    assert size == 32 * 2**20


def test_what_cublas_cannot_do(pairs: Pairs) -> None:
    for spec in (InnerProductSpec(0, 3, 4), InnerProductSpec(2, 3, 4, dtype="float64")):
        with pytest.raises(Unsupported):
            pairs.engine.plan(spec)
