"""The README's commands and Python, as they stand, on a LeNet that trains for 4 iterations."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
COMMANDS = [line.split() for line in re.findall(r"^    (caffepy .*)$", README, re.MULTILINE)]
PYTHON = re.search(r"```python\n(.*?)```", README, re.DOTALL)[1]


@pytest.fixture(scope="module")
def folder(tmp_path_factory, mnist) -> Path:
    """A clone's files with MNIST's databases and a short training's snapshots in it."""
    folder = tmp_path_factory.mktemp("clone")
    shutil.copytree(ROOT / "models" / "lenet", folder / "models" / "lenet")
    (folder / "data" / "mnist").mkdir(parents=True)
    for name, database in (("train", mnist.train), ("test", mnist.test)):
        (folder / "data" / "mnist" / f"mnist_{name}_lmdb").symlink_to(database)
    solver = folder / "models" / "lenet" / "lenet_solver.prototxt"
    text = solver.read_text()
    for field, value in (("max_iter", 4), ("snapshot", 2), ("test_iter", 1)):
        text, count = re.subn(rf"^{field}: \d+", f"{field}: {value}", text, flags=re.MULTILINE)
        assert count == 1, field
    solver.write_text(text)
    run(folder, COMMANDS[0])
    for made, named in ((2, 5000), (4, 10000)):
        for suffix in ("caffemodel", "solverstate"):
            shutil.copy(folder / f"models/lenet/lenet_iter_{made}.{suffix}",
                        folder / f"models/lenet/lenet_iter_{named}.{suffix}")
    return folder


def run(folder: Path, command: list[str]) -> subprocess.CompletedProcess:
    name, *arguments = command
    assert name == "caffepy"
    done = subprocess.run([sys.executable, "-m", "caffepy", *arguments], cwd=folder, text=True,
                          capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done


def test_all_commands_were_found():
    assert [command[1] for command in COMMANDS] == [
        "train", "train", "test", "time", "summary", "device_query"]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_command(folder, command):
    done = run(folder, command)
    expected = {"train": "Optimization Done.", "test": "accuracy = ", "time": "Total Time: ",
                "summary": "431,080", "device_query": "oneDNN"}
    assert expected[command[1]] in done.stdout + done.stderr


def test_python(folder):
    done = subprocess.run([sys.executable, "-c", PYTHON], cwd=folder, text=True,
                          capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    digits = re.findall(r"\d+", done.stdout)
    assert len(digits) == 64 and len(set(digits)) == 1  # one grey picture, 64 times


def test_its_pages_are_there():
    for page in re.findall(r"\]\((docs/[\w.]+)\)", README):
        assert (ROOT / page).is_file(), page
