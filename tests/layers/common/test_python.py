import logging
import sys
import textwrap
import types

import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random

import caffepy
from caffepy.checks import batches
from caffepy.cli import ending
from caffepy.core.context import Context
from caffepy.core.net import Net
from caffepy.errors import CaffeError, ConfigError, NotFound, ShapeError
from caffepy.proto import caffe_pb2, text

MODULE = """
    import caffepy
    import numpy as np

    class Scaled(caffepy.Layer):
        def setup(self, bottom, top):
            self.factor = float(self.param_str)
        def reshape(self, bottom, top):
            top[0].reshape(*bottom[0].shape)
        def forward(self, bottom, top):
            top[0].data[...] = self.factor * bottom[0].data
        def backward(self, top, propagate_down, bottom):
            if propagate_down[0]:
                bottom[0].diff[...] = self.factor * top[0].diff

    class EuclideanLoss(caffepy.Layer):
        def setup(self, bottom, top):
            if len(bottom) != 2:
                raise Exception("Need two inputs to compute distance.")
        def reshape(self, bottom, top):
            self.diff = np.zeros_like(bottom[0].data, dtype=np.float32)
            top[0].reshape(1)
        def forward(self, bottom, top):
            self.diff[...] = bottom[0].data - bottom[1].data
            top[0].data[...] = np.sum(self.diff**2) / bottom[0].num / 2.
        def backward(self, top, propagate_down, bottom):
            for i in range(2):
                if not propagate_down[i]:
                    continue
                sign = 1 if i == 0 else -1
                bottom[i].diff[...] = sign * self.diff / bottom[i].num

    class Affine(caffepy.Layer):
        def setup(self, bottom, top):
            n, k = int(self.param_str), bottom[0].count // bottom[0].num
            self.blobs.add_blob(n, k)
            self.blobs.add_blob((n,))
            self.blobs[0].data[...] = np.arange(n * k).reshape(n, k)
        def reshape(self, bottom, top):
            top[0].reshape(bottom[0].num, int(self.param_str))
        def forward(self, bottom, top):
            x = bottom[0].data.reshape(bottom[0].num, -1)
            top[0].data[...] = x @ self.blobs[0].data.T + self.blobs[1].data
        def backward(self, top, propagate_down, bottom):
            dy, x = top[0].diff, bottom[0].data.reshape(bottom[0].num, -1)
            self.blobs[0].diff[...] += dy.T @ x
            self.blobs[1].diff[...] += dy.sum(0)
            if propagate_down[0]:
                bottom[0].diff[...] = (dy @ self.blobs[0].data).reshape(bottom[0].shape)

    class Source(caffepy.Layer):
        def setup(self, bottom, top):
            self.data = np.arange(20)       # names that mean something else to the net
            self.loss = self.labels = self.position = self.name = self.spec = None
            self.batch = 2
        def set_batch(self, batch):
            self.batch = batch
        def reshape(self, bottom, top):
            top[0].reshape(self.batch, 3)
            top[1].reshape(self.batch)
        def forward(self, bottom, top):
            top[0].data[...] = self.data[0]
            top[1].data[...] = self.phase
            self.data = self.data[1:]

    class Keeper(caffepy.Layer):
        def setup(self, bottom, top):
            self.views = None
        def reshape(self, bottom, top):
            top[0].reshape(*bottom[0].shape)
        def forward(self, bottom, top):
            if self.views is None:
                self.views = bottom[0].data, top[0].data, bottom[0].diff, top[0].diff
            self.views[1][...] = self.views[0] + 1
        def backward(self, top, propagate_down, bottom):
            self.views[2][...] = 3 * self.views[3]

    class Broken(caffepy.Layer):
        def setup(self, bottom, top):
            if self.param_str == "setup":
                raise KeyError("margin")
        def reshape(self, bottom, top):
            top[0].reshape(*bottom[0].shape)
            if self.param_str == "shape":
                bottom[0].axis(7)
        def forward(self, bottom, top):
            if self.param_str == "fail":
                self.fail("I do not like this", found=7)
            if self.param_str == "interrupt":
                raise KeyboardInterrupt
            top[0].data[...] = np.zeros((99, 99))

    class Declared(Scaled):
        bottoms = "2"
        keeps = ("top",)
        labels = (1,)
        learns = {}             # not what Layer means by it

    class WithInit(Scaled):
        def __init__(self, param, *args, **kwargs):
            super().__init__(param, *args, **kwargs)
            self.made_for = param.name + self.param_str

    class Dropping(Scaled):
        def forward(self, bottom, top):
            top[0].data[...] = self.random().random(bottom[0].shape)

    class Closing(Scaled):
        def close(self):
            self.closed = True

    class NoLayer: pass

    class Lacking(caffepy.Layer): pass

    number = 7
"""


@pytest.fixture
def modules(tmp_path, monkeypatch):
    """Writes a module that can be found; forgets all that were loaded from the folder after it."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(tmp_path / "path")
    (tmp_path / "path").mkdir()

    def write(name="user_layers", content=MODULE, folder="path"):
        path = tmp_path / folder / f"{name}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(textwrap.dedent(content))
        return path

    yield write
    for name in set(sys.modules) - before:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


@pytest.fixture
def user_layers(modules):
    return modules()


def line(layer, param_str="", more=""):
    return (f'type: "Python" top: "y" {more} python_param {{ module: "user_layers" '
            f'layer: "{layer}" param_str: "{param_str}" }}')


def net_of(*layers, phase=caffe_pb2.TRAIN, **options):
    param = caffe_pb2.NetParameter()
    text.parse("\n".join(f"layer {{ {layer} }}" for layer in layers), param)
    return Net(param, phase, context=Context(seed=1), **options)


INPUT = 'name: "x" type: "Input" top: "x" input_param { shape { dim: 4 dim: 3 dim: 5 dim: 5 } }'


def test_the_four_methods(user_layers):
    x = random(4, 3)
    layer, bottom, top = build(line("Scaled", "2.5"), x)
    layer.forward(bottom, top)
    assert_allclose(top[0].data, 2.5 * x, rtol=1e-6)
    check_gradient(line("Scaled", "2.5"), (4, 3))


def test_the_users_object(user_layers):
    layer, bottom, top = build(line("Scaled", "2"), (2, 3), phase="TEST")
    instance = layer.instance
    assert type(instance).__name__ == "Scaled" and isinstance(instance, caffepy.Layer)
    assert instance.phase == caffepy.TEST and instance.type == "Python"
    assert instance.param_str == "2" and instance.name == "layer"
    assert layer.factor == 2.0, "what the layer lacks is looked up in the user's object"
    with pytest.raises(AttributeError, match="nothing_of_this_name"):
        _ = layer.nothing_of_this_name


def test_a_loss(user_layers):
    x, y = random(4, 3), random(4, 3, seed=5)
    net = net_of(
        'name: "a" type: "Input" top: "a" input_param { shape { dim: 4 dim: 3 } }',
        'name: "b" type: "Input" top: "b" input_param { shape { dim: 4 dim: 3 } }',
        'name: "ip" type: "Scale" bottom: "a" top: "ip"',
        'name: "loss" type: "Python" bottom: "ip" bottom: "b" top: "loss" loss_weight: 2 '
        'python_param { module: "user_layers" layer: "EuclideanLoss" }')
    net.blobs["a"].data[...], net.blobs["b"].data[...] = x, y
    assert net.forward() == pytest.approx(((x - y) ** 2).sum() / 4, rel=1e-5)
    net.clear_param_diffs()
    net.backward()
    # d loss / d scale[c] = sum over n of 2 * (x - y) / 4 * x, the weight's 2 left to the layer
    assert_allclose(net.params["ip"][0].diff, ((x - y) / 4 * x).sum(0), rtol=1e-4, atol=1e-5)


def test_without_loss_weight_it_is_no_loss(user_layers):
    net = net_of(INPUT, 'name: "p" bottom: "x" bottom: "x" ' + line("EuclideanLoss"))
    assert net.loss_weights["y"] == 0 and net.forward() == 0


def test_parameters(user_layers, tmp_path):
    check_gradient(line("Affine", "2"), (3, 4))
    specs = (INPUT, 'name: "p" bottom: "x" param { lr_mult: 3 } ' + line("Affine", "2"),
             'name: "loss" type: "EuclideanLoss" bottom: "y" bottom: "t" top: "loss"')
    target = 'name: "t" type: "Input" top: "t" input_param { shape { dim: 4 dim: 2 } }'
    net = net_of(target, *specs)
    assert [blob.shape for blob in net.params["p"]] == [(2, 75), (2,)]
    assert [p.lr_mult for p in net.parameters] == [3, 1]
    assert_allclose(net.params["p"][0].data.ravel(), np.arange(150))
    assert not net.params["p"][1].data.any()
    net.blobs["x"].data[...] = random(4, 3, 5, 5)
    net.forward()
    net.backward()
    assert net.params["p"][0].diff.any()
    net.params["p"][0].data[...] = 5
    net.save(tmp_path / "weights.caffemodel")
    other = net_of(target, *specs)
    other.load(tmp_path / "weights.caffemodel")
    assert (other.layer("p").instance.blobs[0].data == 5).all()


def test_the_arena_of_the_parameters_reaches_the_users_object(user_layers):
    net = net_of(INPUT, 'name: "p" bottom: "x" ' + line("Affine", "2"))
    net.arena.values[:] = 2
    net.blobs["x"].data[...] = 1
    net.forward()
    assert_allclose(net.blobs["y"].data, 2 * 75 + 2)


def test_a_data_layer(user_layers):
    net = net_of('name: "p" type: "Python" top: "x" top: "phase" '
                 'python_param { module: "user_layers" layer: "Source" }',
                 'name: "double" type: "Power" bottom: "x" top: "y" power_param { scale: 2 }',
                 phase=caffe_pb2.TEST)
    for i in range(3):
        assert net.forward() == 0
        assert_allclose(net.blobs["y"].data, np.full((2, 3), 2 * i))
    assert (net.blobs["phase"].data == 1).all()
    net.layers[0].set_batch(5)  # as Fast R-CNN calls its layer from outside
    net.forward()
    assert net.blobs["y"].shape == (5, 3)


def test_attributes_of_the_user_do_not_reach_the_net(user_layers):
    net = net_of('name: "p" type: "Python" top: "x" top: "phase" '
                 'python_param { module: "user_layers" layer: "Source" }')
    layer = net.layers[0]
    assert layer.data is False and layer.labels == () and layer.position == 0
    assert layer.loss is False and layer.name == "p"
    assert layer.instance.labels is None and layer.instance.name is None


@pytest.mark.parametrize("channels_last", [False, True])
def test_views_kept_by_a_layer_amid_a_net(user_layers, channels_last):
    net = net_of(
        INPUT, 'name: "in" type: "Power" bottom: "x" top: "a" power_param { scale: 2 }',
        'name: "p" bottom: "a" ' + line("Keeper"),
        'name: "out" type: "Power" bottom: "y" top: "b" power_param { scale: 10 }')
    place = net.context.place.last if channels_last else net.context.place
    follow = caffepy.Layer.follow
    try:  # layers around it that work in channels-last order, as the fast engines do
        caffepy.Layer.follow = lambda self, tensor: place
        for seed in range(4):
            x = random(4, 3, 5, 5, seed=seed)
            net.blobs["x"].data[...] = x
            for i in range(4):  # not net.forward(), which sees to kept views by itself
                net.forward_layer(i)
            assert_allclose(net.blobs["b"].data, 10 * (2 * x + 1), rtol=1e-4, atol=1e-5)
            dy = random(4, 3, 5, 5, seed=seed + 9)
            net.blobs["b"].diff[...] = dy
            for i in (3, 2, 1):
                net.nodes[i].propagate_down = [True]
                net.backward_layer(i)
            assert_allclose(net.blobs["x"].diff, 2 * 3 * 10 * dy, rtol=1e-4, atol=1e-5)
    finally:
        caffepy.Layer.follow = follow


def test_reshape_runs_before_every_forward(user_layers):
    net = net_of(INPUT, 'name: "p" bottom: "x" ' + line("Scaled", "2"))
    calls = []
    net.layers[1].instance.reshape = lambda bottom, top: calls.append(1)
    net.forward(), net.forward()
    assert len(calls) == 2


def test_in_place(user_layers):
    net = net_of(INPUT, 'name: "p" type: "Python" bottom: "x" top: "x" '
                 'python_param { module: "user_layers" layer: "Scaled" param_str: "3" }')
    net.blobs["x"].data[...] = 2
    net.forward()
    assert (net.blobs["x"].data == 6).all()


def test_what_the_class_declares_is_checked(user_layers):
    with pytest.raises(ConfigError, match=r"takes 2 bottom blob\(s\) \(found 1\)"):
        net_of(INPUT, 'name: "p" bottom: "x" ' + line("Declared", "2"))
    layer = net_of(INPUT, 'name: "p" bottom: "x" bottom: "x" ' + line("Declared", "2")).layers[-1]
    assert layer.keeps == ("top",) and layer.labels == (1,) and layer.tops == "0+"
    assert layer.learns == (), "of another type than Layer's, so it means something else"


def test_a_gradient_that_is_needed_and_missing(user_layers):
    loss = 'name: "loss" type: "Reduction" bottom: "y" top: "loss" loss_weight: 1'
    scale = 'name: "s" type: "Scale" bottom: "x" top: "s"'
    with pytest.raises(ConfigError, match="layer 'p' .*this layer has no gradient, and one is"):
        net_of(INPUT, scale, 'name: "p" bottom: "s" ' + line("Broken"), loss)
    net = net_of(INPUT, scale, 'name: "p" bottom: "s" propagate_down: false ' + line("Broken"),
                 loss)
    assert [node.needs_backward for node in net.nodes] == [False] * 4
    net = net_of(INPUT, scale, 'name: "p" bottom: "s" ' + line("Scaled", "2"), loss)
    assert [node.needs_backward for node in net.nodes] == [False, True, True, True]


def test_an_init_of_the_users_own(user_layers):
    layer, bottom, top = build(line("WithInit", "4"), (2, 3))
    assert layer.made_for == "layer4"
    layer.forward(bottom, top)
    assert_allclose(top[0].data, 4 * bottom[0].data)


def test_draws_of_the_user_are_resumed(user_layers):
    whole = build(line("Dropping", "1"), (2, 3))
    draws = []
    for _ in range(4):
        whole[0].forward(*whole[1:])
        draws.append(whole[2][0].data.copy())
    assert whole[0].position == 4 and not np.array_equal(draws[2], draws[3])
    resumed = build(line("Dropping", "1"), (2, 3))
    resumed[0].position = 3
    resumed[0].forward(*resumed[1:])
    assert_allclose(resumed[2][0].data, draws[3])


def test_close_reaches_the_user(user_layers):
    layer, _, _ = build(line("Closing", "1"), (2, 3))
    layer.close()
    assert layer.instance.closed


# -- errors -----------------------------------------------------------------------------------


@pytest.mark.parametrize("param_str, source, method, message", [
    ("setup", 'KeyError("margin")', "setup", r"Broken.setup failed: KeyError: 'margin'"),
    ("", "np.zeros((99, 99))", "forward", r"Broken.forward failed: ValueError: could not broad"),
    ("shape", "bottom[0].axis(7)", "reshape", r"axis 7 does not exist"),
])
def test_an_exception_names_layer_file_and_line(user_layers, param_str, source, method, message):
    lines = user_layers.read_text().splitlines()
    number = next(i for i, row in enumerate(lines, 1) if source in row)
    where = rf"^layer 'layer' \(Python\), {user_layers}:{number} in {method}: "
    with pytest.raises(CaffeError, match=where + message) as caught:
        layer, bottom, top = build(line("Broken", param_str), (2, 3))
        layer.forward(bottom, top)
    root = caught.value.__cause__ or caught.value
    assert any(entry.path == user_layers for entry in pytest.ExceptionInfo.from_exception(
        root).traceback), "the user's own traceback is kept"
    text_, code = ending.explain(caught.value)
    assert code == 1 and str(user_layers) in text_ and "bug in caffepy" not in text_


def test_the_users_own_fail_is_left_as_it_is(user_layers):
    layer, bottom, top = build(line("Broken", "fail"), (2, 3))
    with pytest.raises(ConfigError) as caught:
        layer.forward(bottom, top)
    assert str(caught.value) == "layer 'layer' (Python): I do not like this (found 7)"


def test_an_interrupt_goes_through(user_layers):
    layer, bottom, top = build(line("Broken", "interrupt"), (2, 3))
    with pytest.raises(KeyboardInterrupt):
        layer.forward(bottom, top)


@pytest.mark.parametrize("layer, message", [
    ("Scald", r"has no class Scald \(found Scaled, .*\). Did you mean Scaled\?"),
    ("Quux", r"has no class Quux \(found Scaled, [^)]*Lacking\)$"),
    ("NoLayer", r"is no layer. Write: class NoLayer\(caffepy.Layer\)"),
    ("number", "number of module user_layers .* is no layer"),
    ("Lacking", "lacks reshape and forward"),
    ("", "needs a module and a layer"),
])
def test_classes_that_cannot_be(user_layers, layer, message):
    with pytest.raises(CaffeError, match=r"^layer 'layer' \(Python\): .*" + message) as caught:
        build(line(layer), (2, 3))
    if layer not in ("", "number"):
        assert str(user_layers) in str(caught.value)


# -- finding the module -----------------------------------------------------------------------

SMALL = """
    import caffepy
    class Where(caffepy.Layer):
        place = {!r}
        def reshape(self, bottom, top): top[0].reshape(1)
        def forward(self, bottom, top): pass
"""
PROTOTXT = ('layer { name: "p" type: "Python" top: "y" '
            'python_param { module: "%s" layer: "Where" } }')


@pytest.fixture
def place(modules, tmp_path, monkeypatch):
    """Where a net in the folder ``net``, with ``cwd`` as working directory, finds a module."""
    for folder in ("net", "cwd"):
        (tmp_path / folder).mkdir()
    monkeypatch.chdir(tmp_path / "cwd")

    def found(name, *folders):
        for folder in folders:
            modules(name, SMALL.format(folder), folder)
        (tmp_path / "net" / "net.prototxt").write_text("# a net\n" + PROTOTXT % name)
        before = list(sys.path)
        try:
            return Net(tmp_path / "net" / "net.prototxt", caffe_pb2.TEST).layers[0].place
        finally:
            assert sys.path == before
    return found


def test_on_the_python_path_then_beside_the_prototxt_then_in_the_working_directory(place):
    assert place("where_a", "cwd") == "cwd"
    assert place("where_b", "cwd", "net") == "net"
    assert place("where_c", "cwd", "net", "path") == "path"


def test_a_module_in_a_package(place, modules, tmp_path):
    (tmp_path / "net" / "where_package").mkdir()
    (tmp_path / "net" / "where_package" / "__init__.py").touch()
    modules("inner", SMALL.format("inner"), "net/where_package")
    assert place("where_package.inner") == "inner"


def test_another_file_of_the_same_name_is_warned_of(place, tmp_path, caplog, monkeypatch):
    monkeypatch.setattr(logging.getLogger("caffepy"), "propagate", True)
    place("where_d", "net")
    assert not caplog.records
    place("where_d", "path")  # loaded already, from beside the prototxt
    assert not caplog.records
    place("where_e", "path", "net")
    assert f"module where_e is {tmp_path}/path/where_e.py, not {tmp_path}/net/where_e.py" in (
        caplog.text)


def test_a_module_that_is_nowhere(place, tmp_path):
    with pytest.raises(NotFound) as caught:
        place("where_nowhere")
    message = str(caught.value)
    assert message.startswith(f"{tmp_path}/net/net.prototxt:2, layer 'p' (Python): there is no "
                              "module where_nowhere (found none on the Python path")
    assert f"nor in {tmp_path}/net or {tmp_path}/cwd)" in message
    (tmp_path / "net" / "where_f.py").touch()
    with pytest.raises(NotFound, match="Did you mean where_f?"):
        place("were_f")
    with pytest.raises(NotFound, match="there is no module where_g "):
        place("where_g.inner")


@pytest.mark.parametrize("content, message", [
    ("import there_is_no_such_thing", r"ModuleNotFoundError: No module named 'there_is_no"),
    ("def f(:", "SyntaxError"),
    ("1 / 0", "ZeroDivisionError: division by zero"),
])
def test_a_module_that_does_not_load(place, modules, content, message):
    path = modules("where_broken", "import sys\n" + content, "net")
    with pytest.raises(CaffeError, match=rf"layer 'p' \(Python\), {path}:2.*: module where_broken "
                       rf"cannot be loaded: {message}") as caught:
        place("where_broken")
    assert caught.value.__cause__ is not None


def test_what_a_module_adds_to_the_path_stays(modules, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    modules("adds_a_path", "import sys\nsys.path.insert(0, '/added')\n"
            + textwrap.dedent(SMALL.format("x")))
    build('type: "Python" python_param { module: "adds_a_path" layer: "Where" } top: "y"')
    assert sys.path[0] == "/added" and str(tmp_path) not in sys.path


def test_old_scripts_that_import_caffe(modules, monkeypatch):
    monkeypatch.setitem(sys.modules, "caffe", types.SimpleNamespace(Layer=caffepy.Layer))
    modules("old_layers", SMALL.format("old").replace("caffepy", "caffe"))
    layer, _, _ = build('type: "Python" top: "y" python_param { module: "old_layers" '
                        'layer: "Where" share_in_parallel: true }')
    assert layer.place == "old"


def test_two_tops_of_wrong_number_are_the_users_business(user_layers):
    with pytest.raises(CaffeError, match="Need two inputs to compute distance."):
        build(line("EuclideanLoss"), (2, 3))
    with pytest.raises(ShapeError):
        build(line("Broken", "shape"), (2, 3))


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
