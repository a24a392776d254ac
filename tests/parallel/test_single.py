import inspect

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from caffepy.parallel.base import Communicator
from caffepy.parallel.single import Single

CALLS = ("broadcast", "average", "abort")


def test_one_worker_has_its_own_mean():
    alone, array = Single(), np.arange(3.0)
    assert (alone.rank, alone.size, alone.root) == (0, 1, True)
    alone.broadcast(array)
    alone.average(array)
    alone.abort(ValueError())
    alone.close()
    assert_array_equal(array, np.arange(3.0))


@pytest.mark.parametrize("name", CALLS)
def test_signatures_are_the_contract_s(name):
    assert inspect.signature(getattr(Single, name)) == inspect.signature(
        getattr(Communicator, name))


def test_the_contract_itself_does_nothing():
    for name in CALLS:
        with pytest.raises(NotImplementedError, match=name):
            getattr(Communicator(), name)(np.zeros(1))


def test_only_the_first_worker_is_root():
    other = Single()
    other.rank = 1
    assert not other.root
