"""Python layers: what goes wrong in them is told with layer, file and line."""


import pytest
from python_layers import line
from support import build

from caffepy.cli import ending
from caffepy.errors import CaffeError, ConfigError, ShapeError


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


def test_two_tops_of_wrong_number_are_the_users_business(user_layers):
    with pytest.raises(CaffeError, match="Need two inputs to compute distance."):
        build(line("EuclideanLoss"), (2, 3))
    with pytest.raises(ShapeError):
        build(line("Broken", "shape"), (2, 3))
