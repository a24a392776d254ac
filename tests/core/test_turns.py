"""Blobs that take turns in one room: which, for how long, and what is said to who looks."""

import numpy as np
import pytest
from support import ENGINES, REFERENCE, SEED, case_names
from turning import (
    BRANCHES,
    CONV,
    DEEP,
    INPUT,
    LOSS,
    SUM,
    TEST,
    TRAIN,
    feed,
    optimized,
    parsed,
)

from caffepy.core import turns
from caffepy.core.context import Context
from caffepy.core.lodging import Lodging
from caffepy.core.memory import Place, SyncedMemory
from caffepy.core.net import Net
from caffepy.errors import ConfigError


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
                      for group in getattr(net.executor.turns, groups))

    return names


values, grads = who("values", "values"), who("grads", "grads")


def test_a_chain_needs_two_lodgings_for_its_gradients():
    net = optimized(DEEP, context=Context(engines=("reference",)))
    assert grads(net) == [["a", "c", "e"], ["b", "d", "f"]]  # inputs' are not wanted here
    net.forward()
    net.backward()
    size = net.blobs["a"].count * 4
    assert sum(lodging.nbytes for lodging in net.executor.turns.lodgings) == 2 * size


def test_a_lodging_grows_with_its_lodgers():
    small, large = SyncedMemory(2), SyncedMemory(8)
    shared = Lodging([(small, "values of blob 'a'"), (large, "values of blob 'b'")])
    first = small.overwrite(Place.HOST, (2,))
    assert np.shares_memory(first, large.overwrite(Place.HOST, (2, 4)))
    assert shared.nbytes == 32
    large.resize(100)
    again = large.overwrite(Place.HOST, (100,))
    assert np.shares_memory(small.overwrite(Place.HOST, (2,)), again)
    assert not np.shares_memory(first, again)
    again[...] = 3
    # another order at the same time is another piece
    np.testing.assert_array_equal(large.read(Place.HOST_LAST, (1, 10, 2, 5)), 3)
    assert shared.nbytes == 800


def test_losses_without_a_name_are_kept():
    early = 'layer { name: "early" type: "EuclideanLoss" bottom: "a" bottom: "t" }\n'
    net = optimized(DEEP.replace(CONV.format("b", "a"), early + CONV.format("b", "a")), TEST)
    loss = net.forward()
    assert net.loss() == loss and len(net.nodes[net.layer_names.index("early")].loss_terms) == 1


def test_values_of_a_test_net_take_turns():
    # b and c are read again far below, and u is what the loss reads, no output
    reference = Context(engines=("reference",))
    assert values(optimized(BRANCHES, TEST, context=reference)) == [
        ["a", "c"], ["b", "s"], ["d", "f", "u"], ["e", "g", "h"]]
    assert not grads(optimized(BRANCHES, TEST))


@pytest.mark.skipif("onednn" not in ENGINES, reason="only oneDNN's kernels add in place")
def test_a_sum_lies_where_a_term_lay_that_nobody_wants_any_more():
    net = optimized(BRANCHES, TEST)
    assert values(net) == [["a", "c", "u"], ["d", "f", "s"], ["e", "g", "h"]]
    net.forward()
    for term, result in (("f", "s"), ("c", "u")):
        one, other = (net.blobs[name].values.memory.array_in(Place.HOST_LAST)
                      for name in (term, result))
        assert one.ctypes.data == other.ctypes.data
    b, g, s = CONV.format("b", "x"), CONV.format("g", "x"), SUM.format("s", "g", "b")
    for body in (
        b + g + s + CONV.format("h", "s") + SUM.format("u", "h", "b") + LOSS % "u",  # b once more
        b + CONV.format("g", "b") + s + CONV.format("h", "s") + LOSS % "h",  # g looks around in b
    ):
        net = optimized(INPUT + body, TEST)
        assert not any({"b", "s"} <= {*group} for group in values(net))


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
    for start in (12, last):  # what e's ReLU or the loss reads has gone
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
