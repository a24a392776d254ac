"""The oneDNN engine: finding the library, threads, reorders counted, memory given back."""

from __future__ import annotations

import gc
import logging
import os
import threading

import numpy as np
import pytest
from kernels.onednn.pairs import ORDERS, blanks, empty, normal, onednn, same, tensor
from support import ENGINES

from caffepy.core.memory import Mover, Place
from caffepy.errors import DeviceError
from caffepy.kernels import choose_engines
from caffepy.kernels.contract import Unsupported
from caffepy.kernels.onednn import OneDnnEngine, api, library, runtime
from caffepy.kernels.operations.batch_norm import BatchNormSpec
from caffepy.kernels.operations.concat import ConcatSpec
from caffepy.kernels.operations.convolution import ConvolutionSpec
from caffepy.kernels.operations.eltwise import EltwiseSpec
from caffepy.kernels.operations.inner_product import InnerProductSpec
from caffepy.kernels.operations.lrn import LRNSpec
from caffepy.kernels.operations.pooling import PoolingSpec
from caffepy.kernels.operations.relu import ReLUSpec
from caffepy.kernels.operations.softmax import SoftmaxSpec
from caffepy.kernels.reference import ReferenceEngine

pytestmark = pytest.mark.skipif("onednn" not in ENGINES, reason="oneDNN is missing")


# -- the library --------------------------------------------------------------------------


@pytest.fixture
def fresh_load():
    library.load.cache_clear()
    yield
    library.load.cache_clear()


def test_it_reports_version_and_place():
    engine = onednn()
    assert engine.version.startswith("3.") and "libdnnl" in engine.path


def test_an_explicit_path_stands_alone(monkeypatch, fresh_load, tmp_path):
    missing = tmp_path / "libdnnl.so.3"
    monkeypatch.setenv("CAFFEPY_ONEDNN", str(missing))
    assert library.candidates() == [str(missing)]
    with pytest.raises(Unsupported, match="CAFFEPY_ONEDNN"):
        OneDnnEngine()
    with pytest.raises(DeviceError, match=str(missing)):
        choose_engines("cpu", ["onednn"])


def test_an_explicit_path_is_used(monkeypatch, fresh_load):
    path = onednn().path
    monkeypatch.setenv("CAFFEPY_ONEDNN", path)
    assert OneDnnEngine().path == path


def test_without_it_the_reference_serves_and_says_so(monkeypatch, fresh_load, caplog, tmp_path):
    monkeypatch.setenv("CAFFEPY_ONEDNN", str(tmp_path / "nothing.so"))
    monkeypatch.setattr(logging.getLogger("caffepy"), "propagate", True)
    engines = choose_engines("cpu")
    assert [e.name for e in engines] == ["reference"]
    assert "slower" in caplog.text and "nothing.so" in caplog.text


def test_a_missing_libgomp_names_the_mend(monkeypatch):
    def refuse(path, mode=0):
        raise OSError("libgomp.so.1: cannot open shared object file: No such file or directory")

    monkeypatch.setattr(library.ctypes, "CDLL", refuse)
    with pytest.raises(Unsupported, match="apt-get install libgomp1"):
        library.Library("libdnnl.so.3")


def test_a_library_of_another_kind_is_refused(monkeypatch):
    monkeypatch.setattr(library, "ON_OPENMP", 4)
    with pytest.raises(Unsupported, match="onednn-cpu-gomp"):
        library.Library(onednn().path)


# -- threads ------------------------------------------------------------------------------


def test_each_engine_keeps_its_number_of_threads():
    ask = onednn().runtime.library._handle.omp_get_max_threads
    one, three, free = OneDnnEngine(1), OneDnnEngine(3), OneDnnEngine()
    x, y = tensor(normal((50,))), empty((50,))
    seen = []
    kernels = [e.plan(ReLUSpec((50,))) for e in (one, three, free)]

    def work():
        for kernel in kernels:
            kernel.forward(x, y)
            seen.append(ask())

    work()
    thread = threading.Thread(target=work)  # OpenMP keeps a number for each thread
    thread.start()
    thread.join()
    assert seen == [1, 3, onednn().runtime.library.default_threads] * 2


def test_two_engines_in_two_threads():
    spec = ConvolutionSpec((4, 20, 12, 12), (50, 20, 5, 5), (4, 50, 8, 8), (1, 1), (0, 0), (1, 1))
    w, b = normal(spec.w), normal((50,))
    expected = empty(spec.y)
    ReferenceEngine().plan(spec).forward(tensor(normal(spec.x)), tensor(w), tensor(b), expected)
    results = []

    def work():
        kernel = OneDnnEngine(1).plan(spec)
        x, weights, bias, y = tensor(normal(spec.x)), tensor(w), tensor(b), empty(spec.y)
        for _ in range(50):
            kernel.forward(x, weights, bias, y)
        results.append(y)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 2
    for y in results:
        same((y, expected))


# -- the order of memory ------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (16, 20, 12, 12), (4, 50, 8, 8)])
def test_reorders_there_and_back(shape):
    mover, plain = onednn().mover(), Mover()
    for order in ORDERS:
        source = tensor(normal(shape), order).read(order)
        other = ORDERS[1 - ORDERS.index(order)]
        for m in (mover, plain):
            target = empty(shape).overwrite(other)
            target[...] = np.nan
            m.rewrite(source, target)
            assert (target == source).all()


def test_the_mover_does_not_gather_plans_without_end():
    mover = onednn().mover()
    for n in range(1, 80):
        shape = (n, 8, 4, 32)
        mover.rewrite(tensor(normal(shape)).read(Place.HOST),
                      empty(shape).overwrite(Place.HOST_LAST))
    assert len(mover._calls) <= 64


def test_a_chain_of_layers_hands_channels_last_on():
    """conv -> pool -> lrn -> relu (in place) -> concat, forward and backward, no reorder."""
    engines = choose_engines("cpu", ["onednn"])
    mover = engines[0].mover()

    def plan(spec):
        for engine in engines:
            try:
                return engine.plan(spec)
            except Unsupported:
                continue

    def blank(shape):
        result = empty(shape)
        result.memory.mover = mover
        return result

    conv = plan(ConvolutionSpec((2, 3, 16, 16), (20, 3, 3, 3), (2, 20, 16, 16), (1, 1), (1, 1),
                                (1, 1)))
    pool = plan(PoolingSpec("max", (2, 20, 16, 16), (2, 20, 8, 8), (3, 3), (2, 2), (0, 0)))
    lrn = plan(LRNSpec("across", (2, 20, 8, 8), 5, 1.0, 0.75, 1.0))
    relu = plan(ReLUSpec((2, 20, 8, 8)))
    norm = plan(BatchNormSpec((2, 20, 8, 8), 1e-5, False))
    add = plan(EltwiseSpec("sum", (2, 20, 8, 8), (1.0, 1.0)))
    concat = plan(ConcatSpec(((2, 20, 8, 8),) * 2, 1))
    softmax = plan(SoftmaxSpec((2, 40, 8, 8), 1))
    w, b = tensor(normal((20, 3, 3, 3))), tensor(normal((20,)))
    x = blank((2, 3, 16, 16))
    x.overwrite(Place.HOST_LAST)[...] = normal(x.shape)
    a, da = blank((2, 20, 16, 16)), blank((2, 20, 16, 16))
    p, q, r, s = (blank((2, 20, 8, 8)) for _ in range(4))
    dp, dq, dr, ds, dt = (blank((2, 20, 8, 8)) for _ in range(5))
    c, dc = blank((2, 40, 8, 8)), blank((2, 40, 8, 8))
    mean, variance = np.zeros(20, np.float32), np.zeros(20, np.float32)
    conv.forward(x, w, b, a)
    pool.forward(a, p)
    lrn.forward(p, q)
    relu.forward(q, q)
    norm.forward(q, r, mean, variance)
    add.forward([q, r], s)
    concat.join([r, s], c)
    softmax.forward(c, c)
    dc.overwrite(Place.HOST_LAST)[...] = normal(dc.shape, 1)
    softmax.backward(c, dc, dc)
    concat.split(dc, [dr, ds])
    add.backward(1, [q, r], s, ds, dt)
    norm.backward(q, r, dr, dq)
    relu.backward(q, dq, dq)
    lrn.backward(p, q, dq, dp)
    pool.backward(dp, da)
    conv.backward_weights(x, da, empty(w.shape), empty((20,)))
    conv.backward_data(da, w, blank(x.shape))
    assert mover.reorders == 0 and not mover.counts
    c.read(Place.HOST)
    assert mover.reorders == 1


# -- errors and resources -----------------------------------------------------------------


def test_slow_code_is_refused_and_told_once(monkeypatch):
    lines = []
    monkeypatch.setattr(runtime.logger, "info", lambda text, *values: lines.append(text % values))
    monkeypatch.setattr(runtime.Chosen, "slow", True)
    engine = OneDnnEngine()
    for _ in range(3):
        with pytest.raises(Unsupported, match="slow"):
            engine.plan(ReLUSpec((5,)))
    assert len(lines) == 1 and "eltwise_forward" in lines[0]


def test_a_refusal_is_an_error_with_the_librarys_word():
    with pytest.raises(api.OneDnnError, match="invalid arguments") as caught:
        onednn().runtime.plain((2, -3))
    assert caught.value.status == "invalid arguments"


def test_layouts_name_themselves():
    runtime = onednn().runtime
    assert str(runtime.plain((2, 3, 4, 5))) == "abcd"
    assert str(runtime.last((2, 3, 4, 5))) == "acdb"
    assert runtime.last((2, 3, 4, 5)) != runtime.plain((2, 3, 4, 5))
    assert runtime.plain((2, 3)) == runtime.strided((2, 3), (3, 1))


def resident() -> int:
    """Bytes of memory this process holds."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")


def test_planning_a_thousand_kernels_leaks_nothing():
    specs = [
        ConvolutionSpec((2, 8, 9, 9), (8, 8, 3, 3), (2, 8, 7, 7), (1, 1), (0, 0), (1, 1)),
        PoolingSpec("max", (2, 8, 9, 9), (2, 8, 4, 4), (2, 2), (2, 2), (0, 0)),
        LRNSpec("across", (2, 8, 9, 9), 3, 1.0, 0.75, 1.0),
        ReLUSpec((2, 8, 9, 9)),
        InnerProductSpec(2, 3, 4),
    ]

    def use():
        for spec in specs:
            kernel = onednn().plan(spec)
            if isinstance(spec, ConvolutionSpec):
                x, dy = tensor(normal(spec.x)), tensor(normal(spec.y))
                kernel.forward(x, tensor(normal(spec.w)), tensor(normal((8,))), blanks(spec.y)[0])
                kernel.backward_weights(x, dy, empty(spec.w), None)
            if isinstance(spec, LRNSpec):
                x = tensor(normal(spec.shape))
                kernel.backward(x, x, x, empty(spec.shape))

    for _ in range(20):
        use()
    grown = []
    for _ in range(3):  # a leak grows each time; now and then the heap itself does
        gc.collect()
        before = resident()
        for _ in range(200):
            use()
        gc.collect()
        grown.append(resident() - before)
    # the smallest thing that could leak each time, a descriptor of 600 bytes, times 200 * 5 plans
    # of several descriptors would be more
    assert min(grown) < 2**20
