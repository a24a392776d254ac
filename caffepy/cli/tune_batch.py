"""caffepy tune_batch: the largest batch that fits, and from which on more is no faster.

    caffepy tune_batch solver.prototxt
    caffepy tune_batch solver.prototxt -memory 4 -most 256
"""

from __future__ import annotations

import click

from caffepy.cli import files, flags, gflags
from caffepy.errors import ConfigError


@gflags.command("tune_batch", help=(
    "Find the largest batch with which SOLVER's training fits the memory, and how fast each is. "
    "Sizes 1, 2, 4, ... are trained with for some steps, each in a process of its own, and then "
    "the largest that is predicted to fit. On the CPU the memory is what is free now and what the "
    "container allows; with -gpu it is the device's. Changes no file."))
@click.argument("solver")
@gflags.flag("memory", float, 0.0, "GiB that may be taken; 0: what there is.")
@gflags.flag("most", int, 1024, "The largest batch to try.")
@gflags.flag("seconds", float, 20.0, "Sizes whose step would take longer are not tried.")
@flags.GPU
@flags.PRECISION
@flags.LEVEL
@flags.STAGE
@flags.PLUGIN
def tune_batch(solver: str, memory: float, most: int, seconds: float, gpu: str,
               precision: str | None, level: int, stage: str) -> None:
    files.check("SOLVER", solver, "prototxt")
    if memory < 0:
        raise ConfigError("-memory must not be negative", found=memory)

    from caffepy.services import batch_trial, job, progress, trial, tune_batch

    param = trial.solver(solver, 10**6, level=level, stages=flags.caffe_stages(stage), tests=True)
    numbers = job.gpus(param, solver, gpu)

    def tried(step: batch_trial.Step) -> None:
        words = "does not fit" if step.peak is None else f"{step.speed:.4g} images/s"
        progress.say(f"batch {step.batch}: {words}")

    found = tune_batch.run(
        param, solver, gpu=numbers[0] if numbers else None, precision=precision,
        memory=round(memory * 2**30), most=most, seconds=seconds, tried=[tried])
    click.echo("\n".join(["", *found.lines()]))
