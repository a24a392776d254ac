"""caffepy merge_bn: batch normalization folded into the weights before it."""

from __future__ import annotations

import os

import click

from caffepy.cli import files, flags, gflags
from caffepy.columns import columns
from caffepy.errors import ConfigError


@gflags.command(
    "merge_bn",
    help="Fold the BatchNorm, Scale and BN layers of a net for use into the weights before them, "
    "and compare both nets on one input.",
)
@flags.MODEL
@flags.WEIGHTS
@gflags.flag("out", gflags.FILE, "",
             "The new prototxt; its weights are written beside it, with the suffix .caffemodel.")
@flags.PLUGIN
def merge_bn(model: str, weights: str, out: str) -> None:
    if not (model and weights and out):
        missing = [f"-{name}" for name, value in
                   (("model", model), ("weights", weights), ("out", out)) if not value]
        raise ConfigError(f"Need {', '.join(missing)}",
                          fix="caffepy merge_bn -model deploy.prototxt -weights net.caffemodel "
                              "-out merged.prototxt")
    if not out.endswith(".prototxt"):
        raise ConfigError("the net's new name must end with .prototxt", found=out)
    if os.path.realpath(out) == os.path.realpath(model):
        raise ConfigError("the new net would overwrite the old one", found=f"-out {out}")
    files.check("model", model, "prototxt")
    paths = flags.split_list(weights)
    for path in paths:
        files.check("weights", path, "caffemodel")
    from caffepy.services import merging

    merged = merging.merge(model, paths)
    rows = [[name, f"takes in {', '.join(taken)}"] for name, taken in merged.folded]
    rows += [[name, f"({kind}) stays: {why}"] for name, kind, why in merged.left]
    if not merged.folded:
        raise ConfigError("there is nothing to fold", where=model,
                          found="; ".join(" ".join(row) for row in rows) or "no normalization")
    click.echo("\n".join(columns(rows)))
    said = f"Made of {os.path.basename(model)} by `caffepy merge_bn`."
    written = merging.write(merged, out, said)
    merged.net.close()
    click.echo("Both nets give the same for one input: largest difference "
               f"{merged.largest:.3g} of a blob's largest number.")
    click.echo(f"Wrote {' and '.join(written)}")
