"""What a plug-in's class declares counts as that of a built-in type does."""

import pytest

from caffepy.core import registry
from caffepy.core.layer import Layer
from caffepy.services import checking, deploying

NET = """
layer { name: "data" type: "DummyData" top: "data" top: "label"
  dummy_data_param { shape { dim: 4 dim: 3 } shape { dim: 4 dim: 2 }
    data_filler { type: "gaussian" std: 1 } } }
layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
  inner_product_param { num_output: 2 weight_filler { type: "xavier" } } }
layer { name: "even" type: "Evened" bottom: "ip" top: "even" }
layer { name: "said" type: "Told" bottom: "even" bottom: "label" top: "said" }
layer { name: "loss" type: "Difference" bottom: "even" bottom: "label" top: "loss" }
"""


class Same(Layer):
    def reshape(self, bottom, top):
        for y in top:
            y.reshape_like(bottom[0])

    def forward(self, bottom, top):
        for y in top:
            y.data[...] = bottom[0].data

    def backward(self, top, propagate_down, bottom):
        bottom[0].diff[...] = top[0].diff if top else 0


class Evened(Same):
    normalizes = True


class Told(Same):
    bottoms, tops = "2", "0-1"
    only_in_training = scores = True


class Difference(Layer):
    bottoms = "2"
    loss = True
    head = "Sigmoid"
    labels = (1,)

    def reshape(self, bottom, top):
        top[0].reshape(())

    def backward(self, top, propagate_down, bottom):
        bottom[0].diff[...] = top[0].diff * (bottom[0].data - bottom[1].data)


@pytest.fixture(autouse=True)
def net(tmp_path, monkeypatch):
    registry.entries()  # the built-in ones, which stay
    monkeypatch.setattr(registry, "_entries", dict(registry._entries))
    for cls in (Evened, Told, Difference):
        registry.register(cls.__name__, param=None)(cls)
    path = tmp_path / "net.prototxt"
    path.write_text(NET)
    return str(path)


def test_a_net_for_use(net):
    made, _ = deploying.deploy(net, batch=1, input_shape=[3])
    assert [(layer.type, list(layer.top)) for layer in made.layer] == [
        ("Input", ["data"]), ("InnerProduct", ["ip"]), ("Evened", ["even"]),
        ("Sigmoid", ["prob"])]


def test_traps(net):
    (sentence,) = (text for text in checking.check(net, "TRAIN").suspicious
                   if "followed by a Scale" in text)
    assert sentence.startswith("Evened layer even is not followed by a Scale layer")
