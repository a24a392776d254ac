import numpy as np
import pytest

from caffepy.data.course import Course, Worker
from caffepy.data.draws import stream_key
from caffepy.data.groups import Group, Mixture, Rounds, by_class
from caffepy.errors import ConfigError
from caffepy.proto.caffe_pb2 import TRAIN

MIX, KEY = stream_key(1, "mix"), stream_key(1, "shuffle")
A, B, C = range(7), range(7, 27), np.array([30, 40, 50])


def groups(*weights):
    return [Group(name, weight, records) for name, weight, records in zip(
        "ABC", weights, (A, B, C), strict=False)]


def drawn(mixture, count, start=0):
    return [mixture.index(place) for place in range(start, start + count)]


@pytest.mark.parametrize("weights, expected", [
    ((1, 3), (250, 750)), ((1, 2), (333, 667)), ((0.2, 0.5, 0.3), (200, 500, 300)),
    ((5, 5), (500, 500)), ((2, 2, 2), (333, 333, 333)),
])
def test_shares_of_every_block(weights, expected):
    made = groups(*weights)
    length = sum(expected)
    for start in (0, length, 7 * length):
        found = drawn(Mixture(made, MIX), length, start)
        counts = [np.isin(found, list(group.records)).sum() for group in made]
        assert tuple(counts) == expected


def test_records_of_a_group_come_in_rounds():
    for key in (None, KEY):
        found = np.array(drawn(Mixture(groups(1, 2), MIX, key), 3000))
        own = found[found < 7].tolist()
        turns = [own[i : i + 7] for i in range(0, len(own) - 6, 7)]
        assert all(sorted(turn) == list(A) for turn in turns)
        assert (len({tuple(turn) for turn in turns}) == 1) == (key is None)


def test_places_of_groups_are_anywhere_in_a_block():
    found = np.array(drawn(Mixture(groups(1, 3), MIX), 8000)) < 7
    assert abs(np.corrcoef(found[1:], found[:-1])[0, 1]) < 0.05  # standard deviation 0.011
    first, second = found[:1000], found[1000:2000]
    assert not np.array_equal(first, second)


def test_any_place_can_be_gone_to():
    mixture = Mixture(groups(1, 3, 0.5), MIX, KEY)
    whole = drawn(mixture, 3000)
    for place in (2999, 0, 1700, 3, 1000):
        assert Mixture(groups(1, 3, 0.5), MIX, KEY).index(place) == whole[place]


def test_classes_come_alike():
    labels = np.random.default_rng(1).choice(4, 500, p=[0.7, 0.2, 0.08, 0.02])
    found = drawn(Mixture(by_class(labels.tolist()), MIX, KEY), 4000)
    assert np.bincount(labels[found]).tolist() == [1000] * 4
    assert len(set(found)) == 500, "each record comes"


def test_more_classes_than_a_block_has_places():
    found = drawn(Mixture(by_class(range(1300)), MIX), 2600)
    assert sorted(found[:1300]) == list(range(1300)) == sorted(found[1300:])


def test_rounds_have_orders_of_their_own():
    rounds = Rounds(KEY)
    turns = [[rounds.index(turn * 9 + i, 9) for i in range(9)] for turn in range(20)]
    assert all(sorted(turn) == list(range(9)) for turn in turns)
    assert len({tuple(turn) for turn in turns}) == 20
    assert [Rounds().index(i, 9) for i in range(18)] == [*range(9)] * 2


def test_workers_share_out_what_one_would_read():
    def read(rank, size, batch):
        course = Course(Worker(TRAIN, 3, "data", rank, size), rand_skip=5, shuffle=True,
                        groups=groups(1, 2))
        found = []
        for _ in range(6):
            share = course.share(batch)
            found.append(share.indices(27))
            course.position = share.end
        return sum(found, [])

    whole = read(0, 1, 12)
    for size in (2, 3):
        parts = [read(rank, size, 12 // size) for rank in range(size)]
        assert [parts[i % size][i // size] for i in range(len(whole))] == whole


@pytest.mark.parametrize("weights, message", [
    ((1, 0), "weights of databases must be above 0 .found 1, 0"),
    ((1, -2), "must be above 0"),
    ((1, float("nan")), "must be above 0"),
    ((1, 10000), "so small that the database would never be read .found 1 for A"),
])
def test_weights_that_cannot_be(weights, message):
    with pytest.raises(ConfigError, match=message):
        Mixture(groups(*weights), MIX)
