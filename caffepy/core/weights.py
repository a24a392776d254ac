"""A net's parameters, in and out: matched by layer name, as everywhere in Caffe."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

from caffepy import log
from caffepy.core import int8, traits
from caffepy.core.blob import Blob
from caffepy.core.memory import Array, Place, Tensor
from caffepy.errors import ShapeError
from caffepy.proto import caffe_pb2, hdf5, wire

if TYPE_CHECKING:
    from caffepy.core.layer import Layer
    from caffepy.core.net import Net

logger = log.get(__name__)

Path = str | os.PathLike[str]

COMPARED = 100  # unused layers of a file; with more it is another net's


@dataclass
class Report:
    """What loading did, by layer name.

    Attributes:
        copied: layers whose parameters came from the file.
        missing: layers with parameters that the file lacks; they keep their initial values.
        unused: layers with parameters in the file that the net lacks.
        alike: of missing layers the unused one that has parameters of the same shapes, and the
            most similar name of those that do: perhaps the same under another name.
    """

    path: str
    copied: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)
    alike: dict[str, str] = field(default_factory=dict)


def table(reports: Sequence[Report]) -> str:
    """In words what became of a net's layers when these files were loaded, one after the other.

    A layer that several files have counts as copied from the last of them, and stays random only
    if none has it.
    """
    copied = {name: report.path for report in reports for name in report.copied}
    rows = [(name, "copied", f"from {path}") for name, path in copied.items()]
    alike = {name: f"; '{other}' of {report.path} has its shapes"
             for report in reports for name, other in report.alike.items()}
    rows += [(name, "initial values", f"in no file{alike.get(name, '')}")
             for name in dict.fromkeys(name for report in reports for name in report.missing)
             if name not in copied]
    rows += [(name, "unused", f"of {report.path}") for report in reports for name in report.unused]
    width = max((len(name) for name, _, _ in rows), default=0)
    return "\n".join(f"    {name:{width}}  {state:14}  {place}" for name, state, place in rows)


def load(net: Net, path: Path, steps: bool = True) -> Report:
    """Copy parameters from a .caffemodel or HDF5 file, whichever its content says it is."""
    if wire.sniff(path) == "hdf5":
        return copy(net, hdf5.read_net(path))
    return copy(net, wire.read_net(path, lent=True), steps)


def copy(net: Net, weights: wire.Weights, steps: bool = True) -> Report:
    """Copy the parameters of layers of equal name and, if ``steps``, those of 8 bits.

    Raises:
        ShapeError: a layer of equal name has another number or shape of parameters.
    """
    report = Report(weights.path)
    targets, owned = Namesakes(net), owners(net)
    rounding: list[Layer] = []  # whose kernels are to be planned anew
    filled: set[int] = set()  # memories; a layer that shares them has what another was given
    for source in weights.layers:
        layer = targets.take(source.name, bool(source.blobs))
        if layer is None:
            logger.info("Ignoring source layer %s", source.name)
            if source.blobs:
                report.unused.append(source.name)
            continue
        if not source.blobs and not layer.blobs:
            continue
        given = layer.accept(list(source.blobs))
        while len(given) < len(layer.blobs) and (layer.name, len(given)) not in owned:
            given.append(None)  # an HDF5 file keeps a shared parameter with its owner alone
        if len(given) != len(layer.blobs):
            layer.fail(f"Incompatible number of blobs for layer {layer.name}", kind=ShapeError,
                       found=f"{len(source.blobs)} in {weights.path}",
                       allowed=len(layer.blobs))
        for index, (values, blob) in enumerate(zip(given, layer.blobs, strict=True)):
            if values is None:
                if (layer.name, index) in owned:
                    layer.fail(f"param {index} of layer '{layer.name}' is missing",
                               kind=ShapeError, found=f"none in {weights.path}",
                               fix="In the net that was saved another layer owned it: share it "
                                   "here, too (param { name: ... }).")
                continue
            if not fits(values.shape, blob.shape):
                layer.fail(
                    f"Cannot copy param {index} weights from layer '{layer.name}'; shape mismatch",
                    kind=ShapeError, found=f"{values.shape} in {weights.path}",
                    allowed=blob.shape,
                    fix="To learn this layer's parameters from scratch rather than copying from "
                        "a saved net, rename the layer.",
                )
            blob.values.overwrite(Place.HOST)[...] = values.reshape(blob.shape)
            filled.add(id(blob.values.memory))
        report.copied.append(layer.name)
        if int8.take(layer, source.int8 if steps else None):
            rounding.append(layer)
    if rounding:
        int8.plan(net, rounding, weights.path)
    copied = set(report.copied)
    report.missing = [
        layer.name for layer in net.layers if layer.name not in copied
        and any((layer.name, index) in owned and id(blob.values.memory) not in filled
                for index, blob in enumerate(layer.blobs))
    ]
    report.alike = _alike(net, weights, report)
    # a solver's test nets have the train net's layers, of which it was said
    say = logger.info if net.label.startswith("test") else logger.warning
    for name in report.missing:
        other = report.alike.get(name)
        say("%s has no layer '%s': its parameters keep their initial values%s", weights.path, name,
            f". Its layer '{other}', which is not used, has the same shapes: if it is this one, "
            "give both one name." if other else "")
    return report


def _alike(net: Net, weights: wire.Weights, report: Report) -> dict[str, str]:
    """See Report.alike. Each unused layer is given once."""
    rest = {source.name: [values.shape for values in source.blobs] for source in weights.layers
            if source.name in report.unused}
    found = {}
    for layer in net.layers:
        if layer.name not in report.missing or len(rest) > COMPARED:
            continue
        shapes = [blob.shape for blob in layer.blobs]
        same = [name for name, theirs in rest.items() if len(theirs) == len(shapes)
                and all(map(fits, theirs, shapes))]
        if same:
            found[layer.name] = max(
                same, key=lambda name: SequenceMatcher(None, name, layer.name).ratio())
            del rest[found[layer.name]]
    return found


class Namesakes:
    """A net's layers by name. Of layers with one name the first is taken first."""

    def __init__(self, net: Net) -> None:
        self.layers: dict[str, list[Layer]] = {}
        for layer in net.layers:
            self.layers.setdefault(layer.name, []).append(layer)

    def take(self, name: str, learns: bool) -> Layer | None:
        """The next layer of that name, one with parameters if ``learns``; None: there is none."""
        layers = self.layers.get(name)
        if not layers:
            return None
        layer = next((x for x in layers if bool(x.blobs) == learns), layers[0])
        if len(layers) > 1:
            layers.remove(layer)
        return layer


def owners(net: Net) -> set[tuple[str, int]]:
    """(layer, index) of each parameter that is not shared with an earlier layer."""
    return {(parameter.layer, parameter.index) for parameter in net.parameters}


def fits(source: tuple[int, ...], target: tuple[int, ...]) -> bool:
    """Equal shapes; old files have four axes, with ones in front of shorter shapes, or around the
    channels of a shape that has no other axis."""
    return source == target or (
        len(source) == 4 and source in ((1,) * (4 - len(target)) + target, (1, *target, 1, 1))
    )


def arrays(blobs: list[Blob], diff: bool = False) -> list[Array]:
    """The host arrays of parameters, or of their gradients."""
    tensors: list[Tensor] = [blob.grads if diff else blob.values for blob in blobs]
    return [tensor.read(Place.HOST) for tensor in tensors]


def header(net: Net) -> Any:
    """The NetParameter without parameters: name and layers, splits included."""
    param = caffe_pb2.NetParameter()
    param.name = net.name
    for layer, written in zip(net.layers, net.written, strict=True):
        if written is not None:
            spec = param.layer.add()
            spec.CopyFrom(layer.spec)
            spec.ClearField("blobs")
            spec.bottom[:] = written.bottom
            if (cls := traits.of(spec)).thins:  # its strides may have moved
                cls.own(spec).CopyFrom(cls.own(written))
    return param


def saved(net: Net) -> list[Layer]:
    """The layers that a file has."""
    return [layer for layer, written in zip(net.layers, net.written, strict=True)
            if written is not None]


def to_proto(net: Net, diff: bool) -> Any:
    """The NetParameter with parameters."""
    param = header(net)
    for spec, layer in zip(param.layer, saved(net), strict=True):
        for blob, values in zip(layer.blobs, arrays(layer.blobs), strict=True):
            grads = blob.grads.read(Place.HOST) if diff else None
            wire.array_to_blob(values, spec.blobs.add(), grads)
    return param


def save(net: Net, path: Path, diff: bool) -> None:
    """Write a .caffemodel: what ``to_proto`` gives, straight from memory."""
    wire.write_net(
        path, header(net), [arrays(layer.blobs) for layer in saved(net)],
        [arrays(layer.blobs, diff=True) for layer in saved(net)] if diff else None,
    )


def save_hdf5(net: Net, path: Path, diff: bool) -> None:
    """Write a .caffemodel.h5; shared parameters are written once, by their owner.

    Raises:
        ConfigError: names that the file cannot hold; see ``check_names``.
        CaffeError: it cannot be written.
    """
    check_names(net)
    hdf5.write_net(path, (
        (layer.name, {
            index: (layer.blobs[index].values.read(Place.HOST),
                    layer.blobs[index].grads.read(Place.HOST) if diff else None)
            for index in indices
        })
        for layer, indices in zip(net.layers, _owned(net), strict=True)
    ))


def check_names(net: Net) -> None:
    """Refuse a net whose parameters an HDF5 file could not keep apart.

    Raises:
        ConfigError: a layer has no name, or one that HDF5 takes for another.
    """
    names = [layer.name for layer in net.layers]
    for number, problem in hdf5.misfits(list(zip(names, _owned(net), strict=True))):
        net.layers[number].fail(f"an HDF5 file cannot hold the weights of this layer: {problem}",
                                fix="Give it another name, or use a .caffemodel (snapshot_format: "
                                    "BINARYPROTO).")


def _owned(net: Net) -> list[list[int]]:
    """For each layer the indices of its parameters that it shares with no earlier layer."""
    own = {id(parameter.blob) for parameter in net.parameters}
    return [[index for index, blob in enumerate(layer.blobs) if id(blob) in own]
            for layer in net.layers]
