"""A net into an .onnx file, compared with what it was made of."""

from __future__ import annotations

from pathlib import Path

from caffepy.core.net import Net
from caffepy.errors import ConfigError
from caffepy.exchange import checking
from caffepy.exchange.files import Options
from caffepy.exchange.out import notes, openness
from caffepy.exchange.out.exporter import Exported, export
from caffepy.proto.files import atomic_write

MOST_BYTES = 2**31 - 1  # of a protobuf message


def write(net: Net, path: Path, options: Options) -> list[str]:
    """Write it; returns what is to be said.

    Raises:
        ConfigError: layers that ONNX cannot say. NumericError: the model gives other numbers.
    """
    made = export(net, options)
    if made.model.ByteSize() > MOST_BYTES:
        raise ConfigError("the model is larger than an .onnx file can be", where=str(path),
                          found=f"{made.model.ByteSize() / 2**30:.1f} GiB", allowed="2 GiB")
    told = [*made.told, *made.open.told, *_note(net)]
    if options.check:
        told.append(_compared(net, made))
        for what in made.open.changed:
            with openness.other(net, _inputs(net, made), what):
                told.append(f"With another {what} {_compared(net, made)}")
    with atomic_write(path) as file:
        file.write(made.model.SerializeToString())
    return told


def _compared(net: Net, made: Exported) -> str:
    return checking.against_onnx(net, made.model, outputs=made.outputs, steps=made.steps)


def _inputs(net: Net, made: Exported) -> dict[str, tuple[int, ...]]:
    return {value.name: net.blobs[value.name].shape for value in made.model.graph.input}


def _note(net: Net) -> list[str]:
    said = notes.of(net.param).get(notes.SENTENCE)
    return [f"Input: {said}. The file's metadata say so, too."] if said else []
