"""Nets of many layers, readers or sharers: what is done grows with their number, not faster.

Counted are the lines of caffepy that run, for three sizes: no times, which tests cannot trust.
"""

import sys

import numpy as np
import pytest
from turning import TEST, TRAIN, parsed

import caffepy
from caffepy.core import turns
from caffepy.core.context import Context
from caffepy.core.net import Net
from caffepy.core.timetable import Timetable
from caffepy.proto import caffe_pb2, text
from caffepy.pycaffe.net import Net as PyNet
from caffepy.solvers.solver import Solver

HOME = caffepy.__file__.removesuffix("__init__.py")
SIZE = 30

INPUT = """layer { name: "d" type: "DummyData" top: "b0" dummy_data_param {
  shape { dim: 2 dim: 4 } data_filler { type: "gaussian" } } }
"""
IP = """layer {{ name: "{0}" type: "InnerProduct" bottom: "{1}" top: "{2}" {3}
  inner_product_param {{ num_output: 4 weight_filler {{ type: "xavier" }} }} }}
"""
RELU = 'layer {{ name: "{0}" type: "ReLU" bottom: "{1}" top: "{1}" }}\n'
LOSS = 'layer {{ name: "l" type: "Reduction" bottom: "{0}" top: "l" loss_weight: 1 }}\n'


def chain(n, extra=""):
    return INPUT + "".join(
        IP.format(f"ip{i}", f"b{i}", f"b{i + 1}", extra) + RELU.format(f"r{i}", f"b{i + 1}")
        for i in range(n)) + LOSS.format(f"b{n}")


def residual(n):
    return INPUT + "".join(
        IP.format(f"ip{i}", f"b{i}", f"f{i}", "") + RELU.format(f"r{i}", f"f{i}")
        + f'layer {{ name: "e{i}" type: "Eltwise" bottom: "b{i}" bottom: "f{i}" top: "b{i + 1}" }}'
        for i in range(n)) + LOSS.format(f"b{n}")


def bottoms(name, count):
    return " ".join(f'bottom: "{name}{i}"' for i in range(count))


def wide(n):
    """One blob that n layers read, and a Concat of what they make."""
    return INPUT + IP.format("stem", "b0", "z", "") + "".join(
        IP.format(f"ip{i}", "z", f"t{i}", "") for i in range(n)) + (
        'layer { name: "c" type: "Concat" top: "c" ' + bottoms("t", n) + "}" + LOSS.format("c"))


def shared(n):
    return chain(n, 'param { name: "w" } param { name: "v" lr_mult: 2 }')


def in_place(n):
    """One memory that n layers change in place, each spoiling what the one before needs."""
    return INPUT + IP.format("ip", "b0", "b1", "") + "".join(
        f'layer {{ name: "s{i}" type: "Sigmoid" bottom: "b1" top: "b1" }}'
        + RELU.format(f"r{i}", "b1")
        for i in range(n)) + LOSS.format("b1")


def unrolled(n):
    return f"""layer {{ name: "d" type: "DummyData" top: "x" top: "c" dummy_data_param {{
      shape {{ dim: {n} dim: 2 dim: 3 }} shape {{ dim: {n} dim: 2 }}
      data_filler {{ type: "gaussian" }} data_filler {{ type: "constant" value: 1 }} }} }}
      layer {{ name: "r" type: "LSTM" bottom: "x" bottom: "c" top: "h" recurrent_param {{
        num_output: 4 weight_filler {{ type: "xavier" }} }} }}""" + LOSS.format("h")


KINDS = pytest.mark.parametrize("kind", [chain, residual, wide, shared, in_place, unrolled],
                                ids=lambda kind: kind.__name__)


def lines(work):
    """How many lines of caffepy run in ``work()``."""
    count = 0

    def trace(frame, event, _):
        nonlocal count
        if not frame.f_code.co_filename.startswith(HOME):
            return None
        count += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


def assert_linear(prepare):
    """``prepare(n)`` gives what is counted. Twice as many more cost twice as much more."""
    prepare(3)()  # what is done once in a process
    one, two, four = (lines(prepare(n)) for n in (SIZE, 2 * SIZE, 4 * SIZE))
    assert four - two < 2.5 * (two - one) + 50, (one, two, four)


@KINDS
@pytest.mark.parametrize("optimize", [False, True])
@pytest.mark.parametrize("phase", [TRAIN, TEST])
def test_building(kind, optimize, phase):
    assert_linear(lambda n: lambda: Net(parsed(kind(n)), phase, context=Context(seed=1),
                                        optimize=optimize))


@KINDS
@pytest.mark.parametrize("optimize", [False, True])
def test_running(kind, optimize):
    def prepare(n):
        net = Net(parsed(kind(n)), TRAIN, context=Context(seed=1), optimize=optimize)

        def run():
            net.forward()
            net.backward()
            net.reshape()
            net.clear_param_diffs()

        return run

    assert_linear(prepare)


@KINDS
def test_looking_between_layers(kind):
    def prepare(n):
        net = PyNet(parsed(kind(n)), TRAIN)
        net.before_forward(lambda name: None)
        net.after_backward(lambda name: None)

        def run():
            net.forward()
            net.backward()
            for name in net._layer_names:
                net.forward(start=name, end=name)
            for name in reversed(net._layer_names):
                net.backward(start=name, end=name)

        return run

    assert_linear(prepare)


@pytest.mark.parametrize("kind", [chain, wide, shared], ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("ending", ["caffemodel", "h5"])
def test_weights_in_and_out(kind, ending, tmp_path):
    def prepare(n):
        net = PyNet(parsed(kind(n)), TRAIN)
        other = PyNet(parsed(kind(n).replace('name: "ip', 'name: "other')), TRAIN)
        path = str(tmp_path / f"{n}.{ending}")

        def run():
            (net.save_hdf5 if ending == "h5" else net.save)(path)
            net.copy_from(path)
            other.copy_from(path)
            str(net)

        return run

    assert_linear(prepare)


@pytest.mark.parametrize("kind", [chain, wide, shared], ids=lambda kind: kind.__name__)
def test_training(kind, tmp_path):
    def prepare(n):
        param = caffe_pb2.SolverParameter(
            base_lr=1e-4, lr_policy="fixed", momentum=0.9, max_iter=9, random_seed=3,
            snapshot_prefix=str(tmp_path / f"s{n}"))
        param.net_param.CopyFrom(parsed(kind(n)))

        def run():
            with Solver(param, context=Context(seed=3)) as solver:
                solver.step(1)
                solver.snapshot()
                solver.restore(str(tmp_path / f"s{n}_iter_1.solverstate"))

        return run

    assert_linear(prepare)


@KINDS
def test_reading_and_writing_text(kind):
    assert_linear(lambda n: lambda: text.to_text(parsed(kind(n))))


def test_rooms_are_given_as_by_asking_each():
    """The same rooms as if each life were held against all others, the smallest room first."""
    rng = np.random.default_rng(1)
    for count in (0, 1, 2, 7, 60):
        found = []
        for _ in range(count):
            first = int(rng.integers(40))
            memory = type("Memory", (), {"count": int(rng.integers(9))})()
            found.append(turns.Life(memory, first, first + int(rng.integers(12))))
        expected = []
        for life in sorted(found, key=lambda life: -life.memory.count):
            for group in reversed(expected):
                if not any(life.meets(other) for other in group):
                    group.append(life)
                    break
            else:
                expected.append([life])
        groups = turns.groups(found)
        assert groups == [group for group in expected if len(group) > 1]
        assert turns._cuts(groups) == {
            time for group in groups for life in group
            for time in range(life.first + 1, life.last + 1)}


def test_a_timetable_knows_who_is_in_at_any_time():
    rng = np.random.default_rng(2)
    for length in (1, 2, 13, 64):
        table, entered = Timetable(length), []
        for room in range(40):
            first, last = sorted(rng.integers(length, size=2).tolist())
            expected = {r for r, a, b in entered if a <= last and first <= b}
            assert {r for r in range(40) if table.taken(first, last) >> r & 1} == expected
            table.take(room, first, last)
            entered.append((room, first, last))


@pytest.mark.parametrize("count", [31, 32, 33, 62, 63, 64, 95, 200])
def test_any_number_of_readers_gets_its_gradients_added_up(count):
    tops = range(count)
    net = Net(parsed(
        'force_backward: true layer { name: "x" type: "Input" top: "x" input_param { shape { '
        "dim: 2 dim: 5 } } }" + "".join(
            f'layer {{ name: "p{i}" type: "Power" bottom: "x" top: "p{i}" power_param {{ '
            f"scale: {i + 1} }} }}" for i in tops)
        + 'layer { name: "s" type: "Eltwise" top: "s" ' + bottoms("p", count) + "}"),
        TEST, context=Context(seed=1))
    net.blobs["x"].data[...] = 1
    net.forward()
    whole = count * (count + 1) / 2
    np.testing.assert_array_equal(net.blobs["s"].data, np.full((2, 5), whole))
    net.blobs["s"].diff[...] = 1
    net.backward()
    np.testing.assert_array_equal(net.blobs["x"].diff, np.full((2, 5), whole))


def test_each_spoiled_layer_is_named_with_the_next_that_spoils_it(caplog):
    Net(parsed(in_place(3)), TRAIN, context=Context(seed=1))
    said = [r.getMessage() for r in caplog.records if "works in place on a blob" in r.getMessage()]
    assert [s.split("'")[1] + " " + s.split("'")[3] for s in said] == [
        "r0 s0", "s1 r0", "r1 s1", "s2 r1", "r2 s2"]
