"""Generated prototxts are what their scripts write today."""

import importlib.util
import re
import sys

import pytest
from models.offline import MODELS

UNTRAINED = ("rcnn", "faster_rcnn")
SCRIPTS = sorted(path.parent.name for path in MODELS.glob("*/make_net.py"))


@pytest.fixture(scope="module", autouse=True)
def found_modules():
    """The scripts put models/ on the path and import from each other; take both away again."""
    path, modules = list(sys.path), set(sys.modules)
    yield
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        if name in ("making", "regions") or name.endswith("make_net"):
            del sys.modules[name]


@pytest.mark.parametrize("folder", SCRIPTS)
def test_files_are_current(folder):
    spec = importlib.util.spec_from_file_location(
        f"{folder}_make_net", MODELS / folder / "make_net.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name, text in module.nets().items():
        there = MODELS / folder / name
        assert there.read_text() == text, f"run models/{folder}/make_net.py"


@pytest.mark.parametrize("folder", sorted(path.name for path in MODELS.iterdir() if path.is_dir()
                                          and path.name != "__pycache__"))
def test_a_folder_has_what_is_expected(folder):
    """A readme with front matter, and for nets that are trained here a solver."""
    lines = (MODELS / folder / "readme.md").read_text().splitlines()
    assert lines[0] == "---"
    front = dict(line.split(": ", 1) for line in lines[1:lines.index("---", 1)])
    assert {"name", "license"} <= front.keys()
    # all that a download needs, or nothing of it
    download = {"caffemodel", "caffemodel_url", "sha1"} & front.keys()
    assert not download or (len(download) == 3 and len(front["sha1"]) == 40)
    files = {path.name for path in (MODELS / folder).iterdir()}
    assert any("solver" in name for name in files) or folder in UNTRAINED
    told = set(re.findall(r"`(\w+\.(?:prototxt|py))`", " ".join(lines)))
    assert told and told <= files
