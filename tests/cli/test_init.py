"""caffepy init: the models that come along, as copies that work where they are."""

from __future__ import annotations

import re
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest

from caffepy.errors import ConfigError, DataError
from caffepy.services import shipped

ROOT = Path(__file__).resolve().parents[2]


def test_without_a_name_it_lists_them(call) -> None:
    done = call("init")
    listed = [line.split("  ")[0] for line in done.stdout.splitlines()]
    assert listed == sorted(path.parent.name for path in ROOT.glob("models/*/readme.md"))
    assert "lenet" in listed and re.search(r"^lenet +LeNet on MNIST$", done.stdout, re.MULTILINE)


def test_a_copy_has_all_that_its_readme_names(call, tmp_path) -> None:
    done = call("init", "lenet", tmp_path)
    assert done.exit_code == 0, done.output
    assert done.stdout.endswith(
        f"files are new in {tmp_path}. models/lenet/readme.md says how to go on.\n")
    for name in ("models/lenet/lenet_solver.prototxt", "scripts/train_lenet_adam.sh",
                 "scripts/common.sh", "scripts/python.sh", "data/mnist/fetch.py",
                 "data/fetching.py", "models/making.py"):
        assert (tmp_path / name).read_bytes() == (ROOT / name).read_bytes(), name
    readme = (tmp_path / "models/lenet/readme.md").read_text()
    for name in re.findall(r"(?:data|scripts)/[\w/]+\.sh", readme):
        assert (tmp_path / name).exists(), name
    assert not (tmp_path / "models/googlenet").exists()
    assert call("init", "lenet", tmp_path).stdout.startswith("No files are new")


def test_its_scripts_run_there_and_say_what_is_missing(tmp_path) -> None:
    shipped.copy("lenet", str(tmp_path))
    done = subprocess.run(
        ["sh", "scripts/train_lenet.sh"], cwd=tmp_path, capture_output=True, text=True,
        check=False, env={"PATH": "/usr/bin:/bin", "PYTHON": sys.executable})
    assert done.returncode == 1
    assert "data/mnist/mnist_train_lmdb is missing; run data/mnist/get_mnist.sh" in done.stderr


@pytest.mark.parametrize("name", sorted(path.name for path in ROOT.glob("models/*/")
                                        if (path / "readme.md").exists()))
def test_every_model_brings_its_scripts(name) -> None:
    found = shipped.files(name)
    assert f"models/{name}/readme.md" in found
    if name in ("mobilenet_ssd", "digits_faster_rcnn"):  # label maps are other models'
        assert [path for path in found if "labelmap" in path]
    if name.startswith("digits_"):
        assert "scripts/create_digits_ssd.py" in found
    row = next(line for line in (ROOT / "docs/models.md").read_text().splitlines()
               if f"`{name}`" in line and line.startswith("|"))
    for script in re.findall(r"train_\w+\.sh", row):
        assert f"scripts/{script}" in found or "caffenet" in row, script


def test_a_wheel_has_every_file_that_a_copy_may_need() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    globs = re.findall(r'"([^"]+)"', re.search(r'"caffepy.shipped" = \[(.*?)\]', text, re.S)[1])
    for name in shipped.models():
        for path in shipped.files(name):
            assert any(fnmatch(path, glob) and path.count("/") == glob.count("/")
                       for glob in globs), path


def test_weights_of_a_clone_are_left_behind() -> None:
    assert not [path for path in shipped.files("lenet") if path.endswith((".caffemodel", ".log"))]
    kept = {"models/a/b.prototxt", "data/a/b.sh", "scripts/train_a.sh"}
    names = kept | {"models/a/b.caffemodel", "data/a/b.mdb", "scripts/test.sh", "scripts/fuzz.py"}
    assert {name for name in names if shipped.KINDS.fullmatch(name)} == kept


def test_what_is_there_is_not_overwritten(tmp_path) -> None:
    path = tmp_path / "models/lenet/lenet_solver.prototxt"
    path.parent.mkdir(parents=True)
    path.write_text("mine")
    with pytest.raises(DataError, match="overwritten .found models/lenet/lenet_solver.pro"):
        shipped.copy("lenet", str(tmp_path))
    assert path.read_text() == "mine" and not (tmp_path / "scripts").exists()


def test_a_slip_is_answered() -> None:
    with pytest.raises(ConfigError, match="Did you mean googlenet?"):
        shipped.copy("googelnet", ".")
