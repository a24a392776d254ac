"""What comes behind backward on a GPU, such as an update: recorded with it where it can be."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from recorded_passes import WARM, build, feed, step


class Step:
    """A sequel that takes gradients times a rate from weights, as a solver would."""

    recordable, why_not, kind, position = True, "", 1, 0

    def __init__(self, net):
        self.blobs = [p.blob for p in net.parameters]
        self.place = net.context.place
        self.rate = net.context.xp.zeros(1, np.float32)
        self.now = 0

    @property
    def tensors(self):
        return [tensor for blob in self.blobs for tensor in (blob.values, blob.grads)]

    def before_replay(self):
        self.rate.fill(0.01 * self.now)

    def forward(self):
        for blob in self.blobs:
            weights = blob.values.write(self.place)
            weights -= self.rate * blob.grads.write(self.place)


@pytest.mark.parametrize("kind", [1, 2])
def test_what_comes_behind_backward_is_recorded_with_it(launched, eager, kind):
    nets = build(), eager()
    steps = []
    for net in nets:
        with net.context.computing():
            steps.append(Step(net))
    for seed in range(WARM + 5):
        del launched[:]
        for net, sequel in zip(nets, steps, strict=True):
            sequel.kind, sequel.now = kind if seed > WARM + 2 else 1, 1 + seed
            feed(net, seed)
            net.forward()
            net.clear_param_diffs()
            with net.public_call():
                net.launch_backward(sequel)
        for a, b in zip(*(each.blobs for each in steps), strict=True):
            assert_array_equal(a.data, b.data)
            assert_array_equal(a.diff, b.diff)
        assert len(launched) == (2 if seed >= WARM else 0)
    assert len(nets[0].executor._backward.recordings) == kind


def test_a_sequel_warms_up_before_it_is_recorded(launched):
    net = build()
    with net.context.computing():
        sequel = Step(net)
    for seed in range(WARM + 3):
        step(net, seed)
    found = []
    for seed in range(2):
        feed(net, seed)
        net.forward()
        net.clear_param_diffs()
        del launched[:]
        with net.public_call():
            net.launch_backward(sequel)
        found.append(len(launched))
    assert found == [0, 1]


def test_a_sequel_that_cannot_be_recorded_runs_by_itself(launched, caplog):
    net = build()
    with net.context.computing():
        sequel = Step(net)
    sequel.recordable, sequel.why_not = False, "it is shy"
    caplog.set_level("INFO", "caffepy")
    for seed in range(WARM + 2):
        sequel.now = seed
        feed(net, seed)
        net.forward()
        before = net.params["ip"][0].data.copy()
        with net.public_call():
            net.launch_backward(sequel)
        assert np.array_equal(net.params["ip"][0].data, before) == (not seed), "the rate is 0"
    assert caplog.messages.count("    The update runs by itself: it is shy") == 1
