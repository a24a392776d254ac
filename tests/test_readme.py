"""The README's commands and Python, as they stand, on a LeNet that trains for 4 iterations."""

import re
import shutil
from pathlib import Path

import pages
import pytest

README = pages.ROOT / "README.md"
COMMANDS = pages.commands(README)
(PYTHON,) = pages.blocks(README, "python")


@pytest.fixture(scope="module")
def folder(tmp_path_factory, mnist) -> Path:
    """A clone's files with MNIST's databases and a short training's snapshots in it."""
    folder = tmp_path_factory.mktemp("clone")
    shutil.copytree(pages.ROOT / "models" / "lenet", folder / "models" / "lenet")
    (folder / "data" / "mnist").mkdir(parents=True)
    for name, database in (("train", mnist.train), ("test", mnist.test)):
        (folder / "data" / "mnist" / f"mnist_{name}_lmdb").symlink_to(database)
    solver = folder / "models" / "lenet" / "lenet_solver.prototxt"
    text = solver.read_text()
    for field, value in (("max_iter", 4), ("snapshot", 2), ("test_iter", 1)):
        text, count = re.subn(rf"^{field}: \d+", f"{field}: {value}", text, flags=re.MULTILINE)
        assert count == 1, field
    solver.write_text(text)
    pages.run(COMMANDS[0], folder)
    for made, named in ((2, 5000), (4, 10000)):
        for suffix in ("caffemodel", "solverstate"):
            shutil.copy(folder / f"models/lenet/lenet_iter_{made}.{suffix}",
                        folder / f"models/lenet/lenet_iter_{named}.{suffix}")
    return folder


def test_all_commands_were_found():
    assert [command[1] for command in COMMANDS] == [
        "train", "train", "test", "time", "summary", "convert", "device_query"]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_command(folder, command):
    done = pages.run(command, folder)
    expected = {"train": "Optimization Done.", "test": "accuracy = ", "time": "Total Time: ",
                "summary": "431,080", "convert": "gives the same", "device_query": "oneDNN"}
    assert expected[command[1]] in done.stdout + done.stderr


def test_python(folder):
    done = pages.run(["-c", PYTHON], folder)
    digits = re.findall(r"\d+", done.stdout)
    assert len(digits) == 64 and len(set(digits)) == 1  # one grey picture, 64 times
