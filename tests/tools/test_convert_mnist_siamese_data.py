import struct

import numpy as np
import pytest

from caffepy.data.db import open_db
from caffepy.errors import DataError, NotFound
from caffepy.proto import caffe_pb2
from caffepy.services.mnist_pairs import convert
from caffepy.tools.convert_mnist_siamese_data import main

RNG = np.random.default_rng(1701)
PICTURES = RNG.integers(0, 256, (200, 5, 4), np.uint8)
LABELS = RNG.integers(0, 10, 200, np.uint8)


def write(folder, labels=LABELS):
    images, names = folder / "images", folder / "labels"
    images.write_bytes(struct.pack(">4I", 2051, *PICTURES.shape) + PICTURES.tobytes())
    names.write_bytes(struct.pack(">2I", 2049, len(labels)) + labels.tobytes())
    return str(images), str(names)


def content(path, backend):
    with open_db(str(path), backend) as db:
        return [(key, caffe_pb2.Datum.FromString(value)) for key, value in db]


def test_pairs_by_the_installed_command(shell, tmp_path):
    done = shell("convert_mnist_siamese_data", *write(tmp_path), "db")
    assert done.returncode == 0, done.stderr
    records = content(tmp_path / "db", "leveldb")
    assert [key for key, _ in records] == [b"%08d" % i for i in range(200)]
    index = {picture.tobytes(): i for i, picture in enumerate(PICTURES)}
    seen = set()
    for _, datum in records:
        assert (datum.channels, datum.height, datum.width) == (2, 5, 4)
        first, second = index[datum.data[:20]], index[datum.data[20:]]
        assert datum.label == (LABELS[first] == LABELS[second])
        seen |= {first, second}
    assert len(seen) > 150
    assert 0 < sum(datum.label for _, datum in records) < 60  # about one in ten


def test_backend_and_seed(call, tmp_path):
    files = write(tmp_path)
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        assert call(main, *files, tmp_path / name, "--backend=lmdb", f"-seed={seed}").exit_code == 0
    a, b, c = (content(tmp_path / name, "lmdb") for name in "abc")
    assert a == b != c


def test_bad_input(call, tmp_path):
    with pytest.raises(NotFound, match="get_mnist.sh"):
        convert("nowhere", "nowhere", str(tmp_path / "db"))
    images, _ = write(tmp_path)
    with pytest.raises(DataError, match="found 199 labels for 200 pictures"):
        convert(*write(tmp_path, LABELS[:199]), str(tmp_path / "db"))
    done = call(main, images, images, tmp_path / "db")
    assert done.exit_code == 1 and "wrong magic number" in done.output
    (tmp_path / "db").mkdir()
    done = call(main, *write(tmp_path), tmp_path / "db")
    assert done.exit_code == 1 and "name is taken" in done.output
