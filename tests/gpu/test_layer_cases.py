"""Every layer type computes on a GPU what the original computed: its own kernels, and array code.

Runs on the fake device, or with CAFFEPY_TEST_GPU=1 on a real one.
"""

import pytest
from support import case_names, run_case

LEAST = 117  # cases; if the files are not found, that is a failure and no success


def test_the_cases_are_there():
    assert len(case_names()) >= LEAST


@pytest.mark.parametrize("engine", ["cuda", "reference"])
@pytest.mark.parametrize("name", case_names())
def test_layer_case(name, engine, gpu):
    run_case(name, (engine,), device=gpu)
