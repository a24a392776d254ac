"""caffepy sweep: train a solver with several settings and compare.

    caffepy sweep solver.prototxt -vary base_lr=0.001,0.01 -vary weight_decay=0,0.0005
    caffepy sweep solver.prototxt -vary net.layer.conv1.convolution_param.num_output=20,50 -jobs 2
"""

from __future__ import annotations

import os

import click

from caffepy.cli import ending, files, flags, gflags
from caffepy.errors import ConfigError


@gflags.command("sweep", help=(
    "Train SOLVER with all combinations of the values that -vary gives to its fields, each in a "
    "folder of its own, and compare them in one table (.csv) and one picture. A field of a message "
    "is named with those around it and points between; net.layer.NAME.... are fields of the net. "
    "The same command goes on after Ctrl-C or a crash: what is finished is not run again, what is "
    "half done goes on from its newest snapshot."))
@click.argument("solver")
@gflags.flag("vary", str, several=True, help="FIELD=VALUE,VALUE,...; repeat it for more fields. A "
             "value of a repeated field is a list with ':', such as stepvalue=100:200,300.")
@gflags.flag("jobs", int, 0, "Runs at once; 0: as many as -gpu names, else 1.")
@gflags.flag("out", gflags.FILE, "", "The folder for all runs; else <solver>_sweep.")
@gflags.flag("metric", str, "", "The test output to compare by, such as accuracy, loss, max:NAME "
             "or min:NAME; its best weights are kept, too. Else the first that scores, or the "
             "loss.")
@flags.WEIGHTS
@flags.GPU
@flags.LEVEL
@flags.STAGE
@flags.PLUGIN
def sweep(solver: str, vary: tuple[str, ...], jobs: int, out: str, metric: str, weights: str,
          gpu: str, level: int, stage: str) -> int:
    files.check("SOLVER", solver, "prototxt")
    for path in flags.split_list(weights):
        files.check("weights", path, "caffemodel")
    if not vary:
        raise ConfigError("nothing varies", fix="Say what does: -vary base_lr=0.001,0.01.")
    if jobs < 0:
        raise ConfigError("-jobs must not be negative", found=jobs)

    from caffepy.core import plugins
    from caffepy.services import devices, progress
    from caffepy.services.sweep import plan, results, running
    from caffepy.services.sweep.varying import Vary

    out = out or f"{os.path.splitext(os.path.basename(solver))[0]}_sweep"
    runs = plan.plan(solver, out, [Vary.parse(given) for given in vary], metric)
    gpus = devices.choose(gpu)
    numbers = {run.folder: number for number, run in enumerate(runs, 1)}

    def tell(run: plan.Run, what: str, words: str) -> None:
        if what == running.DONE:
            words = results.results([run], metric).sentence()
        progress.say(f"[{numbers[run.folder]}/{len(runs)}] {run.label}: {what}"
                     + (f": {words}" if words else ""))

    interrupted, whole = False, False
    try:
        whole = running.run(
            runs, jobs=jobs or len(gpus) or 1, gpus=gpus, weights=weights, level=level,
            stages=flags.caffe_stages(stage), plugins=plugins.loaded(), tell=tell)
    except KeyboardInterrupt:
        interrupted = True
    found = results.results(runs, metric)
    written = results.write(found, out, os.path.basename(solver))
    click.echo("\n".join(["", *found.lines(), "", f"Wrote {' and '.join(written)}"]))
    best = found.ranked[0]
    if best.best is not None:
        click.echo(f"The best: {best.run.label}, in {best.run.folder}")
    if interrupted:
        click.echo("Stopped; the same command goes on.")
    return ending.INTERRUPTED if interrupted else 0 if whole else 1
