"""Verbs on solvers."""

from __future__ import annotations

from typing import Any

from caffepy.errors import ConfigError
from caffepy.matlab.frames import Handles
from caffepy.matlab.handles import Table
from caffepy.matlab.nets import given
from caffepy.matlab.verbs import verb
from caffepy.pycaffe import solver as pycaffe
from caffepy.pycaffe.solver import Solver


@verb
def get_solver(table: Table, solver_file: str) -> Handles:
    return table.give([(pycaffe.get_solver(solver_file), f"solver {solver_file}")])


@verb
def delete_solver(table: Table, solver: Handles) -> None:
    """Its nets stay for who has them."""
    table.give_back(solver)


@verb
def solver_get_attr(table: Table, solver: Solver) -> dict[str, Any]:
    return {"hNet_net": given(table, [solver.net]),
            "hNet_test_nets": given(table, solver.test_nets)}


@verb
def solver_get_iter(table: Table, solver: Solver) -> float:
    return float(solver.iter)


@verb
def solver_get_max_iter(table: Table, solver: Solver) -> float:
    return float(solver.param.max_iter)


@verb
def solver_restore(table: Table, solver: Solver, snapshot_filename: str) -> None:
    solver.restore(snapshot_filename)


@verb
def solver_solve(table: Table, solver: Solver) -> None:
    solver.solve()


@verb
def solver_step(table: Table, solver: Solver, iters: float) -> None:
    if iters < 1 or iters != int(iters):
        raise ConfigError("iters must be a positive integer", found=f"{iters:g}")
    solver.step(int(iters))
