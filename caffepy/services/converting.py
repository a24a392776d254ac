"""Nets and weights into other programs' formats, and back.

    convert("deploy.prototxt", "net.onnx", ["net.caffemodel"])
    convert("net.onnx", "net.prototxt")
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caffepy.errors import ConfigError, NotFound
from caffepy.exchange import files
from caffepy.services import work

if TYPE_CHECKING:
    from caffepy.core.net import Net

NET = ".prototxt"
WEIGHTS = ".caffemodel"
FEW = 4  # layers that a line names
BATCH = 1  # of a net for use that is made of one for training


def convert(model: str, out: str, weights: Sequence[str] = (), *, stages: Sequence[str] = (),
            options: files.Options | None = None) -> list[str]:
    """Write a net as another kind of file; what is to be said about it, a line each.

    Args:
        model: a net's prototxt, or a file of another kind, whose suffix says which.
        out: the file to write, likewise; of a prototxt the weights go into a .caffemodel beside.
        weights: .caffemodel files, for a prototxt.
        stages: of the net state, for a prototxt.

    Raises:
        ConfigError, NotFound: files that are not there, or are of kinds that nothing is known of.
        CaffeError: as reading, building and writing do; both sides give other numbers.
    """
    options = options or files.Options()
    if not os.path.exists(model):
        raise NotFound(f"File not found: {model}")
    if Path(model).suffix.lower() in files.READERS:
        if weights:
            raise ConfigError("weights are for a prototxt: this file has its own", where=model,
                              found=", ".join(weights), fix="Leave -weights out.")
        return _into_caffe(model, out, options)
    write = files.writer(out)
    with work.quiet(), _built(model, weights, options.input_shape, stages) as (net, told):
        return [*told, *write(net, Path(out), options)]


def _into_caffe(model: str, out: str, options: files.Options) -> list[str]:
    """Read a net of another kind, and write prototxt and caffemodel."""
    from caffepy.proto import text
    from caffepy.proto.files import atomic_write

    if Path(out).suffix.lower() != NET:
        raise ConfigError("a net that is read is written as a prototxt", where=out,
                          fix=f"Name it {Path(out).with_suffix(NET)}.")
    with work.quiet():
        param, told = files.reader(model)(Path(model), options)
    weights = Path(out).with_suffix(WEIGHTS)
    with atomic_write(weights) as file:
        file.write(param.SerializeToString())
    for layer in param.layer:
        layer.ClearField("blobs")
    notes = [f"Made of {os.path.basename(model)} by `caffepy convert`.", *told]
    with atomic_write(out) as file:
        file.write(("".join(f"# {note}\n" for note in notes) + text.to_text(param)).encode())
    return [*told, f"The weights are in {weights}."]


@contextmanager
def _built(model: str, weights: Sequence[str], input_shape: Sequence[int], stages: Sequence[str]
           ) -> Iterator[tuple[Net, list[str]]]:
    """The TEST net with its weights; of a net for training the net for use."""
    from caffepy.core.context import Context
    from caffepy.core.net import Net
    from caffepy.proto import caffe_pb2

    param, told = _for_use(model, input_shape, stages)
    net = Net(param, caffe_pb2.TEST, stages=stages, context=Context(seed=work.SEED))
    try:
        told += _load(net, weights)
        _resize(net, input_shape, model)
        yield net, told
    finally:
        net.close()


def _load(net: Net, weights: Sequence[str]) -> list[str]:
    """Load the files; what is to be said of layers that got nothing.

    Raises:
        ConfigError: none of a file's weights fit.
    """
    from caffepy.checks import structure

    reports = [net.load(path) for path in weights]
    for report in reports:
        for said in structure.copied_nothing(net, report):
            raise ConfigError(said.rstrip("."))
    copied = {name for report in reports for name in report.copied}
    left = [name for name in net.params if name not in copied]
    if not left:
        return []
    who = "There are no -weights."
    if weights:
        more = f" and {len(left) - FEW} more" * (len(left) > FEW)
        who = f"These have none in the files: {', '.join(left[:FEW])}{more}."
    return [f"{who} Parameters that are not loaded are those that fillers draw, zeros where there "
            "is none."]


def _for_use(model: str, input_shape: Sequence[int], stages: Sequence[str]
             ) -> tuple[Any, list[str]]:
    """The net to build, and what was done to it: one that has data layers or losses becomes what
    ``deploy`` makes of it."""
    from caffepy.core import graph, traits
    from caffepy.core.upgrade import read_net_param
    from caffepy.proto import caffe_pb2
    from caffepy.services import deployed, deploying

    param, source = read_net_param(model)
    param.state.phase = caffe_pb2.TEST
    param.state.stage.extend(stages)
    kept = graph.filter_net(param, param.state, source)
    kinds = [(layer, traits.of(layer)) for layer in kept.layer]
    if not any(kind.loss or kind.scores or (deployed.is_data(layer) and not kind.waits)
               for layer, kind in kinds):
        return model, []
    batch = input_shape[0] if input_shape else BATCH
    try:
        made, told = deploying.deploy(model, batch, input_shape[1:], stages)
    except ConfigError as error:
        if error.fix and "--input_shape" in error.fix:
            error.fix = "Say it, the batch first, such as -input_shape=1,3,32,32."
        raise
    return made, ["It is a net for training: what is written is the net for use, as `caffepy "
                  "deploy` makes it.", *told]


def _resize(net: Net, input_shape: Sequence[int], model: str) -> None:
    if not input_shape:
        return
    if not net.input_names:
        raise ConfigError("the net has no input to give a shape", where=model)
    blob = net.blobs[net.input_names[0]]
    if len(input_shape) != blob.ndim:
        raise ConfigError("input_shape has a number for each axis of the input", where=model,
                          found=",".join(map(str, input_shape)),
                          allowed=f"{blob.ndim} numbers, as in {','.join(map(str, blob.shape))}")
    blob.reshape(*input_shape)
    net.reshape()
