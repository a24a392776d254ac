"""Python layers whose module is nowhere: the one that stands in for it, if there is one."""

import sys

import pytest
from support import build

from caffepy.errors import CaffeError, NotFound
from caffepy.layers.common import _user_class

LINE = ('name: "p" type: "Python" bottom: "a" bottom: "b" bottom: "c" top: "rois" python_param { '
        'module: "%s" layer: "ProposalLayer" param_str: "\'feat_stride\': 16" }')
SHAPES = (1, 18, 2, 2), (1, 36, 2, 2), (1, 3)
OWN = """
import caffepy
class ProposalLayer(caffepy.Layer):
    whose = "the user's"
    def reshape(self, bottom, top): top[0].reshape(1, 5)
    def forward(self, bottom, top): pass
"""


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Writes a user's rpn/proposal_layer.py, and forgets it after the test."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(tmp_path)

    def write(text, name="rpn/proposal_layer.py"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        (path.parent / "__init__.py").touch()
        path.write_text(text)
        return path
    yield write
    for name in set(sys.modules) - before:
        if name.split(".")[0] in ("rpn", "mine", "fast_rcnn"):
            del sys.modules[name]


@pytest.fixture
def said(monkeypatch):
    """The warnings about modules, from none on."""
    messages = []
    monkeypatch.setattr(_user_class, "_said", set())
    monkeypatch.setattr(_user_class.logger, "warning", lambda text, *w: messages.append(text % w))
    return messages


def test_ours_answers_and_it_is_said_once(said):
    for _ in range(2):
        layer = build(LINE % "rpn.proposal_layer", *SHAPES)[0]
    assert layer.user_class.__module__ == "caffepy.standins.rpn.proposal_layer"
    assert said == [
        "layer 'p' (Python): there is no module rpn.proposal_layer, so caffepy's own stands in for "
        "it (docs/standins.md)"]
    assert "rpn" not in sys.modules, "an import of the user's finds what it found before"


def test_the_users_module_wins(package, said):
    package(OWN)
    assert build(LINE % "rpn.proposal_layer", *SHAPES)[0].whose == "the user's"
    assert not said


def test_ours_answers_for_a_module_that_the_users_package_lacks(package):
    package("", "rpn/other.py")
    layer = build(LINE % "rpn.proposal_layer", *SHAPES)[0]
    assert layer.user_class.__module__ == "caffepy.standins.rpn.proposal_layer"


@pytest.mark.parametrize("text, message", [
    ("import fast_rcnn.config", "ModuleNotFoundError: No module named 'fast_rcnn'. caffepy has a "
     "fast_rcnn of its own; the program gets it by: import caffepy.standins; caffepy.standins.ins"),
    ("import rpn.generate_anchors", "No module named 'rpn.generate_anchors'. caffepy has a rpn.ge"),
    ("import there_is_no_such_thing", "No module named 'there_is_no_such_thing'$"),
    ("print 'python 2'", "SyntaxError"),
    ("1 / 0", "ZeroDivisionError")])
def test_an_error_in_the_users_module_is_shown(package, text, message):
    package(text)
    with pytest.raises(CaffeError, match="rpn.proposal_layer cannot be loaded: .*" + message):
        build(LINE % "rpn.proposal_layer", *SHAPES)


@pytest.mark.parametrize("name", ["rpn.no_such_layer", "no_such.layer", "_yaml", "rpn._anchored",
                                  "score"])
def test_names_for_which_there_is_nothing(name):
    with pytest.raises(NotFound, match=r"layer 'p' \(Python\).*there is no module"):
        build(LINE % name, *SHAPES)
