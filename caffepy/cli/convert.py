"""caffepy convert: nets and weights into other programs' formats, and back."""

from __future__ import annotations

import os

import click

from caffepy.cli import files, flags, gflags
from caffepy.errors import ConfigError


@gflags.command("convert", help="Write a net with its weights as another kind of file, which the "
                                "suffix of -out names, or such a file as a net.")
@flags.MODEL
@flags.WEIGHTS
@gflags.flag("out", gflags.FILE, "", "The file to write: .onnx, .npz, .safetensors, .h5, .pt, .py; "
             "of an .onnx a .prototxt, with a .caffemodel beside it.")
@gflags.flag("opset", int, None, "For .onnx: the version of its operations, 17 if not given.")
@gflags.flag("input_shape", str, "", "N,C,H,W of the first input, in place of the net's own.")
@gflags.flag("dynamic", bool, False, "For .onnx: leave batch and size open, where the net allows.")
@gflags.flag("check", bool, True, "Run one input through both sides and compare; -nocheck: not.")
@flags.STAGE
@flags.PLUGIN
def convert(model: str, weights: str, out: str, opset: int | None, input_shape: str,
            dynamic: bool, check: bool, stage: str) -> None:
    if not model:
        raise ConfigError("Need a model to convert", fix="Give one: -model net.prototxt.")
    if not out:
        raise ConfigError("Need a file to write", fix="Give one: -out net.onnx.")
    from caffepy.exchange.files import OPSET, READERS, Options

    if os.path.splitext(model)[1].lower() not in READERS:
        files.check("model", model, "prototxt")
    paths = flags.split_list(weights)
    for path in paths:
        files.check("weights", path, "caffemodel")

    from caffepy.services import converting

    options = Options(tuple(flags.shape(input_shape)), OPSET if opset is None else opset, dynamic,
                      check)
    told = converting.convert(model, out, paths, stages=flags.stages(stage), options=options)
    for line in [*told, f"Wrote {out}."]:
        click.echo(line)
