"""The range test of learning rates."""

import csv
import os
from pathlib import Path

import numpy as np
import pytest
from cli.nets import write_net, write_solver

from caffepy.cli.main import main
from caffepy.core.context import Context
from caffepy.errors import CaffeError
from caffepy.services import find_lr, trial
from caffepy.solvers.solver import create_solver


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CAFFEPY_ENGINE", "reference")
    write_net(tmp_path)
    write_solver(tmp_path, "momentum: 0.9 weight_decay: 1 warmup_iter: 50 min_lr: 0.01", snapshot=1)
    return tmp_path


def found(iterations=40, least=1e-3, most=1e3, **options):
    param = trial.solver("solver.prototxt", iterations, **options)
    return find_lr.find(param, "solver.prototxt", Context(seed=param.random_seed), least, most)


def test_the_smoothed_losses():
    # 100 iterations: b = 0.98; means 0.02 * 3 and 0.98 * 0.06 + 0.02 * 1, each over 1 - b^(i + 1)
    np.testing.assert_allclose(find_lr.smooth([3.0, 1.0], 100), [3, 0.0788 / (1 - 0.98**2)])
    # 50 iterations: b = 0.96
    np.testing.assert_allclose(find_lr.smooth([3.0, 1.0], 50), [
        3, (0.96 * 0.12 + 0.04) / (1 - 0.96**2)])


def test_what_is_proposed():
    """The loss stays at 2, falls from rate 1e-3 to 0.1, then rises."""
    rates = np.logspace(-5, 1, 601)
    exponent = np.log10(rates)
    losses = np.interp(exponent, [-5, -3, -1, 0, 1], [2, 2, 0, 1, 9])
    judged = find_lr.judged(rates, losses, True, 1, 601)
    lag = 10 ** 0.6  # the mean comes after the losses: of about 50 of 100 a decade
    assert 0.1 <= judged.lowest < 0.1 * lag and judged.proposal == judged.lowest / 10
    assert 1e-3 < judged.steepest < 0.1 * lag and not judged.edge
    never = find_lr.judged(rates, np.linspace(1, 3, 601), True, 1, 601)
    assert never.proposal is None and "did not fall at any rate" in never.lines()[-1]
    still = find_lr.judged(rates, np.linspace(3, 1, 601), False, 1, 601)
    assert still.edge and any("a higher -max tells more" in line for line in still.lines())


def test_rates_and_losses_are_those_of_a_training():
    """Of a solver whose rate is set by hand to least (most / least)^(i / (n - 1))."""
    test = found(iterations=12, least=0.01, most=0.5)
    np.testing.assert_allclose(test.rates, 0.01 * 50 ** (np.arange(12) / 11))
    param = trial.solver("solver.prototxt", 12)
    param.lr_policy = "fixed"
    for field in ("warmup_iter", "min_lr"):
        param.ClearField(field)
    with create_solver(param, context=Context(seed=1)) as solver:
        losses = []
        for rate in test.rates:
            solver.param.base_lr = float(rate)
            solver.step(1)
            losses.append(solver.losses[-1])
    np.testing.assert_allclose(test.losses, losses, rtol=1e-5)


def test_it_ends_where_the_loss_diverges_and_repeats():
    first, second, other = found(), found(), found(seed=5)
    assert first.diverged and len(first.rates) < 40
    assert first.smoothed[-1] > 4 * first.smoothed.min() >= first.smoothed[-2]
    np.testing.assert_array_equal(first.losses, second.losses)
    assert (first.seed, other.seed) == (1, 5) and first.losses[0] != other.losses[0]


def test_the_command_leaves_a_picture_and_a_table_alone(folder, capsys):
    before = set(os.listdir())
    with pytest.raises(SystemExit) as ended:
        main(["find_lr", "solver.prototxt", "-min=1e-3", "-max=100", "-iterations=20",
              f"-log_dir={folder / 'logs'}"])
    assert not ended.value.code
    assert set(os.listdir()) - before == {"solver_lr.png", "solver_lr.csv", "logs"}
    rows = list(csv.DictReader(Path("solver_lr.csv").read_text().splitlines()))
    assert float(rows[0]["rate"]) == pytest.approx(1e-3) and len(rows) > 5
    assert "Proposed" in capsys.readouterr().out or float(rows[-1]["loss"]) > 0


def test_a_place_that_is_none_is_said_before_the_training(folder, monkeypatch, capsys):
    monkeypatch.setattr("caffepy.services.find_lr.find", None)
    with pytest.raises(SystemExit) as ended:
        main(["find_lr", "solver.prototxt", "-out=none/rates.png", f"-log_dir={folder / 'logs'}"])
    assert ended.value.code == 1
    assert "cannot write none/rates.csv: there is no folder none" in capsys.readouterr().err


@pytest.mark.parametrize("options, text", [
    ({"least": 1.0, "most": 0.1}, "the rate must grow from -min to -max"),
    ({"iterations": 3}, "10 iterations at least")])
def test_what_cannot_be(options, text):
    with pytest.raises(CaffeError, match=text):
        found(**options)
