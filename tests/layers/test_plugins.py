"""Packages that bring layer types of their own, through the entry point group caffepy.layers."""

import sys

import numpy as np
import pytest

from caffepy.core import registry
from caffepy.core.net import Net
from caffepy.errors import ConfigError
from caffepy.proto import caffe_pb2, text

MODULE = '''
"""Twice: y = 2 x."""
from caffepy.core.layer import Layer
from caffepy.core.registry import register

@register("Twice", aliases=("Double",))
class Twice(Layer):
    keeps = ()
    def reshape(self, bottom, top):
        top[0].reshape_like(bottom[0])
    def forward(self, bottom, top):
        self.overwrite(top[0].values)[...] = 2 * self.read(bottom[0].values)
    def backward(self, top, propagate_down, bottom):
        self.overwrite(bottom[0].grads)[...] = 2 * self.read(top[0].grads)
'''
NET = """layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 } } }
layer { name: "y" type: "%s" bottom: "x" top: "y" }"""


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Lays a package out as pip does, and has the registry look around anew."""
    registry.discover()  # before its table is copied
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(registry, "_entries", dict(registry._entries))
    monkeypatch.setattr(registry, "_sought", set())

    def put(module, content):
        (tmp_path / f"{module}.py").write_text(content)
        info = tmp_path / f"{module}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[caffepy.layers]\nmine = {module}\n")
        monkeypatch.setattr(registry, "_discovered", False)
        registry._plug_ins.cache_clear()

    yield put
    registry._plug_ins.cache_clear()
    for module in ("twice_plugin", "broken_plugin", "other_plugin"):
        sys.modules.pop(module, None)


def net(type):
    param = caffe_pb2.NetParameter()
    text.parse(NET % type, param)
    return Net(param, caffe_pb2.TEST)


@pytest.mark.parametrize("type", ["Twice", "Double"])
def test_a_net_of_a_plugins_layer(install, type):
    with pytest.raises(ConfigError, match=f"Unknown layer type: {type}"):
        net(type)
    install("twice_plugin", MODULE)
    built = net(type)
    built.blobs["x"].data[...] = 3
    built.forward()
    np.testing.assert_array_equal(built.blobs["y"].data, np.full((2, 3), 6))
    assert "Twice" in registry.types() and "Double" not in registry.types()


def test_two_that_claim_one_name(install):
    install("twice_plugin", MODULE.replace('"Twice"', '"ReLU"'))
    with pytest.raises(ConfigError, match="the layer type ReLU is registered twice .found "
                       "caffepy.layers.neuron.relu and twice_plugin") as caught:
        net("Twice")
    assert caught.value.where.endswith("plug-in mine of package twice_plugin")


def test_one_that_does_not_load_is_named_each_time(install):
    install("broken_plugin", "import there_is_no_such_thing")
    for _ in range(2):
        with pytest.raises(ConfigError, match="plug-in mine of package broken_plugin: it cannot be "
                           "loaded: ModuleNotFoundError: No module named 'there_is_no_such"):
            net("ReLU")


WIDENS = MODULE.replace("keeps = ()", "keeps = ()\n    shapes = 0").replace(
    "top[0].reshape_like(bottom[0])",
    "top[0].reshape_like(bottom[0]); self.shapes += 1\n"
    "        if self.shapes > 1: self.keeps = ('bottom',)")


@pytest.mark.parametrize("optimize", [False, True])
def test_backward_may_not_begin_to_read_more(install, optimize):
    """What it does not keep when the net is built may lie in shared memory by then."""
    install("twice_plugin", WIDENS)
    param = caffe_pb2.NetParameter()
    text.parse(NET % "Twice", param)
    net = Net(param, caffe_pb2.TRAIN, optimize=optimize)
    net.forward()
    net.blobs["x"].reshape(4, 3)
    with pytest.raises(ConfigError, match=r"layer 'y' \(Twice\).*begins to read.*keeps \('bottom"):
        net.forward()


OTHER = '''
"""Twice of another fork: y = 2 x + 1, where a bias is written."""
from caffepy.core.registry import register
import twice_plugin

@register("Twice", dialect="ssd", param="power_param")
class Other(twice_plugin.Twice):
    %s
    def forward(self, bottom, top):
        self.overwrite(top[0].values)[...] = 2 * self.read(bottom[0].values) + 1
'''
SPEAKS = "speaks = classmethod(lambda cls, spec: spec.HasField('power_param'))"


def test_two_dialects_may_use_one_name_if_words_tell_them_apart(install):
    install("twice_plugin", MODULE)
    install("other_plugin", OTHER % SPEAKS)
    for words, expected in (("", 2), ("power_param { shift: 1 }", 3)):
        param = caffe_pb2.NetParameter()
        text.parse((NET % "Twice").replace('top: "y"', f'top: "y" {words}'), param)
        twice = Net(param, caffe_pb2.TEST)
        twice.blobs["x"].data[...] = 1
        twice.forward()
        assert (twice.blobs["y"].data == expected).all()
    found = [entry for entry in registry.entries() if entry.type == "Twice"]
    assert {entry.dialect for entry in found} == {"plug-in", "ssd"}
    assert registry.types().count("Twice") == 1 and registry.get("Twice").dialect == "plug-in"


def test_nothing_tells_two_dialects_apart(install):
    install("twice_plugin", MODULE)
    install("other_plugin", OTHER % "pass")
    with pytest.raises(ConfigError, match="Twice is registered twice"):
        registry.get("Twice")
