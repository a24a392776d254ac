"""A folder for modules with Python layers."""

import sys
import textwrap

import pytest
from python_layers import MODULE


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
