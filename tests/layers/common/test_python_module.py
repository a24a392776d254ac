"""Python layers: where their modules are looked for."""

import logging
import sys
import textwrap
import types

import pytest
from support import build

import caffepy
from caffepy.core.net import Net
from caffepy.errors import CaffeError, NotFound
from caffepy.proto import caffe_pb2

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
