"""caffepy quantize: steps of 8 bits for a net in use, found on its data."""

from __future__ import annotations

import os

import click

from caffepy.cli import files, flags, gflags
from caffepy.columns import columns
from caffepy.errors import ConfigError

METHODS = ("percentile", "max")


@gflags.command(
    "quantize",
    help="Find steps of 8 bits for the inputs of convolutions and inner products on batches of the "
    "TEST phase, and write the weights with them: nets that load the file compute in 8 bits.",
)
@flags.MODEL
@flags.WEIGHTS
@gflags.flag("out", gflags.FILE, "", "The .caffemodel to write.")
@flags.ITERATIONS
@gflags.flag("method", gflags.Choice(*METHODS), METHODS[0],
             "What is cut: percentile, the largest inputs, or max, nothing.")
@gflags.flag("percentile", float, 99.99, "With -method percentile: how many inputs of a hundred "
             "are not cut.")
@gflags.flag("keep", str, "", "Layers that stay as they are, separated by ','.")
@flags.LEVEL
@flags.STAGE
@flags.PLUGIN
def quantize(model: str, weights: str, out: str, iterations: int, method: str, percentile: float,
             keep: str, level: int, stage: str) -> None:
    if not (model and weights and out):
        missing = [f"-{name}" for name, value in
                   (("model", model), ("weights", weights), ("out", out)) if not value]
        raise ConfigError(f"Need {', '.join(missing)}",
                          fix="caffepy quantize -model train_val.prototxt -weights net.caffemodel "
                              "-out net_int8.caffemodel")
    if not out.endswith(".caffemodel"):
        raise ConfigError("the file's name must end with .caffemodel", found=out)
    files.check("model", model, "prototxt")
    paths = flags.split_list(weights)
    for path in paths:
        files.check("weights", path, "caffemodel")
        if os.path.realpath(path) == os.path.realpath(out):
            raise ConfigError("the new weights would overwrite the old ones", found=f"-out {out}")
    flags.check_iterations(iterations)
    from caffepy.core import weights as core_weights
    from caffepy.core.context import Context
    from caffepy.proto.files import check_place
    from caffepy.services import quantizing, work

    check_place(out)
    with work.quiet():
        found = quantizing.quantize(model, paths, Context(), iterations, method, percentile,
                                    flags.split_list(keep), level, flags.caffe_stages(stage))
    rows = [[name, f"step {step:.4g}", "-128 to 127" if negative else "0 to 255",
             f"largest {largest:.4g}"] for name, step, negative, largest in found.steps]
    click.echo("\n".join(columns(rows)))
    for name, kind, why in found.left:
        click.echo(f"{name} ({kind}) stays as it is: {why}")
    after = dict(found.after)
    for name, mean in found.before:
        both = f", in 8 bits {after[name]:.6g}" if name in after else ""
        click.echo(f"{name} over {iterations} batches: {mean:.6g}{both}")
    if found.missing:
        click.echo(f"This machine computes it in float32: {found.missing}")
    core_weights.save(found.net, out, diff=False)
    found.net.close()
    click.echo(f"Wrote {out}")
