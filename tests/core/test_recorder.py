"""Passes of a net on a GPU: what is recorded, when it is replayed, and when it is not."""

import gc

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from recorded_passes import BODY, LOSS, TEST, WARM, build, equal, feed, step

from caffepy.core.layer import Layer
from caffepy.core.memory import Place
from caffepy.core.registry import register
from caffepy.errors import DataError


def test_after_some_passes_each_is_one_graph(launched, eager):
    net, other = build(), eager()
    for seed in range(WARM):
        equal(step(net, seed), step(other, seed))
    assert not launched
    for seed in range(WARM, WARM + 4):
        del launched[:]
        equal(step(net, seed), step(other, seed))
        assert len(launched) == 2, "one forward, one backward"
    assert net.layer("drop").position == other.layer("drop").position == WARM + 4
    for a, b in zip(net.params["bn"], other.params["bn"], strict=True):
        assert_array_equal(a.data, b.data)


def test_gradients_may_be_overwritten_or_added_to(launched, eager):
    net, other = build(), eager()
    for seed in range(WARM + 6):
        accumulate = seed % 3 != 0  # as with iter_size: 3
        equal(step(net, seed, accumulate), step(other, seed, accumulate))
    assert launched
    assert len(net.executor._backward.recordings) == 2


def test_recorded_work_keeps_its_temporaries_from_others(fake_gpu, eager):
    net, other = build(), eager()
    for seed in range(WARM + 1):
        equal(step(net, seed), step(other, seed))
    with net.context.computing():  # whoever allocates now must not get what a replay writes to
        held = [fake_gpu.full(2**power, 7, np.float32) for power in range(4, 14) for _ in range(9)]
    equal(step(net, 99), step(other, 99))
    assert all((array.get() == 7).all() for array in held)


def test_a_layer_that_cannot_be_recorded_runs_by_itself(launched, eager, caplog, monkeypatch):
    @register("TestCounting")
    class Counting(Layer):
        recordable = True
        on_host = False
        runs = 0

        def reshape(self, bottom, top):
            top[0].reshape_like(bottom[0])

        def forward(self, bottom, top):
            type(self).runs += 1
            x = self.read(bottom[0].values)
            self.overwrite(top[0].values)[...] = x * float(x.max() > 0)  # asks the device

        def backward(self, top, propagate_down, bottom):
            self.overwrite(bottom[0].grads)[...] = self.read(top[0].grads)

    try:
        parts = BODY.replace('bottom: "n" top: "b"', 'bottom: "m" top: "b"').replace(
            'layer { name: "conv2"',
            'layer { name: "odd" type: "TestCounting" bottom: "n" top: "m" } layer { name: "conv2"')
        net, other = build(parts), eager(parts)
        caplog.set_level("INFO", "caffepy")
        for seed in range(WARM + 3):
            del launched[:]
            Counting.runs = 0
            equal(step(net, seed), step(other, seed))
        assert len(launched) == 4, "on both sides of it, there and back"
        assert Counting.runs == 2, "once in each net"
        assert ("Forward of net 'n' (net): 13 layers run from CUDA graphs (2), 1 by themselves"
                in caplog.messages)
        assert any("'odd' (TestCounting) runs by itself: " in line for line in caplog.messages)
    finally:
        from caffepy.core import registry

        registry._entries.pop("TestCounting", None)


def test_a_python_layer_in_between(launched, eager, tmp_path, monkeypatch):
    (tmp_path / "doubling_layer.py").write_text(
        "import caffepy as caffe\n"
        "class Doubling(caffe.Layer):\n"
        "    def setup(self, bottom, top): pass\n"
        "    def reshape(self, bottom, top): top[0].reshape(*bottom[0].data.shape)\n"
        "    def forward(self, bottom, top): top[0].data[...] = 2 * bottom[0].data\n"
        "    def backward(self, top, down, bottom): bottom[0].diff[...] = 2 * top[0].diff\n")
    monkeypatch.syspath_prepend(tmp_path)
    body = BODY + ('layer { name: "py" type: "Python" bottom: "ip" top: "py" python_param {'
                   ' module: "doubling_layer" layer: "Doubling" } }')
    loss = LOSS.replace('"ip"', '"py"')
    net, other = build(body, loss=loss), eager(body, loss=loss)
    assert net.layer("py").context.place is Place.HOST
    for seed in range(WARM + 3):
        del launched[:]
        equal(step(net, seed), step(other, seed))
    assert len(launched) == 4, "on both sides of it, there and back"


def test_who_looks_between_two_layers_turns_replays_off(launched, eager):
    net, other = build(), eager()
    for seed in range(WARM + 2):
        equal(step(net, seed), step(other, seed))
    seen = []
    net.after_forward.append(seen.append)
    del launched[:]
    equal(step(net, 50), step(other, 50))
    assert seen == list(range(len(net.layers))) and not launched
    net.after_forward.clear()
    equal(step(net, 51), step(other, 51))
    assert launched
    net.set_debug_info(True)
    del launched[:]
    equal(step(net, 52), step(other, 52))
    assert not launched


def test_backward_by_the_layers_may_follow_a_replayed_forward(launched, eager):
    net, other = build(), eager()
    for seed in range(WARM + 2):
        equal(step(net, seed), step(other, seed))
    net.before_backward.append(lambda i: None)
    for seed in range(60, 63):
        del launched[:]
        equal(step(net, seed), step(other, seed))
        assert len(launched) == 1, "forward alone"


def test_other_shapes_are_recorded_anew(launched, eager):
    net, other = build(), eager()
    for size in (4, 2, 4):
        for each in (net, other):
            each.blobs["x"].reshape(size, 3, 8, 8)
            each.blobs["y"].reshape(size)
        for seed in range(WARM + 2):
            for each in (net, other):
                draw = np.random.default_rng(seed)
                each.blobs["x"].data[...] = draw.standard_normal((size, 3, 8, 8))
                each.blobs["y"].data[...] = draw.integers(5, size=size)
            losses = [each.forward() for each in (net, other)]
            assert losses[0] == losses[1]
            for each in (net, other):
                each.clear_param_diffs()
                each.backward()
            equal([p.blob.diff for p in net.parameters], [p.blob.diff for p in other.parameters])
        assert launched
        del launched[:]


@pytest.mark.parametrize("layout", ["nhwc", "nchw"])
def test_a_test_net_sees_new_weights_and_statistics(launched, eager, layout, monkeypatch):
    monkeypatch.setenv("CAFFEPY_GPU_LAYOUT", layout)
    train, net, other = build(), build(phase=TEST), eager(phase=TEST)
    for round_ in range(3):
        for parameter in train.parameters:
            parameter.blob.data[...] += 0.1 * round_
        for each in (net, other):
            each.share_trained_layers(train)
        for seed in range(WARM + 1):
            del launched[:]
            for each in (net, other):
                feed(each, seed)
            assert net.forward() == other.forward()
            assert_array_equal(net.blobs["ip"].data, other.blobs["ip"].data)
    assert len(launched) == 1


def test_values_written_between_passes_count(launched, eager):
    net, other = build(), eager()
    kept = [each.blobs["loss"].diff for each in (net, other)]  # the weight of the loss
    for seed in range(WARM + 6):
        if seed == WARM + 2:
            for each in (net, other):
                each.params["conv"][0].data[...] *= 0.5
                each.params["conv"][0].diff[...] = 3  # and then cleared
        if seed == WARM + 4:
            for diff in kept:
                diff[...] = 2.5
        equal(step(net, seed), step(other, seed))
    assert launched


def test_a_counter_that_jumps_between_passes_counts(launched, eager):
    net, other = build(), eager()
    for seed in range(WARM + 6):
        if seed == WARM + 2:  # as when a snapshot is restored
            for each in (net, other):
                each.layer("drop").position = 1000
        equal(step(net, seed), step(other, seed))
    assert len(launched) == 2 * 6


def test_parameters_that_move_are_recorded_anew(launched, eager):
    net, other = build(), eager()
    for seed in range(WARM + 6):
        if seed == WARM + 2:
            assert net.arena.count
        equal(step(net, seed), step(other, seed))


def test_a_gradient_that_was_zero_when_recorded_counts_once_it_is_not(launched, eager):
    body = BODY + ('layer { name: "ip2" type: "InnerProduct" bottom: "s" top: "side" '
                   'inner_product_param { num_output: 2 weight_filler { type: "xavier" } } }')
    net, other = build(body), eager(body)
    aside = "s_drop_0_split_1"
    assert aside in net.blobs
    for seed in range(WARM + 4):
        if seed == WARM + 2:
            for each in (net, other):
                each.blobs[aside].diff[...] = 0.25
        equal(step(net, seed), step(other, seed))
    assert launched


def test_a_bad_label_is_told_after_a_replay(launched):
    net = build()
    for seed in range(WARM + 2):
        step(net, seed)
    feed(net, 0)
    net.blobs["y"].data[2] = 7
    with pytest.raises(DataError, match="label of item 2"):
        net.forward()
    equal(step(net, 1)[:1], [net.loss()])


def test_parts_of_a_pass_and_a_net_that_ends(launched, eager):
    net, other = build(), eager()
    for seed in range(WARM + 2):
        equal(step(net, seed), step(other, seed))
    for each in (net, other):
        feed(each, 7)
    assert net.forward_range(0, len(net.layers) - 1) == other.forward()
    for each in (net, other):
        each.clear_param_diffs()
        each.backward()
    equal([p.blob.diff for p in net.parameters], [p.blob.diff for p in other.parameters])
    equal(step(net, 8), step(other, 8))
    memory = net.blobs["a"].values.memory
    gc.collect()
    gc.disable()
    try:
        memories = net.context.mover.memories
        count = len(memories)
        del net
        assert len(memories) < count, "a net that is dropped lets go of its memory at once"
    finally:
        gc.enable()
        del memory


def test_backward_may_be_cut_where_somebody_takes_gradients_away(launched, eager):
    net, other = build(), eager()
    at = net.layer_names.index("conv2")
    net.executor.cut_behind([at])
    done = []
    for seed in range(WARM + 2):
        del done[:], launched[:]
        ours = step(net, seed, layer_done=lambda i: done.append((i, len(launched))))
        equal(ours, step(other, seed))
    assert [i for i, _ in done] == sorted((i for i, _ in done), reverse=True)
    assert dict(done)[at] == 2 and done[-1][1] == 3, "after the first of backward's two graphs"


def test_the_switch(launched, monkeypatch):
    monkeypatch.setenv("CAFFEPY_GRAPHS", "0")
    net = build()
    for seed in range(WARM + 2):
        step(net, seed)
    assert not launched


def test_reference_kernels_run_by_themselves_where_cupy_cannot_be_recorded(launched, eager):
    net, other = build(engines=("reference",)), eager(engines=("reference",))
    for seed in range(WARM + 3):
        del launched[:]
        equal(step(net, seed), step(other, seed))
    assert launched
    refused = {net.layers[i].name for i in net.executor.refused}
    assert {"conv", "conv2", "ip"} <= refused, "matrix products go to cuBLAS by CuPy"


NORMALIZED = """
layer { name: "ip0" type: "InnerProduct" bottom: "x" top: "a" inner_product_param {
        num_output: 5 weight_filler { type: "xavier" } } }
layer { name: "bn" type: "BatchNorm" bottom: "a" top: "ip" }
"""


@pytest.mark.parametrize("some", [
    lambda net: net.forward_range(0, 3), lambda net: net.forward_layer(2)], ids=["range", "layer"])
def test_layers_that_run_by_themselves_end_recordings(gpu, eager, some):
    """What they keep for backward is then where no recording has it."""
    nets = build(NORMALIZED), eager(NORMALIZED)
    for seed in range(WARM + 3):
        equal(*(step(net, seed) for net in nets))
    assert nets[0].executor._forward.recordings
    for net in nets:
        feed(net, 77)
        some(net)
    found = []
    for net in nets:
        feed(net, 9)
        net.clear_param_diffs()
        loss = net.forward()
        net.backward_range(len(net.layers) - 1, 0)
        found.append([loss, *(p.blob.diff.copy() for p in net.parameters)])
    equal(*found)
    for seed in (20, 21):
        equal(*(step(net, seed, accumulate=True) for net in nets))


@pytest.mark.parametrize("refuses", [False, True])
def test_no_garbage_is_collected_while_work_is_recorded(gpu, monkeypatch, refuses):
    net, seen = build(NORMALIZED), []
    stream = net.context.accelerator.stream
    begin = type(stream).begin_capture

    def begin_capture(*args):
        seen.append(gc.isenabled())
        if refuses:
            raise RuntimeError("another capture is under way")
        return begin(*args)

    monkeypatch.setattr(type(stream), "begin_capture", begin_capture)
    for seed in range(WARM + 2):
        step(net, seed)
    assert seen and not any(seen)
    assert gc.isenabled()
