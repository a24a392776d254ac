import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from caffepy.data.db import open_db
from caffepy.errors import DataError
from caffepy.proto import caffe_pb2
from caffepy.services.cifar import RECORD, TEST_FILES, TRAIN_FILES, convert, read
from caffepy.tools.convert_cifar_data import main

ROOT = Path(__file__).resolve().parents[2]
RNG = np.random.default_rng(1701)
EACH = 20  # records a file here; there are 10,000 in the real ones


def write(folder):
    """Six files of the real format; returns the records."""
    folder.mkdir(exist_ok=True, parents=True)
    records = RNG.integers(0, 256, (6 * EACH, RECORD), np.uint8)
    records[:, 0] = RNG.integers(0, 10, len(records))
    for i, name in enumerate(TRAIN_FILES + TEST_FILES):
        records[i * EACH : (i + 1) * EACH].tofile(folder / name)
    return records


def content(path, backend):
    with open_db(str(path), backend) as db:
        return list(db)


def expected(record):
    return caffe_pb2.Datum(channels=3, height=32, width=32, label=int(record[0]),
                           data=record[1:].tobytes()).SerializeToString()


@pytest.mark.parametrize("backend", ["lmdb", "leveldb"])
def test_the_installed_command(shell, tmp_path, backend):
    records = write(tmp_path / "in")
    done = shell("convert_cifar_data", "in", ".", backend)
    assert done.returncode == 0, done.stderr
    assert "Writing Training data" in done.stderr and "Writing Testing data" in done.stderr
    train = content(tmp_path / f"cifar10_train_{backend}", backend)
    test = content(tmp_path / f"cifar10_test_{backend}", backend)
    assert [key for key, _ in train] == [b"%05d" % i for i in range(5 * EACH)]
    assert [value for _, value in test] == [expected(r) for r in records[5 * EACH :]]
    in_order = [expected(r) for r in records[: 5 * EACH]]
    assert [value for _, value in train] != in_order
    assert sorted(value for _, value in train) == sorted(in_order)


def test_shuffling_can_be_turned_off_and_is_the_same_for_a_seed(call, tmp_path):
    records = write(tmp_path / "in")
    found = []
    for name, flag in (("a", "--noshuffle"), ("b", "--seed=5"), ("c", "--seed=5"), ("d", "")):
        (tmp_path / name).mkdir()
        done = call(main, *filter(None, [flag]), tmp_path / "in", tmp_path / name, "lmdb")
        assert done.exit_code == 0, done.output
        found.append([v for _, v in content(tmp_path / name / "cifar10_train_lmdb", "lmdb")])
    assert found[0] == [expected(r) for r in records[: 5 * EACH]]
    assert found[1] == found[2] != found[3]


def test_bad_input(call, tmp_path):
    write(tmp_path / "in")
    done = call(main, tmp_path / "in", tmp_path, "mdb")
    assert done.exit_code == 1 and "Did you mean lmdb?" in done.output
    last = tmp_path / "in" / TEST_FILES[0]
    last.write_bytes(last.read_bytes()[:-1])
    done = call(main, tmp_path / "in", tmp_path)
    assert done.exit_code == 1 and f"a multiple of {RECORD}" in done.output
    os.remove(last)
    done = call(main, tmp_path / "in", tmp_path)
    assert done.exit_code == 1 and "get_cifar10.sh" in done.output
    assert os.listdir(tmp_path) == ["in"]  # nothing is begun before all files are known
    done = call(main, tmp_path / "none", tmp_path)
    assert done.exit_code == 1 and "File not found" in done.output
    last.write_bytes(b"\x0a" * RECORD)
    with pytest.raises(DataError, match="label 10"):
        read(str(last))
    last.write_bytes(b"")
    with pytest.raises(DataError, match="0 bytes"):
        read(str(last))


def test_existing_databases_stay(tmp_path):
    write(tmp_path / "in")
    convert(str(tmp_path / "in"), str(tmp_path))
    before = content(tmp_path / "cifar10_train_lmdb", "lmdb")
    write(tmp_path / "in")
    with pytest.raises(DataError, match="name is taken"):
        convert(str(tmp_path / "in"), str(tmp_path))
    assert content(tmp_path / "cifar10_train_lmdb", "lmdb") == before


# -- scripts -----------------------------------------------------------------------------------

@pytest.fixture
def clone(tmp_path):
    """The parts of the repository that create_cifar10.sh needs, with a small CIFAR-10."""
    root = tmp_path / "a clone"
    for name in ("scripts/create_cifar10.sh", "scripts/common.sh", "scripts/python.sh"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes((ROOT / name).read_bytes())
    (root / "caffepy").symlink_to(ROOT / "caffepy")
    write(root / "data" / "cifar10")
    return root


def script(clone, *arguments, **environment):
    return subprocess.run(
        ["sh", str(clone / "scripts" / "create_cifar10.sh"), *arguments], cwd="/",
        capture_output=True, text=True,
        env={**os.environ, "PYTHON": sys.executable, **environment})


@pytest.mark.skipif(os.name != "posix", reason="needs a POSIX shell")
def test_create_cifar10(clone):
    data = clone / "data" / "cifar10"
    for arguments, backend in (([], "lmdb"), (["--backend=leveldb"], "leveldb"), ([], "lmdb")):
        done = script(clone, *arguments)
        assert done.returncode == 0, done.stderr
        assert len(content(data / f"cifar10_train_{backend}", backend)) == 5 * EACH
        assert (data / "mean.binaryproto").stat().st_size > 12288
    assert len(os.listdir(data)) == 6 + 4 + 1
    done = script(clone, "--backend", "mdb")
    assert done.returncode == 1 and "unknown backend mdb" in done.stderr
    (data / "test_batch.bin").write_bytes(b"bad")
    done = script(clone)
    assert done.returncode == 1 and "test_batch.bin" in done.stderr
    assert len(content(data / "cifar10_train_lmdb", "lmdb")) == 5 * EACH
    os.remove(data / "test_batch.bin")
    done = script(clone)
    assert done.returncode == 1 and "run data/cifar10/get_cifar10.sh" in done.stderr
