"""The digits' SSD in small: two digits, large ones, at two thirds of its size, for 150 batches."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
from models.offline import MODELS, ROOT

from caffepy.core.context import Context
from caffepy.core.upgrade import read_solver_param
from caffepy.solvers.solver import create_solver

MNIST = ROOT / "data" / "mnist"


def script():
    spec = importlib.util.spec_from_file_location(
        "create_digits_ssd", ROOT / "scripts" / "create_digits_ssd.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def create(folder, monkeypatch, *flags):
    """Pictures with few and large digits, 0 and 1 alone, in a folder that becomes the current one.

    Args:
        flags: more of create_digits_ssd.py.
    """
    if not (MNIST / "train-images-idx3-ubyte").exists():
        pytest.skip("no MNIST: data/mnist/get_mnist.sh fetches it")
    monkeypatch.chdir(folder)
    made = script()
    monkeypatch.setattr(made, "photographs", lambda test: [])  # the same everywhere
    for name, value in (("LEAST", 0.4), ("MOST", 0.7), ("DIGITS", 2)):
        monkeypatch.setattr(made, name, value)
    monkeypatch.setattr(sys, "argv", ["create_digits_ssd.py", "--only=01", "--folder=.",
                                      f"--mnist={MNIST}", *flags])
    made.main()


@pytest.fixture
def there(tmp_path, monkeypatch):
    """Databases, net and solver in an empty folder."""
    create(tmp_path, monkeypatch, "--train=200", "--test=40")
    folder = MODELS / "digits_ssd"
    net = (folder / "train_val.prototxt").read_text()
    for old, new in (("data/digits_ssd/", ""), ("models/digits_ssd/", f"{folder}/"),
                     ("height: 96", "height: 64"), ("width: 96", "width: 64")):
        assert old in net
        net = net.replace(old, new)
    Path("train_val.prototxt").write_text(net)
    solver = (folder / "solver.prototxt").read_text().replace("models/digits_ssd/", "")
    Path("solver.prototxt").write_text(solver)
    return tmp_path


def solver(test_iter, **settings):
    param, _ = read_solver_param("solver.prototxt")
    param.test_iter[:] = [test_iter]
    for name, value in settings.items():
        setattr(param, name, value)
    return create_solver(param, Context(seed=1701, threads=1), optimize=True)


def test_it_learns_to_find_digits(there):
    with solver(2, max_iter=150, snapshot=0, snapshot_after_train=False, test_interval=50,
                show_per_class_result=True) as made:
        made.solve()
        found = dict(made.test())
    assert found["class1"][0] > 0.4 and found["class2"][0] > 0.4  # the digits 0 and 1


def test_boxes_are_those_of_the_ink(there):
    """The same record has the same bytes, and a box holds all of its digit's ink."""
    made = script()
    one, again = (next(made.records(1, 7, MNIST, test=False)) for _ in range(2))
    assert one == again and one.annotation_group
    random = np.random.default_rng(1)
    canvas = np.full((100, 120, 3), 200, np.uint8)
    digit = np.zeros((28, 28), np.uint8)
    digit[4:24, 10:16] = 255
    left, top, right, bottom = made.paste(random, canvas, digit, [])
    rows, columns = np.nonzero((canvas != 200).any(-1))
    assert (rows.min(), columns.min()) == (top, left)
    assert (rows.max() + 1, columns.max() + 1) == (bottom, right)
    whole = [(0, 0, 120, 100)]
    assert made.paste(random, canvas, digit, whole) is None


def test_a_resumed_training_is_the_uninterrupted_one(there):
    settings = {"max_iter": 4, "snapshot": 2, "test_interval": 2}
    with solver(1, **settings) as made:
        made.solve()
    whole = Path("digits_ssd_iter_4.caffemodel").read_bytes()
    with solver(1, **settings) as made:
        made.solve("digits_ssd_iter_2.solverstate")
    assert Path("digits_ssd_iter_4.caffemodel").read_bytes() == whole
