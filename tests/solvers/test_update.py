from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from google.protobuf import text_format
from numpy.testing import assert_allclose, assert_array_equal
from support import ENGINES, RULES

from caffepy import cores
from caffepy.core.arena import Arena, Parameter
from caffepy.core.blob import Blob
from caffepy.core.memory import Mover, Place
from caffepy.errors import ConfigError
from caffepy.kernels import choose_engines
from caffepy.kernels.reference import ReferenceEngine
from caffepy.proto import caffe_pb2
from caffepy.solvers import rule, update_host
from caffepy.solvers.grad_scale import GradScale
from caffepy.solvers.rule import Rule
from caffepy.solvers.update_host import HostUpdater


def parameters(*shapes_and_mults, dtype=np.float32):
    """A stand-in for a net: parameters side by side, with values and gradients from N(0, 1)."""
    random = np.random.default_rng(1)
    mover = Mover()
    made = [Parameter(Blob(shape, dtype), lr, decay, f"l{i}", 0, "")
            for i, (shape, lr, decay) in enumerate(shapes_and_mults)]
    net = SimpleNamespace(parameters=made, dtype=np.dtype(dtype), optimize=False, nodes=[],
                          arena=Arena(made, dtype, mover), grad_scale=lambda: 1.0,
                          context=SimpleNamespace(mover=mover, engines=[ReferenceEngine()],
                                                  host_threads=cores.usable()))
    for parameter in made:
        for tensor in (parameter.blob.values, parameter.blob.grads):
            tensor.overwrite(Place.HOST)[...] = random.standard_normal(parameter.blob.shape)
    return net


def updater(net, kind="SGD", line="", threads=None):
    net.context.host_threads = threads or cores.usable()
    p = text_format.Parse(f"{RULES[kind]} {line}", caffe_pb2.SolverParameter())
    return HostUpdater(net, rule.get(kind)(p, np), p)


def apply(made, rate=0.1, iteration=0, **more):
    made.bring_home()
    made.apply(rate, iteration, **more)


def test_types_are_the_original_s_and_one():
    assert rule.types() == ["AdaDelta", "AdaGrad", "Adam", "AdamW", "Nesterov", "RMSProp", "SGD"]


def test_unknown_type_lists_all_and_suggests():
    with pytest.raises(ConfigError, match=r"Unknown solver type: adam \(allowed: AdaDelta, .*SGD\)"
                                          r". Did you mean Adam\?"):
        rule.get("adam")


@pytest.mark.parametrize("kind, line, words", [
    ("AdaGrad", "momentum: 0.9", "Momentum cannot be used with AdaGrad"),
    ("RMSProp", "momentum: 0.9", "Momentum cannot be used with RMSProp"),
    ("RMSProp", "rms_decay: 1", "rms_decay should lie between 0 and 1"),
    ("Adam", "momentum: 1", "momentum must be"),
    ("Adam", "momentum2: 1", "momentum2 must be"),
])
def test_refused_parameters(kind, line, words):
    p = text_format.Parse(line, caffe_pb2.SolverParameter())
    with pytest.raises(ConfigError, match=words):
        rule.get(kind)(p, np)


@pytest.mark.parametrize("kind, expected", [
    ("SGD", (0.5, 0, 0)), ("Nesterov", (0.5, 0, 0)), ("AdaDelta", (0.5, 0, 2)),
    ("Adam", (0.5, 0.25, 2)), ("AdamW", (0.5, 0.25, 2)), ("AdaGrad", (0, 0, 2)),
    ("RMSProp", (0, 0.75, 2)),
])
def test_constants_are_fields_of_the_solver(kind, expected):
    line = "momentum2: 0.25 rms_decay: 0.75 delta: 2 " + "momentum: 0.5" * (expected[0] > 0)
    p = text_format.Parse(line, caffe_pb2.SolverParameter())
    made = rule.get(kind)(p, np)
    assert made.constants() == expected
    assert made.spec(3, True).constants == expected


def test_a_rule_derived_from_another_has_its_constants_and_its_own():
    class Own(rule.get("RMSProp")):
        momentum2 = rule.Constant("momentum")

    p = text_format.Parse("momentum2: 0.25 rms_decay: 0.75 delta: 2", caffe_pb2.SolverParameter())
    made = Own(p, np)
    assert made.constants() == (0.25, 0.75, 2) and made.momentum2 == 0.25
    made.delta = 3.0  # as it goes on
    assert made.constants() == (0.25, 0.75, 3)
    assert rule.get("RMSProp")(p, np).constants() == (0, 0.75, 2)


def test_one_name_belongs_to_one_module():
    class Other(Rule):
        pass

    with pytest.raises(ConfigError, match="registered twice"):
        rule.rule("SGD")(Other)
    assert rule.get("SGD").__module__ == "caffepy.solvers.sgd"


def test_a_rule_derived_from_another_does_not_inherit_its_kernel():
    sgd = rule.get("SGD")

    class Checked(sgd):
        def check(self):
            pass

    class Own(sgd):
        def update(self, g, history, rate, t):
            g[...] = 0

    class Mixin:
        update = Own.update

    class Mixed(Mixin, sgd):
        pass

    class Named(Mixin, sgd):
        kernel = "mine"

    assert Checked.kernel == sgd.kernel == "sgd"
    assert Own.kernel == Mixed.kernel == ""
    assert Named.kernel == "mine"


@pytest.mark.parametrize("kind", list(RULES))
def test_number_of_threads_and_chunks_change_nothing(kind, monkeypatch):
    """Bit for bit, for sizes around the border of a chunk."""
    shapes = [((update_host.CHUNK * 5 + 3,), 1, 1), ((7,), 2, 0), ((300, 301), 1, 1), ((1,), 0, 1)]
    results = []
    for threads, chunk in ((1, update_host.CHUNK), (2, update_host.CHUNK), (3, 1000)):
        monkeypatch.setattr(update_host, "CHUNK", chunk)
        monkeypatch.setattr(update_host, "LEAST_PER_THREAD", chunk)
        net = parameters(*shapes)
        made = updater(net, kind, "weight_decay: 0.01", threads)
        assert (made._pool is not None) == (threads > 1)
        for i in range(3):
            apply(made, iteration=i)
        results.append([net.arena.values, net.arena.grads, *made.history])
        made.close()
    for other in results[1:]:
        for a, b in zip(results[0], other, strict=True):
            assert_array_equal(a, b)


@pytest.mark.parametrize("line", ["", "weight_decay: 0.01", "snapshot_diff: true"])
@pytest.mark.parametrize("kind", RULES)
def test_diffs_that_nobody_sees_are_not_written(kind, line):
    """In nets that the command owns; what is subtracted is the same."""
    results = []
    for optimize in (False, True):
        net = parameters(((7, 5), 1, 1), ((3,), 2, 0))
        net.optimize = optimize
        made = updater(net, kind, line)
        before = net.arena.grads.copy()
        for iteration in range(3):
            apply(made, iteration=iteration, passes=2 - iteration % 2)
            shown = not np.array_equal(net.arena.grads, before)
            net.arena.grads[...] = before
        results.append(net.arena.values.copy())
        assert shown == (not optimize or "snapshot_diff" in line)
    assert_array_equal(*results)


needs_onednn = pytest.mark.skipif("onednn" not in ENGINES, reason="no oneDNN here")
OURS = [((4 * update_host.CHUNK + 5, 2), 1, 1), ((7,), 2, 0), ((30, 11), 0.5, 3), ((1,), 0, 1)]


def with_kernels(kind="SGD", line="weight_decay: 0.01", dtype=np.float32, shapes=OURS):
    """A net that the command owns, on the fastest engine, and its updater."""
    net = parameters(*shapes, dtype=dtype)
    net.optimize, net.context.engines = True, choose_engines("cpu")
    return net, updater(net, kind, line)


@needs_onednn
@pytest.mark.parametrize("kind, line", [
    *((kind, line) for kind in RULES for line in ("", "weight_decay: 0.01")),
    ("Adam", "amsgrad: true"), ("AdamW", "amsgrad: true weight_decay: 0.1")])
def test_an_engine_s_kernel_is_the_rule(kind, line):
    """With clipping and iter_size too."""
    net, made = with_kernels(kind, line)
    plain = parameters(*OURS)
    as_written = updater(plain, kind, line)
    assert made._kernels and not as_written._kernels
    for iteration in range(3):
        more = {"passes": 1 + iteration, "clip": 50.0 if iteration else -1.0}
        grads = net.arena.grads.copy()
        apply(made, iteration=iteration, **more)
        apply(as_written, iteration=iteration, **more)
        assert_array_equal(net.arena.grads, grads)
        assert_allclose(net.arena.values, plain.arena.values, 1e-5, 1e-5)
        for ours, theirs in zip(made.history, as_written.history, strict=True):
            assert_allclose(ours, theirs, 1e-5, 1e-6)
        plain.arena.grads[...] = grads


@needs_onednn
def test_a_rule_may_change_its_constants_as_it_goes_on():
    class Warm(rule.get("SGD")):
        def begin(self, iteration):
            self.momentum = 0.0 if iteration < 2 else 0.9

    results = []
    for optimize in (True, False):
        net = parameters(*OURS[1:])
        net.optimize, net.context.engines = optimize, choose_engines("cpu")
        p = text_format.Parse("momentum: 0.9", caffe_pb2.SolverParameter())
        made = HostUpdater(net, Warm(p, np), p)
        grads = net.arena.grads.copy()
        for iteration in range(5):
            made.weight_decay = 0.1 * (iteration > 2)  # a script may
            net.arena.grads[...] = grads
            apply(made, iteration=iteration)
        assert bool(made._kernels) == optimize
        results.append(net.arena.values)
    assert_allclose(*results, 1e-5, 1e-6)


@needs_onednn
@pytest.mark.parametrize("kind, line, dtype", [
    ("SGD", "", np.float64), ("Adam", "", np.float64),
    ("SGD", 'weight_decay: 0.1 regularization_type: "L1"', np.float32),
    ("SGD", "snapshot_diff: true", np.float32),
])
def test_what_no_kernel_does(kind, line, dtype):
    net, made = with_kernels(kind, line, dtype)
    assert not made._kernels
    before = net.arena.values.copy()
    apply(made)
    assert not np.array_equal(net.arena.values, before)


@needs_onednn
def test_weights_that_moved_to_another_net_are_followed():
    net, made = with_kernels(shapes=OURS[1:])
    expected = parameters(*OURS[1:])
    apply(updater(expected, line="weight_decay: 0.01"))
    parameter = net.parameters[1]
    old, elsewhere = net.arena.values.copy(), Blob(parameter.blob.shape)
    elsewhere.values.overwrite(Place.HOST)[...] = parameter.blob.values.read(Place.HOST)
    parameter.blob.values.share(elsewhere.values)
    apply(made)
    place = slice(parameter.offset, parameter.offset + parameter.count)
    assert_array_equal(net.arena.values[place], old[place])
    assert_allclose(elsewhere.values.read(Place.HOST).reshape(-1), expected.arena.values[place],
                    1e-6, 1e-6)


@needs_onednn
def test_updates_that_are_skipped_leave_weights_as_they_are():
    net = parameters(*OURS[1:])
    net.optimize, net.context.engines = True, choose_engines("cpu")
    p = text_format.Parse("momentum: 0.9", caffe_pb2.SolverParameter())
    made = HostUpdater(net, rule.get("SGD")(p, np), p, grad_scale=GradScale(8.0, adaptive=True))
    net.arena.grads[3] = np.inf
    made.history[0][...] = 1
    before = net.arena.values.copy()
    apply(made, scaled=True)
    assert made._kernels and made._skips
    assert_array_equal(net.arena.values, before)
    assert (made.history[0] == 1).all()


def test_norm_is_one_for_any_number_of_threads(monkeypatch):
    monkeypatch.setattr(update_host, "LEAST_PER_THREAD", 1)
    norms = set()
    for threads in (1, 2, 4):
        net = parameters(((update_host.CHUNK * 3 + 5,), 1, 1), ((10,), 2, 1))
        made = updater(net, threads=threads)
        made.bring_home()
        norms.add(made.norm())
        made.close()
    assert len(norms) == 1
    assert norms.pop() == pytest.approx(np.linalg.norm(net.arena.grads.astype(np.float64)))


@pytest.mark.parametrize("most, expected", [(-1, 1), (5.01, 1), (5, 1), (4, 0.8), (0, 0)])
def test_clipping_scales_what_is_longer(most, expected):
    net = parameters(((3,), 1, 1), ((2,), 2, 1))
    net.arena.grads[:] = [3, 0, 0, 0, -4]
    made = updater(net)
    made.bring_home()
    assert made.clipping(most) == pytest.approx(expected)


@pytest.mark.parametrize("kind", ["L1", "L2"])
def test_regularization_multipliers_and_scale(kind):
    net = parameters(((4,), 1, 1), ((4,), 2, 0), ((4,), 0.5, 3))
    w, g = net.arena.values.copy(), net.arena.grads.copy()
    decay = np.repeat([1, 0, 3], 4) * 0.1
    lr = np.repeat([1, 2, 0.5], 4) * 0.01
    expected = lr * (g / 4 + decay * (np.sign(w) if kind == "L1" else w))
    made = updater(net, line=f'weight_decay: 0.1 regularization_type: "{kind}"')
    apply(made, 0.01, passes=4)
    assert_allclose(net.arena.values, w - expected, 1e-6)
    assert_allclose(net.arena.grads, expected, 1e-5, 1e-8)  # what was subtracted, for scripts


def test_unknown_regularization():
    with pytest.raises(ConfigError, match="Unknown regularization type: l2.*Did you mean L2"):
        updater(parameters(((1,), 1, 1)), line='regularization_type: "l2"')


def test_versions_move_and_zero_gradients_are_read_as_zero():
    net = parameters(((3,), 1, 1))
    blob = net.parameters[0].blob
    blob.grads.zero()
    before, version = net.arena.values.copy(), blob.values.version
    apply(updater(net))
    assert blob.values.version > version
    assert_array_equal(net.arena.values, before)
    assert_array_equal(blob.values.read(Place.HOST), before)


def test_look_sees_updates_before_they_are_subtracted():
    net = parameters(((5,), 1, 1))
    before, seen = net.arena.values.copy(), []

    def look():
        seen.append((net.arena.values - before, net.arena.grads.copy()))

    apply(updater(net), look=look)
    (moved, update_value), = seen
    assert not moved.any()
    assert_allclose(before - net.arena.values, update_value, 1e-5, 1e-7)


def test_history_blobs_come_parameter_by_parameter_moments_first():
    net = parameters(((2, 3), 1, 1), ((4,), 1, 1))
    made = updater(net, "Adam")
    apply(made)
    shapes = [array.shape for array in made.history_blobs()]
    assert shapes == [(2, 3), (4,), (2, 3), (4,)]
    assert_array_equal(made.history_blobs()[3], made.history[1][6:])


def test_float64_nets_are_updated_in_float64():
    net = parameters(((3,), 1, 1), dtype=np.float64)
    w, g = net.arena.values.copy(), net.arena.grads.copy()
    apply(updater(net), 0.1)
    assert net.arena.values.dtype == np.float64
    assert_allclose(net.arena.values, w - 0.1 * g, 1e-14)


def test_neighbours_with_equal_multipliers_are_taken_together():
    net = parameters(((4,), 1, 1), ((5,), 1, 1), ((0,), 2, 1), ((2,), 2, 1), ((3,), 1, 0))
    assert list(update_host.runs(net.parameters)) == [(0, 9, 1, 1), (9, 11, 2, 1), (11, 14, 1, 0)]


def test_an_error_in_another_thread_reaches_the_caller(monkeypatch):
    monkeypatch.setattr(update_host, "LEAST_PER_THREAD", 1)
    made = updater(parameters(((update_host.CHUNK * 8,), 1, 1)), threads=2)

    def broken(*arguments):
        raise ConfigError("broken rule")

    monkeypatch.setattr(made.rule, "update", broken)
    with pytest.raises(ConfigError, match="broken rule"):
        apply(made)
    made.close()
