"""What holds for all tools: each can be called in four ways, and is on the page."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from caffepy.cli.main import TOOLS
from caffepy.cli.main import main as caffepy

ROOT = Path(__file__).resolve().parents[2]


def scripts():
    text = (ROOT / "pyproject.toml").read_text()
    return dict(re.findall(r'^(\w+) = "(caffepy\.tools\.\w+):main"$', text, re.MULTILINE))


def test_every_tool_is_installed_under_its_own_name():
    installed = scripts()
    assert all(installed[name] == f"caffepy.tools.{name}" for name in TOOLS)


@pytest.mark.parametrize("name", sorted(TOOLS))
def test_help_is_there_and_the_page_names_the_tool(call, name):
    done = call(caffepy, name, "--help")
    assert done.exit_code == 0 and f"Usage: caffepy {name} [flags]" in done.output
    assert f"`{name}`" in (ROOT / "docs" / "tools.md").read_text()


def test_missing_arguments_are_an_error_in_each_of_the_ways_to_call(call, shell):
    wanted = "error: Missing argument 'INPUT_DB'"
    assert wanted in shell("compute_image_mean").stderr
    assert wanted in shell("caffepy", "compute_image_mean").stderr
    assert call(caffepy, "compute_image_mean").exit_code == 1


def test_the_commands_help_lists_the_tools(call):
    done = call(caffepy, "--help")
    assert all(name in done.output for name in TOOLS)


@pytest.mark.parametrize("name", sorted(TOOLS))
def test_launchers(name):
    path = ROOT / "tools" / name
    assert os.access(path, os.X_OK)
    text = path.read_text()
    assert f"from caffepy.tools.{name} import main" in text and "\nmain()\n" in text


def test_a_launcher_runs_from_a_clone_alone(tmp_path):
    """Another folder's caffepy, not the installed one: the clone comes first."""
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "parse_log").write_bytes((ROOT / "tools" / "parse_log").read_bytes())
    package = tmp_path / "caffepy" / "tools"
    package.mkdir(parents=True)
    for folder in (package.parent, package):
        (folder / "__init__.py").touch()
    (package / "parse_log.py").write_text("def main(): print('from the clone')")
    done = subprocess.run([sys.executable, str(tmp_path / "tools" / "parse_log")], cwd="/",
                          capture_output=True, text=True, check=True)
    assert done.stdout == "from the clone\n"


@pytest.mark.parametrize("spelling", ["-gray", "--gray", "--gray=true", "-gray=1"])
def test_flags_of_tools_have_all_spellings(call, spelling, tmp_path):
    from caffepy.tools.convert_imageset import main

    done = call(main, spelling, "/no/such/", tmp_path / "none", tmp_path / "db")
    assert "no such list" in done.output
    done = call(caffepy, "convert_imageset", "--grey", "a", "b", "c")
    assert done.exit_code == 1 and "Did you mean gray" in done.output
