"""caffepy find_lr: which learning rate to begin with.

    caffepy find_lr solver.prototxt
    caffepy find_lr solver.prototxt -min 1e-5 -max 1 -iterations 200 -out rates.png
"""

from __future__ import annotations

import os

import click
from click.core import ParameterSource

from caffepy.cli import files, flags, gflags
from caffepy.errors import NotFound

ITERATIONS = 100


@gflags.command("find_lr", help=(
    "Find a learning rate for SOLVER: train a little while the rate grows exponentially, until the "
    "loss diverges, and propose a tenth of the rate at which it was lowest. Writes a picture (with "
    "matplotlib: pip install \"caffepy[plot]\") and a .csv; snapshots and all other files stay as "
    "they are. Look at the picture: a good rate lies where the loss falls steadily. -iterations is "
    "100 unless given."))
@click.argument("solver")
@gflags.flag("min", float, 1e-6, "The rate of the first iteration.")
@gflags.flag("max", float, 10.0, "The rate of the last.")
@gflags.flag("out", gflags.FILE, "", "The picture (.png, .svg or .pdf); the .csv lies beside it. "
             "Else <solver>_lr.png in the folder it is called in.")
@gflags.flag("seed", int, -1, "Of all draws; else the solver's random_seed, else 1701.")
@flags.ITERATIONS
@flags.WEIGHTS
@flags.GPU
@flags.PRECISION
@flags.LEVEL
@flags.STAGE
@flags.PLUGIN
def find_lr(solver: str, min: float, max: float, out: str, seed: int, iterations: int,
            weights: str, gpu: str, precision: str | None, level: int, stage: str) -> None:
    files.check("SOLVER", solver, "prototxt")
    for path in flags.split_list(weights):
        files.check("weights", path, "caffemodel")
    said = click.get_current_context().get_parameter_source("iterations")
    count = ITERATIONS if said is ParameterSource.DEFAULT else iterations

    from caffepy.proto.files import atomic_write, check_place
    from caffepy.services import curve_drawing, devices, find_lr, job, trial

    target = out or f"{os.path.splitext(os.path.basename(solver))[0]}_lr.png"
    curve_drawing.kind_of(target)
    table = f"{os.path.splitext(target)[0]}.csv"
    check_place(table)
    param = trial.solver(solver, count, level=level, stages=flags.caffe_stages(stage),
                         weights=weights, seed=seed if seed >= 0 else None)
    context = devices.context(job.gpus(param, solver, gpu)[:1], param.random_seed,
                              precision=precision)
    found = find_lr.find(param, solver, context, min, max)
    click.echo("\n".join(found.lines()))
    with atomic_write(table) as file:
        file.write(found.csv())
    try:
        find_lr.draw(found, target, os.path.basename(solver))
        click.echo(f"Wrote {target} and {table}")
    except NotFound as error:
        click.echo(f"Wrote {table}; no picture: {error}")
