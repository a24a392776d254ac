"""Modules by the names that old scripts import them by."""

import subprocess
import sys

import pytest

from caffepy import standins


@pytest.fixture
def package(tmp_path):
    """Writes a file of the user's."""

    def write(text, name):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return path
    return write


@pytest.mark.parametrize("name", ["rpn.no_such_layer", "no_such.layer", "_yaml", "__main__",
                                  "caffepy", "rpn._anchored", "rpn.generate_anchors.x", ""])
def test_names_for_which_there_is_nothing(name):
    assert standins.find(name) is None


SCRIPT = """
import sys
from fast_rcnn.config import cfg
import rpn.proposal_layer, mine, caffepy.standins.fast_rcnn.config as ours
assert cfg is ours.cfg and rpn.proposal_layer.cfg is cfg and mine.whose == "the user's"
assert rpn.proposal_layer is sys.modules["caffepy.standins.rpn.proposal_layer"]
from rpn import generate_anchors
assert generate_anchors.generate_anchors()[0].tolist() == [-84, -40, 99, 55]
try:
    import rpn.no_such_layer
except ModuleNotFoundError as error:
    print(error, sys.argv, __name__)
"""


def run(*words, folder):
    return subprocess.run([sys.executable, *words], cwd=folder, capture_output=True, text=True)


def test_a_script_runs_unchanged(package, tmp_path):
    package("whose = \"the user's\"", "mine/__init__.py")
    script = package(SCRIPT, "tools/script.py")
    (tmp_path / "tools" / "mine.py").write_text("whose = \"the user's\"")
    assert "No module named 'fast_rcnn'" in run(str(script), folder=tmp_path).stderr
    done = run("-m", "caffepy.standins", "tools/script.py", "0", folder=tmp_path)
    assert done.stdout == ("No module named 'rpn.no_such_layer' ['tools/script.py', '0'] "
                           "__main__\n"), done.stderr
    assert "usage: " in run("-m", "caffepy.standins", folder=tmp_path).stderr
    gone = run("-m", "caffepy.standins", "nope.py", folder=tmp_path)
    assert gone.stderr == "caffepy.standins: nope.py: there is no such script\n"


def test_installed_twice_it_is_there_once(monkeypatch):
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    before = len(sys.meta_path)
    standins.install()
    standins.install()
    assert len(sys.meta_path) == before + 1
    assert sys.meta_path[-1].find_spec("voc_layers.x") is None
