"""Every layer case recorded from the original gives the same numbers, on every engine."""

from __future__ import annotations

import numpy as np
import pytest
from support import ENGINES, case_names, run_case


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", case_names())
def test_case(name, engine):
    run_case(name, [engine])


@pytest.mark.parametrize("name", ["neuron_tanh", "softmaxloss_valid", "net_lenet_like"])
def test_case_in_double_precision(name):
    run_case(name, ["reference"], dtype=np.float64)


def test_all_cases_are_here():
    assert len(case_names()) == 117
