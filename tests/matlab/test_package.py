"""The m-files are where they are looked for, and installed with the rest."""

from __future__ import annotations

import fnmatch
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pages
import pytest

from caffepy.matlab import FOLDER, session, verbs

ROOT = Path(__file__).parents[2]


def test_the_command_prints_the_folder():
    done = subprocess.run([sys.executable, "-m", "caffepy", "matlab"], text=True,
                          capture_output=True, check=True)
    assert done.stdout == f"{FOLDER}\n" and done.stderr == ""
    assert (FOLDER / "+caffe" / "Net.m").exists() and (FOLDER / "caffe_.m").exists()


def test_all_m_files_are_installed():
    text = (ROOT / "pyproject.toml").read_text()
    patterns = re.findall(r'"([^"]+)"', re.search(r'"caffepy.matlab" = \[(.*)\]', text)[1])
    files = [path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.m")]
    assert len(files) > 20
    for name in files:
        assert any(fnmatch.fnmatch(name, pattern) and name.count("/") == pattern.count("/")
                   for pattern in patterns), name


def test_each_m_file_says_what_it_is_for():
    for path in FOLDER.rglob("*.m"):
        first, second = path.read_text().splitlines()[:2]
        assert re.match(r"(function|classdef) ", first) and re.match(r" *% \S", second), path
        assert max(map(len, path.read_text().splitlines())) <= 100, path


@pytest.mark.parametrize("place, program", [
    ("lib/python3.12/site-packages", "bin/python3.12"),
    ("local/lib/python3.11/dist-packages", "local/bin/python3"),
    ("Lib/site-packages", "Scripts/python.exe"),
    ("checkout", "checkout/.venv/bin/python"),
    ("elsewhere", None)])
def test_which_python_is_meant(tmp_path, place, program):
    if shutil.which("octave-cli") is None:
        pytest.skip("no Octave here: apt-get install octave")
    words = tmp_path / place / "caffepy" / "matlab"
    shutil.copytree(FOLDER, words, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    if program:
        (tmp_path / program).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / program).touch()
    done = subprocess.run(
        ["octave-cli", "--norc", "--no-history", "--quiet", "--path", str(words), "--eval",
         "disp(caffe.session.python()); setenv('CAFFEPY_PYTHON', 'this one'); "
         "disp(caffe.session.python())"], env={}, text=True, capture_output=True, check=False)
    found = str(tmp_path / program) if program else "python3"
    assert done.stdout.splitlines() == [found, "this one"], done.stderr


def test_the_page_runs(octave, folder):
    """Its blocks of MATLAB's, one after the other."""
    blocks = pages.blocks(pages.DOCS / "matlab.md", "matlab")
    assert len(blocks) >= 3
    (folder / "page.m").write_text("\n".join(blocks))
    octave(str(folder / "page"))


def test_the_page_has_each_verb():
    assert session.VERBS  # all are read
    table = set(re.findall(r"`(\w+)`", (pages.DOCS / "matlab.md").read_text()))
    inner = {"echo", "net_find_blob", "net_find_layer"}  # of the m-files alone
    assert set(verbs.known()) - inner <= table
