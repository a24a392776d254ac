import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from caffepy.data.db import open_db
from caffepy.errors import DataError, NotFound
from caffepy.proto import caffe_pb2
from caffepy.services.mnist import convert, read_idx

ROOT = Path(__file__).resolve().parents[2]
RNG = np.random.default_rng(1701)
PICTURES = RNG.integers(0, 256, (12, 5, 4), np.uint8)
LABELS = bytes(RNG.integers(0, 10, 12, np.uint8))
posix = pytest.mark.skipif(os.name != "posix", reason="needs a POSIX shell")


def write(folder, prefix, pictures=PICTURES, labels=LABELS):
    folder.mkdir(parents=True, exist_ok=True)
    images, names = folder / f"{prefix}-images-idx3-ubyte", folder / f"{prefix}-labels-idx1-ubyte"
    images.write_bytes(struct.pack(">4I", 2051, *pictures.shape) + pictures.tobytes())
    names.write_bytes(struct.pack(">2I", 2049, len(labels)) + labels)
    return str(images), str(names)


def check(path, backend):
    with open_db(str(path), backend) as db:
        records = list(db)
    assert [key for key, _ in records] == [b"%08d" % i for i in range(12)]
    for (_, value), picture, label in zip(records, PICTURES, LABELS, strict=True):
        datum = caffe_pb2.Datum(channels=1, height=5, width=4, data=picture.tobytes(), label=label)
        assert value == datum.SerializeToString()


def tool(*arguments, **options):
    return subprocess.run(
        [sys.executable, str(ROOT / "tools" / "convert_mnist_data"), *map(str, arguments)],
        capture_output=True, text=True, **options,
    )


@pytest.mark.parametrize("flags, backend", [
    ([], "lmdb"), (["-backend=leveldb"], "leveldb"), (["--backend", "lmdb"], "lmdb"),
])
def test_the_command(tmp_path, flags, backend):
    done = tool(*flags, *write(tmp_path, "train"), "db", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    texts = [line.partition("] ")[2] for line in done.stderr.splitlines()]
    assert texts == ["A total of 12 items.", "Rows: 5 Cols: 4", "Processed 12 files."]
    check(tmp_path / "db", backend)


def test_a_label_above_127_and_zero_are_written_as_the_original_does(tmp_path):
    labels = bytes([0, 200])
    convert(*write(tmp_path, "train", PICTURES[:2], labels), str(tmp_path / "db"))
    with open_db(str(tmp_path / "db"), "lmdb") as db:
        values = [value for _, value in db]
    assert values[0].endswith(b"\x28\x00") and values[1].endswith(b"\x28\xc8\x01")


def test_an_existing_database_stays_as_it_was(tmp_path):
    files = write(tmp_path, "train")
    convert(*files, str(tmp_path / "db"))
    done = tool(*files, "db", cwd=tmp_path)
    assert done.returncode == 1 and "name is taken" in done.stderr
    assert "Traceback" not in done.stderr
    check(tmp_path / "db", "lmdb")


def header(*numbers):
    return struct.pack(f">{len(numbers)}I", *numbers)


@pytest.mark.parametrize("content, text", [
    (b"", "wrong magic number"),
    (header(2049, 1) + b"x", "found 2049; allowed: 2051.*picture file comes first"),
    (b"\x1f\x8b\x08\x00rest", "Unpack it first"),
    (header(2051, 2), "ends in its header.*found 8 bytes"),
    (header(2051, 2, 2, 2) + b"1234567", "found 23 bytes for 2 x 2 x 2; allowed: 24"),
    (header(2051, *[2**32 - 1] * 3) + b"1", "does not fit its header"),
])
def test_bad_files(tmp_path, content, text):
    path = tmp_path / "images"
    path.write_bytes(content)
    with pytest.raises(DataError, match=f"images: .*{text}"):
        read_idx(str(path), 2051, 3)


def test_counts_must_agree_and_files_exist(tmp_path):
    images, labels = write(tmp_path, "train", PICTURES, LABELS[:11])
    with pytest.raises(DataError, match="found 11 labels for 12 pictures"):
        convert(images, labels, str(tmp_path / "db"))
    with pytest.raises(NotFound, match="nowhere: there is no such file.*get_mnist.sh"):
        convert("nowhere", labels, str(tmp_path / "db"))
    assert not (tmp_path / "db").exists()


@pytest.fixture
def clone(tmp_path):
    """The parts of the repository that the scripts need, with a small MNIST."""
    root = tmp_path / "a clone"
    for name in ("create_mnist.sh", "train_lenet.sh", "common.sh", "python.sh"):
        name = f"scripts/{name}"
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, root / name)
    (root / "caffepy").symlink_to(ROOT / "caffepy")
    write(root / "data" / "mnist", "train")
    write(root / "data" / "mnist", "t10k")
    return root


def script(clone, name, *arguments, **environment):
    return subprocess.run(
        ["sh", str(clone / "scripts" / name), *arguments], cwd="/", capture_output=True, text=True,
        env={**os.environ, "PYTHON": sys.executable, **environment},
    )


@posix
@pytest.mark.parametrize("arguments, environment, backend", [
    ([], {}, "lmdb"),
    (["--backend", "leveldb"], {}, "leveldb"),
    (["-backend=leveldb"], {}, "leveldb"),
    ([], {"BACKEND": "leveldb"}, "leveldb"),
])
def test_create_mnist(clone, arguments, environment, backend):
    for _ in range(2):  # the second time over the first one's
        done = script(clone, "create_mnist.sh", *arguments, **environment)
        assert done.returncode == 0, done.stderr
    for part in ("train", "test"):
        check(clone / "data" / "mnist" / f"mnist_{part}_{backend}", backend)
    assert len(os.listdir(clone / "data" / "mnist")) == 6


@posix
def test_create_mnist_stops_at_the_first_error(clone):
    done = script(clone, "create_mnist.sh")
    data = clone / "data" / "mnist"
    (data / "train-labels-idx1-ubyte").write_bytes(b"bad")
    done = script(clone, "create_mnist.sh")
    assert done.returncode == 1 and "mnist_train_lmdb could not be made" in done.stderr
    check(data / "mnist_train_lmdb", "lmdb")
    os.remove(data / "t10k-images-idx3-ubyte")
    done = script(clone, "create_mnist.sh")
    assert done.returncode == 1
    assert "t10k-images-idx3-ubyte is missing; run data/mnist/get_mnist.sh" in done.stderr
    assert "unknown backend hdf5" in script(clone, "create_mnist.sh", "--backend=hdf5").stderr
    assert "needs a value" in script(clone, "create_mnist.sh", "--backend").stderr
    assert "unknown argument x" in script(clone, "create_mnist.sh", "x").stderr


@posix
def test_train_lenet(clone):
    done = script(clone, "train_lenet.sh")
    assert done.returncode == 1 and "scripts/create_mnist.sh" in done.stderr
    assert script(clone, "create_mnist.sh").returncode == 0
    python = clone / "python"
    python.write_text('#!/bin/sh\n[ "$1" = -c ] || { pwd; echo "$@"; }\n')
    python.chmod(0o755)
    done = script(clone, "train_lenet.sh", "--snapshot", "a b", PYTHON=str(python))
    assert done.stdout.splitlines() == [
        str(clone),
        "-m caffepy train --solver=models/lenet/lenet_solver.prototxt --snapshot a b",
    ]
