"""Any source's records in batches: order, shares, rounds, positions; and the least of a source."""

import logging

import numpy as np
import pytest

from caffepy.data.batches import BatchMaker
from caffepy.data.course import Course, Worker
from caffepy.data.pictures import Pictures
from caffepy.data.recycle import Batch, Shelf, fitting
from caffepy.errors import DataError, ShapeError
from caffepy.proto import caffe_pb2
from caffepy.proto.caffe_pb2 import TEST, TRAIN

COUNT = 7


class Numbers(Pictures[int]):
    """Record i is a picture of i's, and its label is i: all that a source has to say."""

    def __init__(self, worker, count=COUNT, bad=None, **transform):
        super().__init__(caffe_pb2.TransformationParameter(**transform), worker)
        self.count, self.bad, self.closed = count, bad, False

    def record(self, index):
        return index

    def load(self, item):
        if item == self.bad:
            raise DataError("it is damaged")
        return np.full((1, 2 + (item == 99), 3), item, np.uint8), item

    def where(self, mark):
        return f"number {mark}"

    def close(self):
        super().close()
        self.closed = True


def maker(batch_size=3, phase=TRAIN, rand_skip=0, shuffle=False, source=Numbers, count=COUNT,
          **options):
    worker = Worker(phase, threads=1, **options)
    return BatchMaker(source(worker, count), worker, batch_size, rand_skip=rand_skip,
                      shuffle=shuffle)


def read(it, count):
    found = []
    for _ in range(count):
        batch = it.next()
        assert batch.data.shape == (len(batch.labels), 1, 2, 3)
        np.testing.assert_array_equal(batch.data[:, 0, 1, 2], batch.labels)
        found += batch.labels.astype(int).tolist()
        it.recycle(batch)
    return found


@pytest.fixture
def said(caplog, monkeypatch):
    monkeypatch.setattr(logging.getLogger("caffepy"), "propagate", True)
    caplog.set_level(logging.INFO, "caffepy")
    return lambda: [text for record, text in
                    {id(r): (r, r.getMessage()) for r in caplog.records}.values()]


def test_round_and_round(said):
    it = maker()
    assert it.shapes == [(3, 1, 2, 3), (3,)] and it.records == COUNT and it.position == 0
    assert read(it, 5) == [i % COUNT for i in range(15)]
    assert it.position == 15
    assert said() == ["Restarting data prefetching from start."] * 2


def test_a_batch_of_several_rounds_says_each(said):
    assert read(maker(20), 1) == [i % COUNT for i in range(20)]
    assert said() == ["Restarting data prefetching from start."] * 2


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("rand_skip", [0, 50])
@pytest.mark.parametrize("size", [2, 3])
def test_workers_share_one_sequence(shuffle, rand_skip, size):
    options = dict(shuffle=shuffle, rand_skip=rand_skip, seed=4, stream="s")
    whole = read(maker(6 * size, **options), 2)
    for rank in range(size):
        it = maker(6, rank=rank, size=size, **options)
        assert read(it, 2) == whole[rank::size]
        assert it.position == 12 * size
        assert read(maker(6, TEST, rank=rank, size=size, **options), 2) == whole[:12]


def test_each_round_has_an_order_of_its_own():
    rounds = np.reshape(read(maker(COUNT, shuffle=True, seed=3), 60), (60, COUNT))
    assert (np.sort(rounds) == np.arange(COUNT)).all()
    assert len(np.unique(rounds, axis=0)) > 50
    assert read(maker(1, shuffle=True, seed=3), COUNT) == rounds[0].tolist()
    assert read(maker(COUNT, shuffle=True, seed=4), 1) != rounds[0].tolist()
    assert read(maker(COUNT, shuffle=True, seed=3, stream="t"), 1) != rounds[0].tolist()


def test_what_is_left_out_is_left_out_once():
    starts = {read(maker(1, rand_skip=5, seed=seed), 1)[0] for seed in range(60)}
    assert starts == set(range(5))
    it = maker(COUNT, rand_skip=5, seed=1)
    first = it.next().labels[0]
    assert it.next().labels[0] == first


@pytest.mark.parametrize("position", [0, 3, 10, 10**12])
def test_going_elsewhere(position, said):
    options = dict(shuffle=True, rand_skip=9, seed=2)
    it, other = maker(**options), maker(**options)
    read(it, 4)
    it.seek(position)
    other.seek(position)
    assert read(it, 3) == read(other, 3)
    assert it.position == position + 9
    if position == 3:
        assert read(maker(3, **options), 4)[3:] == read(_at(maker(3, **options), 3), 3)


def _at(it, position):
    it.seek(position)
    return it


def test_draws_belong_to_numbers():
    """Not to batches, workers, or records."""
    assert Worker(TRAIN, 5, "s").part == (0, 1)

    def columns(batch_size, rank=0, size=1, batches=1):
        one = Worker(TRAIN, 5, "s", rank, size, 1)

        class Ramps(Numbers):
            def load(self, item):
                return np.arange(90, dtype=np.uint8).reshape(1, 1, 90), item

        it = BatchMaker(Ramps(one, crop_size=1), one, batch_size)
        return [it.next().data[:, 0, 0, 0].tolist() for _ in range(batches)]

    whole = columns(12)[0]
    assert len(set(whole)) > 8
    assert sum(columns(3, batches=4), []) == whole
    assert columns(6, 1, 2)[0] == whole[1::2]


def test_errors_name_records_and_the_source_is_closed():
    worker, made = Worker(TRAIN, threads=1), []

    def bad(number):
        made.append(Numbers(worker, 101, number))
        return BatchMaker(made[-1], worker, 4)

    it = bad(6)
    it.next()
    with pytest.raises(DataError, match="number 6: it is damaged"):
        it.next()
    assert it.position == 4
    assert not made[-1].closed
    it.close()
    assert made[-1].closed
    with pytest.raises(DataError, match="number 0: it is damaged"):
        bad(0)
    assert made[-1].closed
    it = bad(None)
    it.seek(96)
    with pytest.raises(ShapeError, match="number 99: .*found 1 x 3 x 3; allowed: 1 x 2 x 3"):
        it.next()
    with pytest.raises(DataError, match="there are no records"):
        maker(count=0)


class Lists(Numbers):
    """Labels are lists: item i has i % 3 numbers. They go into one top, 1 x 1 x all x 2."""

    def load(self, item):
        picture, label = super().load(item)
        return picture, [label] * (item % 3)

    def label_shapes(self, label, count):
        return [(1, 1, len(label) * count, 2)]

    def finish(self, batch, labels, share):
        rows = [(place, value) for place, label in enumerate(labels) for value in label]
        batch.rest = [np.array(rows, np.float32).reshape(1, 1, -1, 2)]


def test_labels_of_any_length():
    it = maker(source=Lists)
    for _ in range(2):
        batch = it.next()
        it.recycle(batch)
    assert batch.rest[0].tolist() == [[[[1, 4], [2, 5], [2, 5]]]]
    again = it.next()
    assert again is batch and again.rest[0].shape == (1, 1, 1, 2)


def test_arrays_serve_again_if_they_fit():
    shelf = Shelf()
    first = shelf.take([(2, 3), (2,), (5, 1)])
    assert [a.shape for a in (first.data, *first.rest)] == [(2, 3), (2,), (5, 1)]
    labels = first.rest[0]
    shelf.give(first)
    again = shelf.take([(2, 3), (2,), (5, 1)])
    assert again is first and again.rest[0] is labels
    shelf.give(again)
    other = shelf.take([(2, 3), (2,), (6, 1)])
    assert other is first and [a.shape for a in other.rest] == [(2,), (6, 1)]
    shelf.give(other)
    assert shelf.take([(3, 3), (3,)]) is not first


def test_written_where_it_is_wanted():
    it, given = maker(), []

    def room(shapes):
        given.append(Batch(np.full(shapes[0], 9.0), fitting(shapes[1:])))
        return given[-1]

    assert it.next(room) is given[0]
    assert given[0].data.dtype == np.float64 and given[0].data[:, 0, 0, 0].tolist() == [0, 1, 2]


def test_shares_are_all_of_a_stretch():
    for size in (1, 2, 3):
        parts = []
        for rank in range(size):
            course = Course(Worker(TRAIN, 1, "s", rank, size), rand_skip=100)
            course.position = 11
            share = course.share(4)
            assert len(share) == len(share.places) == 4
            assert share.end == 11 + 4 * size
            left_out = share.stretch.stop - share.end
            assert [n + left_out for n in share.numbers] == list(share.places)
            parts += share.places
        assert sorted(parts) == list(share.stretch)
