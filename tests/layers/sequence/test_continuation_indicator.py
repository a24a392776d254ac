import pytest
from support import build, run

from caffepy.errors import ConfigError


def line(param):
    return f'type: "ContinuationIndicator" continuation_indicator_param {{ {param} }}'


def test_the_first_step_begins_all_sequences():
    flags = run(build(line("time_step: 3 batch_size: 2")), [])[0]
    assert flags.tolist() == [[0, 0], [1, 1], [1, 1]]


@pytest.mark.parametrize("param", ["", "time_step: 3", "batch_size: 2"])
def test_both_numbers_are_needed(param):
    with pytest.raises(ConfigError, match="time_step and batch_size"):
        build(line(param))
