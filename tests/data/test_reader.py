import logging
import threading

import numpy as np
import pytest
from google.protobuf import text_format
from recorded_data import CASES, FOLDER, make_db, records

from caffepy.data import datum
from caffepy.data.batches import BatchMaker
from caffepy.data.course import Worker
from caffepy.data.prefetch import Prefetcher
from caffepy.data.reader import DatumReader, Datums
from caffepy.errors import ConfigError, DataError, NotFound, ShapeError
from caffepy.proto import caffe_pb2
from caffepy.proto.caffe_pb2 import TEST, TRAIN

with np.load(FOLDER / "batches.npz") as _file:
    BATCHES = dict(_file)
BACKENDS = ["lmdb", "leveldb"]
RNG = np.random.default_rng(1701)
PICTURES = RNG.integers(0, 256, (10, 1, 4, 5), np.uint8)
PAIRS = [
    (b"%08d" % i, datum.from_array(picture, i).SerializeToString())
    for i, picture in enumerate(PICTURES)
]


@pytest.fixture
def messages(caplog):
    """What the readers logged, but for databases that were opened."""
    logger = logging.getLogger("caffepy.data")
    caplog.set_level(logging.INFO, logger.name)
    logger.addHandler(caplog.handler)
    yield lambda: [text for text in dict.fromkeys(
        (id(record), record.getMessage()) for record in caplog.records
        if record.name.startswith(logger.name)) if not text[1].startswith("Opened ")]
    logger.removeHandler(caplog.handler)


def source(path, text="", batch_size=4, phase=TRAIN, backend="LMDB", rand_skip=0, **options):
    worker = Worker(phase, **options)
    records = Datums(caffe_pb2.DataParameter(source=str(path), backend=backend),
                     text_format.Parse(text, caffe_pb2.TransformationParameter()), worker)
    return BatchMaker(records, worker, batch_size, rand_skip=rand_skip)


def numbers(it, batches):
    return [it.next().labels.astype(int).tolist() for _ in range(batches)]


@pytest.mark.parametrize("case", sorted({name.split("/")[0] for name in BATCHES}))
def test_recorded_batches(case, tmp_path):
    for name in CASES:
        make_db(tmp_path / name, records(name), "leveldb" if name == "leveldb" else "lmdb")
    text = str(BATCHES[f"{case}/prototxt"])
    text = text.replace("DB/", f"{tmp_path}/").replace("DATA/", f"{FOLDER}/")
    layer = text_format.Parse(text, caffe_pb2.NetParameter()).layer[0]
    it = BatchMaker(Datums(layer.data_param, layer.transform_param, Worker(TEST)), Worker(TEST),
                    layer.data_param.batch_size)
    assert it.shape == BATCHES[f"{case}/data"].shape[1:]
    for data, labels in zip(BATCHES[f"{case}/data"], BATCHES[f"{case}/label"], strict=True):
        batch = it.next()
        np.testing.assert_allclose(batch.data, data, rtol=1e-6, atol=1e-6)
        np.testing.assert_array_equal(batch.labels, labels)
        assert batch.data.dtype == batch.labels.dtype == np.float32
    it.close()


@pytest.mark.parametrize("backend", BACKENDS)
def test_records_go_round_and_say_so(tmp_path, backend, messages):
    reader = DatumReader(make_db(tmp_path / "db", PAIRS, backend), backend)
    assert reader.peek() == PAIRS[0] and reader.place == 0
    assert reader.take(4) + reader.take(5) == PAIRS[:9]
    assert [text for _, text in messages()] == []
    assert reader.take(12) == (PAIRS * 3)[9:21]
    assert [text for _, text in messages()] == ["Restarting data prefetching from start."] * 2
    assert reader.place == 21
    reader.close()


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("place", [0, 2, 7, 9, 10, 23, 10**9 + 3])
@pytest.mark.parametrize("counts", [True, False])
def test_seek(tmp_path, backend, place, counts, messages, monkeypatch):
    """Forward and back, whether the database knows how many records it has or not."""
    reader = DatumReader(make_db(tmp_path / "db", PAIRS, backend), backend)
    if not counts:
        monkeypatch.setattr(type(reader._db), "entries", None)
    reader.take(3)
    for _ in range(2):
        reader.seek(place)
        assert reader.place == place
        assert reader.take(2) == [PAIRS[(place + i) % 10] for i in range(2)]
    passed = [text for _, text in messages()]
    assert passed == ["Restarting data prefetching from start."] * 2 * (place % 10 in (8, 9))
    reader.seek(place + 7)
    assert reader.take(1) == [PAIRS[(place + 7) % 10]]
    reader.advance(10)
    assert reader.take(1) == [PAIRS[(place + 8) % 10]] and reader.place == place + 19
    reader.close()


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("size", [2, 3, 4])
def test_ranks_take_turns(tmp_path, backend, size):
    path = make_db(tmp_path / "db", PAIRS, backend)
    for rank in range(size):
        it = source(path, batch_size=3, backend=backend.upper(), rank=rank, size=size)
        got = sum(numbers(it, 4), [])
        assert got == [(rank + i * size) % 10 for i in range(12)]
        assert it.position == 12 * size
        it.seek(3 * size)
        assert sum(numbers(it, 3), []) == got[3:]
        it.close()


@pytest.mark.parametrize("size", [1, 3])
def test_each_round_is_said_by_every_worker(tmp_path, size, messages):
    """When all have come through it."""
    it = source(make_db(tmp_path / "db", PAIRS), batch_size=2, size=size)
    said = []
    for _ in range(10):
        before = len(messages())
        it.next()
        said.append(len(messages()) - before)
    at = [2 * size * i // 10 for i in range(11)]
    assert said == [after - before for before, after in zip(at, at[1:], strict=False)]
    it.close()


def test_in_test_every_rank_sees_all(tmp_path):
    path = make_db(tmp_path / "db", PAIRS)
    assert numbers(source(path, phase=TEST, rank=1, size=2), 2) == [[0, 1, 2, 3], [4, 5, 6, 7]]
    assert numbers(source(path, phase=TRAIN, rank=1, size=2), 2) == [[1, 3, 5, 7], [9, 1, 3, 5]]


def test_a_resumed_run_sees_the_same_batches(tmp_path):
    path = make_db(tmp_path / "db", PAIRS)
    options = dict(text="crop_size: 3 mirror: true scale: 0.1", rand_skip=9, seed=3, stream="data")
    whole = source(path, **options)
    batches = [whole.next() for _ in range(7)]
    resumed = source(path, **options)
    resumed.seek(batches[2].position)
    assert resumed.position == 12
    for expected in batches[3:]:
        batch = resumed.next()
        np.testing.assert_array_equal(batch.data, expected.data)
        np.testing.assert_array_equal(batch.labels, expected.labels)
        assert batch.position == expected.position


def test_pictures_do_not_depend_on_batches_and_ranks(tmp_path):
    path = make_db(tmp_path / "db", PAIRS)
    text = "crop_size: 3 mirror: true"
    whole = source(path, text, batch_size=12, seed=5).next().data
    it = source(path, text, batch_size=3, seed=5)
    np.testing.assert_array_equal(np.concatenate([it.next().data for _ in range(4)]), whole)
    for rank in range(2):
        part = source(path, text, batch_size=6, seed=5, rank=rank, size=2).next().data
        np.testing.assert_array_equal(part, whole[rank::2])


def jpegs(count, side=80):
    """Encoded records, too large to be decoded in one go; the label is the number."""
    import cv2

    noise = np.random.default_rng(5).integers(0, 256, (count, side, side, 3), np.uint8)
    return [(b"%08d" % i, caffe_pb2.Datum(data=cv2.imencode(".jpg", picture)[1].tobytes(),
                                          encoded=True, label=i).SerializeToString())
            for i, picture in enumerate(noise)]


@pytest.mark.parametrize("threads", [2, 3])
def test_pictures_do_not_depend_on_the_threads_that_decode(tmp_path, threads):
    path = make_db(tmp_path / "db", jpegs(10))
    options = dict(text="crop_size: 61 mirror: true", batch_size=7, seed=3)
    alone, several = source(path, threads=1, **options), source(path, threads=threads, **options)
    batches = []
    for _ in range(4):
        expected, batch = alone.next(), several.next()
        np.testing.assert_array_equal(batch.data, expected.data)
        np.testing.assert_array_equal(batch.labels, expected.labels)
        assert batch.position == expected.position
        batches.append(expected)
    assert len([t for t in threading.enumerate() if t.name.startswith("decode")]) >= 2
    several.seek(batches[0].position)
    np.testing.assert_array_equal(several.next().data, batches[1].data)
    alone.close(), several.close()
    assert not [t for t in threading.enumerate() if t.name.startswith("decode")]


@pytest.mark.parametrize("threads", [1, 2])
def test_the_first_bad_record_is_named_whoever_decodes(tmp_path, threads):
    pairs = jpegs(10)
    for i in (4, 5):
        message = caffe_pb2.Datum(data=b"no picture" * 500, encoded=True)
        pairs[i] = pairs[i][0], message.SerializeToString()
    it = source(make_db(tmp_path / "db", pairs), batch_size=8, threads=threads)
    with pytest.raises(DataError, match="record '00000004' of .*not a picture"):
        it.next()
    it.close()


@pytest.mark.parametrize("backend", BACKENDS)
def test_large_records_are_read_one_by_one(tmp_path, backend):
    pictures = RNG.integers(0, 256, (5, 3, 150, 150), np.uint8)
    pairs = [(b"%d" % i, datum.from_array(picture, i).SerializeToString())
             for i, picture in enumerate(pictures)]
    path = make_db(tmp_path / "db", pairs, backend)
    it = source(path, batch_size=3, backend=backend.upper())
    taken = []
    reader = it._source._reader
    take = reader.take
    reader.take = lambda count: taken.append(count) or take(count)
    for start in (0, 3, 6):
        batch = it.next()
        at = np.arange(start, start + 3) % 5
        np.testing.assert_array_equal(batch.data, pictures[at])
        np.testing.assert_array_equal(batch.labels, at)
        assert batch.position == start + 3
    assert taken == [1] * 9
    it.close()
    ranks = [source(path, batch_size=2, backend=backend.upper(), rank=r, size=2) for r in (0, 1)]
    assert [numbers(it, 2) for it in ranks] == [[[0, 2], [4, 1]], [[1, 3], [0, 2]]]


def test_rand_skip_depends_on_the_seed(tmp_path):
    path = make_db(tmp_path / "db", PAIRS)
    first = {numbers(source(path, rand_skip=10, seed=seed), 1)[0][0] for seed in range(40)}
    assert len(first) > 7 and first <= set(range(10))
    again = [numbers(source(path, rand_skip=10, seed=8), 1) for _ in range(2)]
    assert again[0] == again[1]


def test_recycled_arrays_serve_again(tmp_path):
    it = source(make_db(tmp_path / "db", PAIRS))
    first = it.next()
    kept = first.data.copy()
    second = it.next()
    assert second.data is not first.data
    np.testing.assert_array_equal(first.data, kept)
    it.recycle(first)
    third = it.next()
    assert third is first and third.position == 12
    np.testing.assert_array_equal(third.data, np.take(PICTURES, range(8, 12), 0, mode="wrap"))


def test_behind_a_prefetcher(tmp_path):
    it = source(make_db(tmp_path / "db", PAIRS), batch_size=3)
    with Prefetcher(it.next, 4) as prefetcher:
        labels, arrays = [], set()
        for i in range(50):
            batch = prefetcher.get()
            assert batch.position == 3 * (i + 1)
            labels += batch.labels.astype(int).tolist()
            arrays.add(id(batch.data))
            it.recycle(batch)
        assert labels == [i % 10 for i in range(150)]
        assert len(arrays) <= 6, "four ahead, one being made, one in use"
        prefetcher.stop()
        it.seek(6)
        assert prefetcher.get().labels[0] == 6
    it.close()


def test_two_threads_two_sources_one_database(tmp_path):
    path = make_db(tmp_path / "db", PAIRS)
    expected = numbers(source(path), 50)
    got = []
    threads = [threading.Thread(target=lambda: got.append(numbers(source(path), 50)))
               for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == [expected] * 3


def test_batches_may_differ_in_size_but_not_pictures_of_one(tmp_path):
    sizes = [(4, 5), (4, 5), (6, 3), (6, 3), (6, 4), (4, 5)]
    pairs = [(b"%02d" % i, datum.from_array(np.zeros((1, *size), np.uint8)).SerializeToString())
             for i, size in enumerate(sizes)]
    path = make_db(tmp_path / "db", pairs)
    it = source(path, batch_size=2)
    assert it.shape == (2, 1, 4, 5)
    first = it.next()
    assert first.data.shape == (2, 1, 4, 5)
    it.recycle(first)
    assert it.next().data.shape == (2, 1, 6, 3)
    with pytest.raises(ShapeError, match=r"record '05' of .*db: .*found 1 x 4 x 5.*1 x 6 x 4"):
        it.next()


def test_a_damaged_record_is_named(tmp_path):
    path = make_db(tmp_path / "db", [*PAIRS[:5], (b"bad\xff", b"\xff\xff\xff")])
    it = source(path, batch_size=2)
    it.next(), it.next()
    with pytest.raises(DataError, match=r"record 'bad\\\\xff' of .*db: the record is damaged"):
        it.next()


def test_a_transformation_that_does_not_fit_names_the_record(tmp_path):
    path = make_db(tmp_path / "db", PAIRS)
    with pytest.raises(ShapeError, match="record '00000000' of .*smaller than crop_size"):
        source(path, "crop_size: 6")


def test_an_empty_database(tmp_path):
    for backend in BACKENDS:
        path = make_db(tmp_path / backend, [], backend)
        with pytest.raises(DataError, match="database is empty"):
            source(path, backend=backend.upper())


def test_fields_that_are_missing(tmp_path):
    with pytest.raises(ConfigError, match="source"):
        source("")
    with pytest.raises(NotFound, match="no such database"):
        source(tmp_path / "nowhere")


def test_force_color_on_plain_datums_warns(tmp_path, messages):
    path = make_db(tmp_path / "db", PAIRS)
    source(path, "force_color: true")
    assert ["do nothing" in text for _, text in messages()] == [True]
    path = make_db(tmp_path / "encoded", records("encoded"))
    assert source(path, "force_gray: true").shape == (4, 1, 32, 32)
    assert len(messages()) == 1


def test_a_failed_source_lets_go_of_its_database(tmp_path):
    from caffepy.data.db_lmdb import _environments

    path = make_db(tmp_path / "db", PAIRS)
    with pytest.raises(ShapeError):
        source(path, "crop_size: 6")
    assert path not in _environments._handles


def test_reading_after_close_is_an_error(tmp_path):
    for backend in BACKENDS:
        it = source(make_db(tmp_path / backend, PAIRS, backend), backend=backend.upper())
        it.close()
        with pytest.raises(RuntimeError, match="closed"):
            it.next()
