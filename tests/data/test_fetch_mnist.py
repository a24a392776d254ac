"""data/mnist/fetch.py, without a network."""

import gzip
import hashlib
import importlib.util
import io
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).resolve().parents[2] / "data" / "mnist"
FILES = {
    "train-images-idx3-ubyte": b"train pictures",
    "train-labels-idx1-ubyte": b"train labels",
    "t10k-images-idx3-ubyte": b"test pictures",
    "t10k-labels-idx1-ubyte": b"test labels",
}


@pytest.fixture
def fetch(tmp_path, monkeypatch):
    """The module, with its folder elsewhere and files of other content."""
    spec = importlib.util.spec_from_file_location("fetch_mnist", FOLDER / "fetch.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "HERE", tmp_path)
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in FILES.items()}
    monkeypatch.setattr(module, "FILES", hashes)
    return module


def content(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_sources_are_tried_in_turn_until_all_is_right(fetch, tmp_path, capsys):
    asked = []

    def broken(missing):
        asked.append(("broken", set(missing)))
        raise OSError("no network")

    def half(missing):
        asked.append(("half", set(missing)))
        yield "train-labels-idx1-ubyte", FILES["train-labels-idx1-ubyte"]
        yield "t10k-labels-idx1-ubyte", b"something else"
        raise AssertionError("not to be reached")

    def whole(missing):
        asked.append(("whole", set(missing)))
        yield from FILES.items()

    fetch.SOURCES = {"A": broken, "B": half, "C": whole, "D": broken}
    assert fetch.main() == 0
    assert content(tmp_path) == FILES
    rest = set(FILES) - {"train-labels-idx1-ubyte"}
    assert asked == [("broken", set(FILES)), ("half", set(FILES)), ("whole", rest)]
    said = capsys.readouterr().out
    assert "did not work (no network)" in said
    assert "t10k-labels-idx1-ubyte has another SHA-256" in said


def test_files_that_are_right_are_left_alone_and_wrong_ones_replaced(fetch, tmp_path):
    for name, data in FILES.items():
        (tmp_path / name).write_bytes(data)
    fetch.SOURCES = {}
    assert fetch.main() == 0
    (tmp_path / "t10k-images-idx3-ubyte").write_bytes(b"cut sho")
    fetch.SOURCES = {"A": lambda missing: [(name, FILES[name]) for name in missing]}
    before = os.stat(tmp_path / "train-images-idx3-ubyte").st_mtime_ns
    assert fetch.main() == 0
    assert content(tmp_path) == FILES
    assert os.stat(tmp_path / "train-images-idx3-ubyte").st_mtime_ns == before


def test_when_all_fail_each_reason_is_told(fetch, tmp_path, capsys):
    def broken(missing):
        raise OSError("no network")

    fetch.SOURCES = {"A": broken, "B": broken}
    assert fetch.main() == 1
    said = capsys.readouterr().err
    assert "A: no network" in said and "B: no network" in said and "t10k-images" in said
    assert content(tmp_path) == {}


def old_pickle(arrays):
    """NumPy's module has the name that it had when mnist.pkl.gz was written."""
    return pickle.dumps(arrays, protocol=3).replace(b"numpy._core", b"numpy.core")


def test_the_pickle_gives_the_files(fetch):
    rng = np.random.default_rng(0)
    parts, pixels, labels = [], [], []
    for count in (5, 3, 2):
        pixels.append(rng.integers(0, 256, (count, 784), np.uint8))
        labels.append(rng.integers(0, 10, count))
        parts.append((pixels[-1].astype(np.float32) / 256, labels[-1]))
    files = dict(fetch.from_pickle(gzip.compress(old_pickle(tuple(parts)))))
    head = bytes([0, 0, 8, 3, 0, 0, 0, 8, 0, 0, 0, 28, 0, 0, 0, 28])
    assert files["train-images-idx3-ubyte"] == head + pixels[0].tobytes() + pixels[1].tobytes()
    assert files["t10k-labels-idx1-ubyte"] == bytes([0, 0, 8, 1, 0, 0, 0, 2, *labels[2]])
    assert len(files) == 4


class Evil:
    def __reduce__(self):
        return os.system, ("echo harm",)


@pytest.mark.parametrize("thing", [Evil(), np.load, subprocess.run])
def test_a_pickle_of_anything_but_arrays_is_refused(fetch, thing, capfd):
    with pytest.raises(pickle.UnpicklingError, match="not admitted"):
        fetch.ArraysOnly(io.BytesIO(pickle.dumps(thing)), encoding="latin1").load()
    assert "harm" not in capfd.readouterr().out


@pytest.mark.skipif(os.name != "posix", reason="needs a POSIX shell")
def test_the_shell_script_runs_the_fetcher_from_any_folder(tmp_path):
    script = tmp_path / "data" / "mnist" / "get_mnist.sh"
    script.parent.mkdir(parents=True)
    script.write_text((FOLDER / "get_mnist.sh").read_text())
    (tmp_path / "scripts").mkdir()
    shared = FOLDER.parent.parent / "scripts" / "python.sh"
    (tmp_path / "scripts" / "python.sh").write_text(shared.read_text())
    (script.parent / "fetch.py").write_text("import sys; print('fetching', len(sys.argv))")
    environment = {**os.environ, "PYTHON": sys.executable}
    done = subprocess.run(["sh", str(script)], cwd="/", env=environment, capture_output=True,
                          text=True)
    assert (done.returncode, done.stdout) == (0, "fetching 1\n")
    environment["PYTHON"] = "no-such-python"
    done = subprocess.run(["sh", str(script)], env=environment, capture_output=True, text=True)
    assert done.returncode == 1 and "there is no no-such-python" in done.stderr
