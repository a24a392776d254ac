"""Blobs that take turns in one room never write what another still needs."""

from itertools import pairwise

import numpy as np
import pytest
from models.offline import net_param
from support import ENGINES, REFERENCE, SEED, case_names
from test_random_nets import CLASSES, Maker

from caffepy.core import debug, registry, turns
from caffepy.core.context import Context
from caffepy.core.layer import Layer
from caffepy.core.memory import Place, SyncedMemory
from caffepy.core.net import Net
from caffepy.core.room import Room
from caffepy.errors import ConfigError
from caffepy.proto import caffe_pb2, text
from caffepy.solvers.solver import Solver

TRAIN, TEST = caffe_pb2.TRAIN, caffe_pb2.TEST

INPUT = """layer { name: "in" type: "Input" top: "x" top: "t"
  input_param { shape { dim: 2 dim: 3 dim: 6 dim: 6 } shape { dim: 2 dim: 4 dim: 6 dim: 6 } } }
"""
CONV = """layer {{ name: "{0}" type: "Convolution" bottom: "{1}" top: "{0}" convolution_param {{
  num_output: 4 kernel_size: 3 pad: 1 weight_filler {{ type: "msra" }} }} }}
"""
RELU = 'layer {{ name: "{0}_relu" type: "ReLU" bottom: "{0}" top: "{0}" }}\n'
LOSS = 'layer { name: "loss" type: "EuclideanLoss" bottom: "%s" bottom: "t" top: "loss" }\n'
SUM = """layer {{ name: "{0}" type: "Eltwise" bottom: "{1}" bottom: "{2}" top: "{0}" }}
"""
CHAIN = "".join(CONV.format(top, bottom) + RELU.format(top)
                for bottom, top in pairwise("xabcdef"))
DEEP = INPUT + CHAIN + LOSS % "f"
BRANCHES = (INPUT + CHAIN + CONV.format("g", "b") + SUM.format("s", "g", "f")
            + CONV.format("h", "s") + SUM.format("u", "h", "c") + LOSS % "u")


class Lodger(SyncedMemory):
    """Knows whose numbers are in its room, and reads its own alone."""

    __slots__ = ()
    tenants: dict = {}  # noqa: RUF012

    def read(self, place, shape):
        assert self.tenants.get(self._lodging) is self, "read what another has overwritten"
        return super().read(place, shape)

    def overwrite(self, place, shape):
        self.tenants[self._lodging] = self
        return super().overwrite(place, shape)

    def zero(self):
        self.tenants[self._lodging] = self
        super().zero()


def watch(net):
    Lodger.tenants.clear()
    for group in net.walk.turns.values + net.walk.turns.grads:
        for life in group:
            life.memory.__class__ = Lodger


@pytest.fixture
def no_sharing(monkeypatch):
    """Nets optimize, but every blob keeps a memory of its own."""

    def build(*args, **arguments):
        with monkeypatch.context() as patch:
            patch.setattr(turns, "groups", lambda found: [])
            return Net(*args, **arguments)

    return build


def parsed(prototxt):
    param = caffe_pb2.NetParameter()
    text.parse(prototxt, param)
    return param


def feed(net, seed=1):
    rng = np.random.default_rng(seed)
    for name in net.input_names:
        values = net.blobs[name].data
        values[...] = (rng.integers(CLASSES, size=values.shape) if values.ndim == 1
                       else rng.normal(size=values.shape))


def numbers(net, backward=True, passes=2):
    """Loss, outputs and gradients, the latter of two passes added up."""
    net.clear_param_diffs()
    found = []
    for _ in range(passes):
        found.append(np.array(net.forward()))
        if backward:
            net.backward()
    found += [values.copy() for _, values, _ in net.outputs()]
    return found + [p.blob.diff.copy() for p in net.parameters]


def same(net, other, **arguments):
    for one, two in zip(numbers(net, **arguments), numbers(other, **arguments), strict=True):
        np.testing.assert_array_equal(one, two)


def shared(net):
    return [life.memory for group in net.walk.turns.values + net.walk.turns.grads
            for life in group]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("phase", [TRAIN, TEST])
@pytest.mark.parametrize("seed", range(30))
def test_random_nets_give_the_same_to_the_bit(seed, phase, engine, no_sharing):
    param = parsed(Maker(seed).text())
    nets = [build(param, phase, context=Context(seed=5, engines=(engine,)), optimize=True)
            for build in (Net, no_sharing)]
    watch(nets[0])
    backward = phase == TRAIN or param.force_backward
    for batch in (3, 5, 2):
        for net in nets:
            for name in ("data", "label"):
                net.blobs[name].reshape(batch, *net.blobs[name].shape[1:])
            feed(net)
        same(*nets, backward=backward)
    nets[0].before_forward.append(lambda i: None)  # whoever looks between sees one by one
    nets[1].before_forward.append(lambda i: None)
    same(*nets, backward=backward)
    assert any(map(shared, nets[:1])) and not shared(nets[1])


# each architecture once; for the large ones one item, and no fillers, which take seconds
NETS = ["lenet/lenet_train_test", "mnist_siamese/train_val", "mnist_autoencoder/train_val",
        "cifar10/cifar10_full_sigmoid_bn_train_test", "alexnet_cifar10/train_val",
        "hdf5_classification/nonlinear_train", "caffenet/train_val", "alexnet/train_val",
        "googlenet/train_val", "resnet50/train_val", "squeezenet/train_val",
        "mobilenet/train_val", "vgg16/train_val"]
SLIM = 64  # outputs of inner products that have thousands


def slim(path):
    param = net_param(path, 1, fill=False)
    for layer in param.layer:
        if layer.inner_product_param.num_output > 1000:
            layer.inner_product_param.num_output = SLIM
        if layer.type == "DummyData" and path.startswith("vgg16"):  # whose layers are many
            layer.dummy_data_param.shape[0].dim[2:] = [64, 64]
    return param


@pytest.mark.parametrize("path", NETS)
def test_published_nets_give_the_same_to_the_bit(path, no_sharing):
    for phase in (TRAIN, TEST):
        param = slim(f"{path}.prototxt")
        nets = [build(param, phase, context=Context(seed=5), optimize=True,
                      stages=["test-on-test"]) for build in (Net, no_sharing)]
        watch(nets[0])
        for net in nets:
            rng = np.random.default_rng(2)
            for blob in (p.blob for p in net.parameters if p.blob.ndim > 1):
                fan_in = blob.count // blob.shape[0]
                uniform = rng.random(blob.shape, np.float32) - np.float32(0.5)
                blob.values.overwrite(Place.HOST)[...] = uniform * (24 / fan_in) ** 0.5
        same(*nets, backward=phase == TRAIN, passes=1)


@pytest.mark.parametrize("seed", range(50))
def test_those_who_share_never_meet(seed):
    """Brute force: random passes, replayed with one number in each room."""
    rng = np.random.default_rng(seed)
    memories = [SyncedMemory(int(count)) for count in rng.integers(1, 9, size=12)]
    passes = [turns.Access(int(time), *(
        [memories[k] for k in rng.integers(12, size=rng.integers(3))] for _ in "rw"))
        for time in sorted(rng.integers(10, size=20))]
    memories[1].overwrite(Place.HOST, (memories[1].count,))  # while the net was built
    found = turns.lives(passes, {memories[0]})
    shared = turns.groups(found)
    room = {life.memory: i for i, group in enumerate(shared) for life in group}
    assert memories[0] not in room and memories[1] not in room
    inside = {}
    for time in range(10):
        at = [access for access in passes if access.time == time]
        for access in at:
            for memory in access.reads:
                assert memory not in room or inside[room[memory]] is memory
            for memory in access.writes:
                if memory in room:
                    inside[room[memory]] = memory
        # within a time all are there at once: none takes the room of another
        present = {m for access in at for m in (*access.reads, *access.writes) if m in room}
        assert len({room[memory] for memory in present}) == len(present)


def who(groups, side):
    """The blobs of each group, by name."""

    def names(net):
        of = {getattr(blob, side).memory: name for name, blob in reversed(net.blobs.items())}
        return sorted(sorted(of[life.memory] for life in group)
                      for group in getattr(net.walk.turns, groups))

    return names


values, grads = who("values", "values"), who("grads", "grads")


def optimized(prototxt, phase=TRAIN, **arguments):
    net = Net(parsed(prototxt), phase, optimize=True, **arguments)
    feed(net)
    return net


def test_a_chain_needs_two_rooms_for_its_gradients():
    net = optimized(DEEP, context=Context(engines=("reference",)))
    assert grads(net) == [["a", "c", "e"], ["b", "d", "f"]]  # inputs' are not wanted here
    net.forward()
    net.backward()
    size = net.blobs["a"].count * 4
    assert sum(room.nbytes for room in net.walk.turns.rooms) == 2 * size


def test_a_room_grows_with_its_lodgers():
    small, large = SyncedMemory(2), SyncedMemory(8)
    room = Room([(small, "values of blob 'a'"), (large, "values of blob 'b'")])
    first = small.overwrite(Place.HOST, (2,))
    assert np.shares_memory(first, large.overwrite(Place.HOST, (2, 4)))
    assert room.nbytes == 32
    large.resize(100)
    again = large.overwrite(Place.HOST, (100,))
    assert np.shares_memory(small.overwrite(Place.HOST, (2,)), again)
    assert not np.shares_memory(first, again)
    again[...] = 3
    # another order at the same time is another piece
    np.testing.assert_array_equal(large.read(Place.HOST_LAST, (1, 10, 2, 5)), 3)
    assert room.nbytes == 800


def block(a, b, c):
    """Layers that run as one, with two others between them in the list."""
    return CONV.format(f"{c}1", a) + CONV.format(f"{c}2", b) + CONV.format(f"{c}3", f"{c}2") + (
        f'layer {{ name: "{c}4" type: "BatchNorm" bottom: "{c}1" top: "{c}4" }}'
        f'layer {{ name: "{c}5" type: "Scale" bottom: "{c}4" top: "{c}5" }}'
        f'layer {{ name: "{c}6" type: "ReLU" bottom: "{c}5" top: "{c}6" }}'
    ) + SUM.format(c, f"{c}3", f"{c}6")


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("phase", [TRAIN, TEST])
def test_layers_between_those_that_run_as_one(phase, engine, no_sharing):
    prototxt = INPUT + CONV.format("z", "x") + block("z", "z", "a") + block("a", "a", "b") + (
        LOSS % "b")
    nets = [build(parsed(prototxt), phase, context=Context(seed=5, engines=(engine,)),
                  optimize=True) for build in (Net, no_sharing)]
    assert len(nets[0].walk.fused) == 2 and len(shared(nets[0])) > 5
    watch(nets[0])
    for net in nets:
        feed(net)
    same(*nets, backward=phase == TRAIN)


def test_losses_without_a_name_are_kept():
    early = 'layer { name: "early" type: "EuclideanLoss" bottom: "a" bottom: "t" }\n'
    net = optimized(DEEP.replace(CONV.format("b", "a"), early + CONV.format("b", "a")), TEST)
    loss = net.forward()
    assert net.loss() == loss and len(net.loss_terms[net.layer_names.index("early")]) == 1


def test_values_of_a_test_net_take_turns():
    # b and c are read again far below, and u is what the loss reads, no output
    assert values(optimized(BRANCHES, TEST)) == [
        ["a", "c"], ["b", "s"], ["d", "f", "u"], ["e", "g", "h"]]
    assert not grads(optimized(BRANCHES, TEST))


def test_in_training_only_values_that_no_backward_reads_take_turns():
    assert values(optimized(BRANCHES)) == [["g", "h"]]  # the sums' other operands have ReLUs


def test_a_test_net_holds_no_gradients():
    for optimize in (False, True):
        net = Net(parsed(BRANCHES), TEST, optimize=optimize)
        feed(net)
        net.forward()
        held = {name: blob.grads.memory.nbytes for name, blob in net.blobs.items()}
        assert held.pop("loss") == 4  # where backward would begin
        assert not any(held.values())
        assert not any(p.blob.grads.memory.nbytes for p in net.parameters)


def test_who_shares_cannot_be_looked_at():
    net = optimized(DEEP)
    net.forward()
    net.backward()
    with pytest.raises(ConfigError) as caught:
        net.blobs["c"].diff  # noqa: B018
    assert str(caught.value) == (
        "gradients of blob 'c' are not kept: other blobs use the same memory, since the net was "
        "built with optimize=True. Build the net without optimize=True, where every blob stays "
        "readable.")
    for name in ("x", "c", "loss"):
        assert np.isfinite(net.blobs[name].data).all()
    test = optimized(DEEP, TEST)
    with pytest.raises(ConfigError, match="values of blob 'c' are not kept"):
        test.blobs["c"].data  # noqa: B018


def test_passes_in_pieces():
    whole, pieces = (optimized(BRANCHES, TEST, context=Context(seed=5)) for _ in range(2))
    last = len(whole.layers) - 1
    for cut in (4, 10):
        loss = pieces.forward_range(0, cut) + pieces.forward_range(cut + 1, last)
        assert loss == whole.forward()
    for start in (4, last):  # what e or the loss reads has gone
        with pytest.raises(ConfigError, match="forward cannot begin here"):
            pieces.forward_range(start, last)
    whole, pieces = (optimized(BRANCHES, context=Context(seed=5)) for _ in range(2))
    for net in (whole, pieces):
        net.forward()
    whole.backward()
    pieces.backward_range(last, 6)
    pieces.backward_range(5, 0)
    for one, two in zip(whole.parameters, pieces.parameters, strict=True):
        np.testing.assert_array_equal(one.blob.diff, two.blob.diff)
    with pytest.raises(ConfigError, match="backward cannot begin here"):
        pieces.backward_range(10, 0)


def test_a_test_net_has_no_backward():
    net = optimized(DEEP, TEST)
    net.forward()
    with pytest.raises(ConfigError, match="keeps no values for it"):
        net.backward()
    net = optimized("force_backward: true " + DEEP, TEST)
    net.forward()
    net.backward()
    other = Net(parsed("force_backward: true " + DEEP), TEST)
    feed(other)
    other.share_trained_layers(net)
    other.forward()
    other.backward()
    np.testing.assert_array_equal(net.blobs["x"].diff, other.blobs["x"].diff)


@pytest.mark.parametrize("phase", [TRAIN, TEST])
def test_debug_info_tells_the_same(phase, no_sharing, monkeypatch):
    told = []
    for build in (Net, no_sharing):
        lines: list[tuple] = []
        monkeypatch.setattr(debug.logger, "info", lambda *line, to=lines: to.append(line))
        net = build(parsed("debug_info: true " + BRANCHES), phase, context=Context(seed=5),
                    optimize=True)
        feed(net)
        net.forward()
        if phase == TRAIN:
            net.backward()
        told.append(lines)
    assert told[0] == told[1] and len(told[0]) > 30


class Peek(Layer):
    """Looks at its blobs through Python's door, as layers of other people's making do."""

    def reshape(self, bottom, top):
        top[0].reshape_like(bottom[0])

    def forward(self, bottom, top):
        top[0].data[...] = 2 * bottom[0].data

    def backward(self, top, propagate_down, bottom):
        bottom[0].diff[...] = 2 * top[0].diff


@pytest.mark.parametrize("phase", [TRAIN, TEST])
def test_what_layers_of_others_touch_is_left_alone(phase, monkeypatch, no_sharing):
    registry.discover()  # before its table is copied
    monkeypatch.setattr(registry, "_entries", dict(registry._entries))
    registry.register("Peek")(Peek)
    prototxt = INPUT + CHAIN + 'layer { name: "p" type: "Peek" bottom: "c" top: "p" }\n' + (
        SUM.format("s", "p", "f") + LOSS % "s")
    nets = [build(parsed(prototxt), phase, context=Context(seed=5), optimize=True)
            for build in (Net, no_sharing)]
    for net in nets:
        feed(net)
    same(*nets, backward=phase == TRAIN)
    peek = nets[0].layer_names.index("p")
    looked_at = {memory for blob in nets[0].bottoms[peek] + nets[0].tops[peek]
                 for memory in (blob.values.memory, blob.grads.memory)}
    assert shared(nets[0]) and not looked_at & set(shared(nets[0]))


def test_training_with_sums_of_gradients_and_tests_between(no_sharing, monkeypatch, tmp_path):
    def train(share):
        with monkeypatch.context() as patch:
            if not share:
                patch.setattr(turns, "groups", lambda found: [])
            solver = Solver(caffe_pb2.SolverParameter(
                net_param=parsed(BRANCHES), base_lr=0.01, lr_policy="fixed", momentum=0.9,
                iter_size=2, test_iter=[2], test_interval=2, random_seed=3, max_iter=5,
                snapshot_prefix=str(tmp_path / "s"), snapshot_after_train=False,
            ), optimize=True)
        for net in (solver.net, *solver.test_nets):
            feed(net)
        assert bool(shared(solver.net)) == bool(shared(solver.test_nets[0])) == share
        solver.solve()
        return [solver.smoothed_loss, *(p.blob.data.copy() for p in solver.net.parameters)]

    for one, two in zip(train(True), train(False), strict=True):
        np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("engine", ENGINES)
def test_layers_say_truly_what_their_backward_reads(engine):
    """Every recorded case of every layer, in training."""

    class Noting(SyncedMemory):
        __slots__ = ()

        def read(self, place, shape):
            seen.add(self)
            return super().read(place, shape)

    seen: set[SyncedMemory] = set()
    for name in case_names():
        with np.load(REFERENCE / "layers" / f"{name}.npz") as file:
            case = dict(file)
        del case["phase"]
        net = Net(parsed(str(case.pop("prototxt"))), TRAIN,
                  context=Context(seed=SEED, engines=(engine,)))
        for key, value in case.items():
            kind, owner, *index = key.split("/")
            if kind in ("param", "bottom"):
                blob = net.params[owner][int(index[0])] if index else net.blobs[owner]
                blob.data[...] = value
        net.forward()
        memories = {blob.values.memory for blob in net.blobs.values()}
        for memory in memories:
            memory.__class__ = Noting
        seen.clear()
        net.backward()
        parameters = {p.blob.values.memory for p in net.parameters}
        assert seen - parameters <= turns.kept(net, ()), name
