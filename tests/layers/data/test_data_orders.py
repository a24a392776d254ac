"""Data: records of each round in another order, of several databases, of all classes alike."""

import numpy as np
import pytest
from recorded_data import make_db

from caffepy.core.context import Context
from caffepy.core.net import Net
from caffepy.data import datum
from caffepy.data.db import open_db
from caffepy.errors import ConfigError, DataError
from caffepy.proto import caffe_pb2, text
from caffepy.proto.caffe_pb2 import TEST, TRAIN

SEED = 3


def pairs(labels, first=0):
    """Gray records of one pixel, which is the number of the record."""
    return [(b"%05d" % i, datum.from_array(np.full((1, 1, 1), first + i, np.uint8), label)
             .SerializeToString()) for i, label in enumerate(labels)]


def net(words, phase=TRAIN, seed=SEED, rank=0, size=1, kind="Data"):
    param = caffe_pb2.NetParameter()
    text.parse(f'layer {{ name: "d" type: "{kind}" top: "data" top: "label" {words} }}', param)
    return Net(param, phase, context=Context(seed=seed, rank=rank, size=size))


def numbers(made, count=6):
    """The numbers of the records that come, and their labels."""
    found = []
    for _ in range(count):
        made.forward()
        found += zip(made.blobs["data"].data.ravel().astype(int).tolist(),
                     made.blobs["label"].data.astype(int).tolist(), strict=True)
    return found


@pytest.fixture(params=["lmdb", "leveldb"])
def backend(request):
    return request.param


def data_param(tmp_path, backend, words, labels=range(10), batch=4):
    path = tmp_path / "db"
    if not path.exists():
        make_db(path, pairs(labels), backend)
    return (f'data_param {{ source: "{path}" backend: {backend.upper()} batch_size: {batch} '
            f"{words} }}")


def test_shuffle(tmp_path, backend):
    words = data_param(tmp_path, backend, "shuffle: true", batch=5)
    found = [number for number, label in numbers(net(words), 8)]
    turns = [found[i : i + 10] for i in range(0, 40, 10)]
    assert all(sorted(turn) == list(range(10)) for turn in turns)
    assert len({tuple(turn) for turn in turns}) == 4
    again = net(words)
    assert [number for number, _ in numbers(again, 3)] == found[:15]
    again.layers[0].position = 25
    assert [number for number, _ in numbers(again, 3)] == found[25:]
    assert [number for number, _ in numbers(net(words, seed=4), 8)] != found
    for rank in (0, 1):
        part = data_param(tmp_path, backend, "shuffle: true", batch=4)
        own = [number for number, _ in numbers(net(part, rank=rank, size=2), 5)]
        assert own == found[rank::2]
    called = net(words).layers[0].called(range(10))
    assert called == [f"{number:05d}" for number in found[:10]]


def test_shuffle_orders_files_and_databases_alike(tmp_path):
    import cv2

    lines = []
    for i in range(10):
        cv2.imwrite(str(tmp_path / f"{i}.png"), np.full((1, 1), i, np.uint8))
        lines.append(f"{tmp_path}/{i}.png {i}\n")
    (tmp_path / "list").write_text("".join(lines))
    files = (f'image_data_param {{ source: "{tmp_path}/list" batch_size: 4 shuffle: true '
             "is_color: false }")
    words = data_param(tmp_path, "lmdb", "shuffle: true")
    assert numbers(net(files, kind="ImageData")) == numbers(net(words))


def test_mix(tmp_path, backend):
    make_db(tmp_path / "other", pairs([7] * 5, 100), "lmdb")
    words = data_param(tmp_path, backend, f'weight: 3 mix {{ source: "{tmp_path}/other" '
                                          'backend: LMDB weight: 1 }', batch=50)
    found = [number for number, _ in numbers(net(words), 20)]
    other = [number for number in found if number >= 100]
    assert len(other) == 250 and other == [100 + i % 5 for i in range(250)]
    own = [number for number in found if number < 100]
    assert own == [i % 10 for i in range(750)]
    again = net(words)
    again.layers[0].position = 800
    assert [number for number, _ in numbers(again, 4)] == found[800:]


def test_balance(tmp_path, backend):
    labels = [0] * 30 + [5] * 6 + [2] * 4
    words = data_param(tmp_path, backend, "balance: true shuffle: true", labels, batch=37)
    found = numbers(net(words), 27)  # a block of 999 records
    assert np.bincount([label for _, label in found]).tolist() == [333, 0, 333, 0, 0, 333]
    assert len({number for number, _ in found}) == 40
    assert all(labels[number] == label for number, label in found)
    made = net(words, TEST)
    assert len({label for _, label in numbers(made, 2)}) == 3


def test_balance_of_a_list(tmp_path):
    import cv2

    cv2.imwrite(str(tmp_path / "0.png"), np.zeros((1, 1), np.uint8))
    (tmp_path / "list").write_text(f"{tmp_path}/0.png 4\n" * 9 + f"{tmp_path}/0.png 1\n")
    words = (f'image_data_param {{ source: "{tmp_path}/list" batch_size: 100 balance: true '
             "is_color: false }")
    found = [label for _, label in numbers(net(words, kind="ImageData"), 10)]
    assert found.count(4) == found.count(1) == 500


def test_large_encoded_records_in_any_order(tmp_path):
    """Those that several threads decode, and whose labels are found without their pictures."""
    import cv2

    rng = np.random.default_rng(1)
    pictures = [rng.integers(0, 256, (60, 60, 3), np.uint8) for _ in range(6)]
    make_db(tmp_path / "db", [
        (b"%d" % i, caffe_pb2.Datum(encoded=True, label=i % 2, data=cv2.imencode(
            ".png", picture)[1].tobytes()).SerializeToString())
        for i, picture in enumerate(pictures)])
    made = net(f'data_param {{ source: "{tmp_path}/db" backend: LMDB batch_size: 6 '
               "shuffle: true balance: true }")
    made.forward()
    for data, label in zip(made.blobs["data"].data, made.blobs["label"].data, strict=True):
        (which,) = [i for i, picture in enumerate(pictures)
                    if np.array_equal(data, picture.transpose(2, 0, 1))]
        assert label == which % 2


def test_a_record_that_is_gone(tmp_path, backend):
    with open_db(make_db(tmp_path / "db", pairs(range(4)), backend), backend) as reader:
        assert list(reader.keys()) == [b"%05d" % i for i in range(4)]
        assert reader.look_up(b"00002") == pairs(range(4))[2][1]
        with pytest.raises(DataError, match="no record 'x' any more"):
            reader.look_up(b"x")


@pytest.mark.parametrize("words, message", [
    ("balance: true mix { source: 'x' }", "balance and mix exclude each other"),
    ("mix { weight: 2 }", "mix needs a source"),
    ("weight: 0 mix { source: 'OTHER' }", "must be above 0"),
])
def test_what_cannot_be(tmp_path, words, message):
    other = make_db(tmp_path / "other", pairs([1]))
    with pytest.raises(ConfigError, match=message):
        net(data_param(tmp_path, "lmdb", words.replace("OTHER", other)))


def test_an_empty_database_is_named(tmp_path):
    make_db(tmp_path / "none", [])
    with pytest.raises(DataError, match=r"none.*the database is empty"):
        net(data_param(tmp_path, "lmdb", f'mix {{ source: "{tmp_path}/none" }}'))
