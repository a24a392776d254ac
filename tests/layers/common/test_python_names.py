"""Python layers: every name but the contract's is the user's own."""

import sys
import types

import numpy as np
import pytest
from python_layers import INPUT, line, net_of

import caffepy
from caffepy.checks import batches


class Anything:
    """What a user's attribute may be: of no use to a net that takes it for its own."""

    def __bool__(self):
        raise AssertionError("the net looked at a name of the user's")


OWN_METHODS = {"setup", "reshape", "forward", "backward"}  # of the contract
NAMES = sorted(name for name in dir(caffepy.Layer) if not name.startswith("__")
         and name not in {*OWN_METHODS, "blobs", "type"} and "__" not in name) + [
    "spec", "p", "name", "phase", "context", "dtype", "where", "stream", "half", "position",
    "_plans", "param_propagate_down", "param_str", "instance", "user_class", "source", "total",
    "records", "given"]


class Times(caffepy.Layer):
    def setup(self, bottom, top):
        self.blobs.add_blob(1)
        self.blobs[0].data[...] = 3
        for name, value in self.names.items():
            setattr(self, name, value)

    def reshape(self, bottom, top):
        top[0].reshape(*bottom[0].shape)

    def forward(self, bottom, top):
        top[0].data[...] = self.blobs[0].data * bottom[0].data

    def backward(self, top, propagate_down, bottom):
        self.blobs[0].diff[...] += (bottom[0].data * top[0].diff).sum()


@pytest.mark.parametrize("how", ["attribute", "class attribute", "property", "method"])
@pytest.mark.parametrize("name", NAMES)
def test_every_name_but_the_contracts_is_the_users(name, how, monkeypatch):
    """Whatever name our Layer has, a layer written for pycaffe may have taken it for its own."""
    value = {"attribute": Anything(), "class attribute": Anything(), "method": lambda self, x: x,
             "property": property(lambda self: Anything())}[how]
    module = types.ModuleType("taken")
    module.Mine = type("Mine", (Times,), {"names": {name: value}} if how == "attribute" else
                       {"names": {}, name: value})
    monkeypatch.setitem(sys.modules, "taken", module)
    net = net_of(INPUT, 'name: "p" bottom: "x" top: "y" type: "Python" '
                        'python_param { module: "taken" layer: "Mine" }',
                 'name: "loss" type: "Reduction" bottom: "y" top: "loss" loss_weight: 1')
    net.blobs["x"].data[...] = 1
    assert net.forward() == 3 * 300
    net.backward()
    assert net.layers[1].blobs[0].diff == 300 and batches.records(net.layers[1]) is None
    if how == "attribute":
        assert getattr(net.layers[1].instance, name) is value
    net.close()


def test_class_attributes_mean_something_to_a_class_that_counts_its_blobs(user_layers):
    module = sys.modules.get("user_layers") or __import__("user_layers")

    class Taken(module.Scaled):  # as in a data layer for pycaffe: classes, a flag, a file
        labels, loss, tops, inplace = (0, 1), True, "train.txt", False

    class TakenToo(module.Scaled):
        labels, loss, keeps = (0, 1), True, ("top",)

    module.Taken, module.TakenToo = Taken, TakenToo
    layer = net_of(INPUT, 'name: "p" bottom: "x" ' + line("TakenToo", "2")).layers[1]
    assert (layer.labels, layer.loss, layer.keeps) == ((), False, ())
    layer = net_of(INPUT, 'name: "p" bottom: "x" ' + line("Taken", "2")).layers[1]
    assert (layer.labels, layer.loss, layer.tops, layer.inplace) == ((), False, "0+", True)


def test_an_init_that_calls_layers_own_by_name(user_layers):
    module = sys.modules.get("user_layers") or __import__("user_layers")

    class ByName(module.Scaled):
        def __init__(self, param):
            caffepy.Layer.__init__(self, param)
            self.heard = param.name

    module.ByName = ByName
    layer = net_of(INPUT, 'name: "p" bottom: "x" ' + line("ByName", "2")).layers[1]
    assert type(layer.instance) is ByName and layer.instance.heard == "p"
    with pytest.raises(TypeError, match="made by a net"):
        module.Scaled(layer.spec)


def test_a_parameter_is_written_into_not_replaced(user_layers):
    net = net_of(INPUT, 'name: "p" bottom: "x" ' + line("Affine", "2"))
    with pytest.raises(TypeError, match=r"Write blobs\[0\]\.data\[\.\.\.\] = array"):
        net.layers[1].instance.blobs[0] = np.ones((2, 75))
    net.layers[1].blobs[1].data += 1
    assert (net.layers[1].blobs[1].data == 1).all()
