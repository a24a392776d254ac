"""Plug-ins of one run: Python files that register layer types."""

import sys

import numpy as np
import plugin_files
import pytest

import caffepy
from caffepy.core import plugins, registry, upgrade
from caffepy.core.net import Net
from caffepy.core.plugins import load_plugin
from caffepy.errors import CaffeError, ConfigError, NotFound
from caffepy.proto import caffe_pb2
from caffepy.testing import build, check_gradient

pytestmark = pytest.mark.usefixtures("own_plugins")
LINE = 'type: "Wave" wave_param { frequency: 3 }'


@pytest.fixture
def wave(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return plugin_files.write(tmp_path)


def plugin(folder, content, name="own.py"):
    (folder / name).write_text(content)
    return folder / name


def test_a_layer_with_words_of_its_own(wave):
    module = caffepy.load_plugin(wave)
    assert module.Wave.foreign and registry.get("Wave").dialect == registry.PLUG_IN
    x = np.linspace(-1, 1, 6).reshape(2, 3)
    layer, bottom, top = build(LINE, x)
    layer.forward(bottom, top)
    np.testing.assert_allclose(top[0].data, np.sin(3 * x), rtol=1e-6)
    check_gradient(LINE, (2, 3))
    assert build('type: "Wave"', x)[0].unknown == {}


def test_a_net_of_it_learns(wave):
    with pytest.raises(ConfigError, match="Unknown layer type: Wave, with wave_param"):
        Net("waves.prototxt", caffe_pb2.TRAIN)
    load_plugin("wave.py")
    solver = caffepy.SGDSolver("solver.prototxt")
    layer = solver.net.layer_dict["wave"]
    assert layer.blobs[0].data == [2] and layer.unknown["wave_param"].text == (
        "frequency: 0.5\nstart: 2\n")
    losses = []
    for _ in range(4):
        solver.step(1)
        losses.append(float(solver.net.blobs["loss"].data))
    assert np.isfinite(losses).all() and layer.blobs[0].data != [2]
    solver.net.save("waves.caffemodel")
    again = caffepy.Net("waves.prototxt", "waves.caffemodel", caffepy.TEST)
    assert again.params["wave"][0].data == layer.blobs[0].data
    kept = upgrade.read_net_param_binary("waves.caffemodel")
    assert [word.text for layer in kept.layer for word in layer.unknown_word] == [
        "wave_param {\n  frequency: 0.5\n  start: 2\n}\n"]


def test_a_net_written_in_python_may_have_its_words(wave):
    n = caffepy.NetSpec()
    n.x = caffepy.layers.Input(shape=dict(dim=[2]))
    with pytest.raises(ConfigError, match="there is no setting size"):
        n.nope = caffepy.layers.Waves(n.x, size=3)
        n.to_proto()
    load_plugin(wave)
    given = {"frequency": 0.5, "start": np.float64(3), "names": ["a'\n", "é"], "deep": {"no": True},
             "sizes": np.arange(2), "none": []}
    del n.tops["nope"]
    n.wave = caffepy.layers.Wave(n.x, wave_param=given, size=3)
    wave.with_name("spec.prototxt").write_text(str(n.to_proto()))
    layer = Net("spec.prototxt", caffe_pb2.TEST).layer("wave")
    assert layer.unknown == {"size": 3, "wave_param": {
        "frequency": 0.5, "start": 3.0, "names": ["a'\n", "é"], "deep": {"no": True},
        "sizes": [0, 1]}}
    n.wave = caffepy.layers.Wave(n.x, size=object())
    with pytest.raises(ConfigError, match="prototxt has no such value for size"):
        n.to_proto()


def test_the_old_format_may_use_its_old_name(wave):
    load_plugin(wave)
    wave.with_name("old.prototxt").write_text(
        'input: "x" input_shape { dim: 2 } layers { name: "w" type: WAVE bottom: "x" top: "w" '
        "wave_param { start: 3 } }")
    net = Net("old.prototxt", caffe_pb2.TEST)
    assert net.layer("w").type == "Wave" and net.layer("w").blobs[0].data == [3]


def test_it_is_loaded_once_and_anew_when_it_has_changed(wave):
    first = load_plugin(wave)
    assert load_plugin(wave.parent / "." / "wave.py") is first
    plugin(wave.parent, plugin_files.WAVE.replace('"Wave"', '"Tide"'), "wave.py")
    assert load_plugin(wave) is not first
    assert registry.known("Tide") and not registry.known("Wave")
    assert plugins.loaded() == [str(wave)]
    (wave.parent / "more").mkdir()
    other = plugin(wave.parent / "more", plugin_files.WAVE, "wave.py")  # of the same name
    assert load_plugin(other).__name__ != sys.modules[first.__name__].__name__
    assert registry.known("Tide") and registry.known("Wave")


FAILS = """import os

def deep():
    return nothing

deep()
"""


@pytest.mark.parametrize(("content", "said"), [
    (FAILS, 'own.py:4: the plug-in fails: NameError: name \'nothing\' is not defined\n  File '
            '"{path}", line 6, in <module>\n    deep()\n  File "{path}", line 4, in deep\n'
            "    return nothing\n"),
    ("x = )\n", "own.py:1: the plug-in fails: SyntaxError: unmatched ')'\n  File \"{path}\""),
    ("import sys\nsys.exit(3)", "own.py:2: the plug-in fails: SystemExit: 3\n"),
    ("x = 1", "own.py: the plug-in registers no layer type. Write @register("),
    (plugin_files.WAVE.replace('"Wave"', '"Sigmoid"'),
     "plug-in own.py:8: the layer type Sigmoid is registered twice (found "
     "caffepy.layers.neuron.sigmoid and {path}). Rename one of them."),
    (plugin_files.WAVE.replace('v1="WAVE"', 'param="wave_param"'),
     "plug-in own.py:8: the layer type Wave asks for a message that the schema does not have "
     '(found param="wave_param"). Leave it out: the layer finds the words as '
     'self.unknown["wave_param"].'),
])  # fmt: skip
def test_what_is_wrong_with_it(tmp_path, monkeypatch, content, said):
    monkeypatch.chdir(tmp_path)
    path = plugin(tmp_path, content)
    before = registry.types(), set(sys.modules)
    for _ in range(2):
        with pytest.raises(ConfigError) as caught:
            load_plugin("own.py")
        assert str(caught.value).startswith(said.replace("{path}", str(path)))
    assert (registry.types(), set(sys.modules)) == before and not plugins.loaded()


def test_two_plugins_with_one_name(wave):
    load_plugin(wave)
    plugin(wave.parent, 'import missing_module\n')
    with pytest.raises(ConfigError, match="ModuleNotFoundError"):
        load_plugin("own.py")
    half = plugin_files.WAVE.replace('"Wave"', '"Tide"', 1).replace("WAVE", "TIDE", 1)
    plugin(wave.parent, half + plugin_files.WAVE)
    with pytest.raises(ConfigError, match=r"Wave is registered twice .found .*/wave.py and .*own"):
        load_plugin("own.py")
    assert not registry.known("Tide"), "half a plug-in is none"
    assert registry.known("Wave")


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(NotFound, match="File not found: .*nope.py"):
        load_plugin(tmp_path / "nope.py")
    with pytest.raises(CaffeError, match="this is a folder"):
        load_plugin(tmp_path)


def test_words_stay_mistakes_in_layers_that_are_ours(wave):
    load_plugin(wave)
    net = wave.with_name("waves.prototxt")
    ours = 'type: "InnerProduct"'
    net.write_text(plugin_files.NET.replace(ours, f"{ours} alpha: 3"))
    with pytest.raises(ConfigError) as caught:
        Net("waves.prototxt", caffe_pb2.TRAIN)
    assert 'waves.prototxt:5:41: unknown field "alpha" in layer' in str(caught.value)
    assert "wave_param" not in str(caught.value)
