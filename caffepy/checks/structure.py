"""What a net's layers alone show to be wrong, before the first iteration."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from caffepy import log

if TYPE_CHECKING:
    from caffepy.core.blob import Blob
    from caffepy.core.layer import Layer
    from caffepy.core.net import Net
    from caffepy.core.node import Node
    from caffepy.core.weights import Report
    from caffepy.proto.caffe_pb2 import SolverParameter

logger = log.get(__name__)

NAMES_SHOWN = 3


def traps(net: Net) -> Iterator[str]:
    """What is suspicious in a net that is about to train or to be tested."""
    if bare := [node.layer for node in net.nodes
                if node.layer.normalizes and not _scaled(net, node)]:
        yield (f"{_some(bare)} not followed by a Scale layer: scale and shift are not "
               "learned, as they are in the paper. Add a Scale layer with bias_term: true.")
    names = Counter(layer.name for layer in net.layers if layer.blobs)
    if doubled := [f"'{name}'" for name, count in names.items() if count > 1]:
        yield (f"several layers with weights are called {_list(doubled)}: files tell them apart by "
               "their order alone, and the original loads the weights of all into the first. Give "
               "each a name of its own.")


def untouched_statistics(net: Net) -> Iterator[str]:
    """Layers that are to use statistics which nobody has gathered yet."""
    if lacking := [layer for layer in net.layers if layer.lacks_statistics()]:
        yield (f"{_some(lacking)} to use stored statistics, and none are stored: mean and "
               "variance count as 0. Load trained weights, or train with the batch's own "
               "statistics first.")


def unfed_inputs(net: Net) -> Iterator[str]:
    """Inputs that a script must fill, for a net that no script runs."""
    if net.input_names:
        yield (f"nothing fills {', '.join(net.input_names)}: an Input layer waits for a script, "
               "and stays zero here. A net to train or to test has a data layer.")


def nothing_to_learn(net: Net) -> Iterator[str]:
    """Why training this net could not change a number; a Python layer may hide what it does."""
    if any(layer.opaque for layer in net.layers):
        return
    if not net.parameters:
        yield f"the net '{net.name}' has nothing to learn: none of its layers has parameters"
    elif not any(net.loss_weights.values()):
        yield f"the net '{net.name}' has nothing to learn: it has no loss"


def frozen(net: Net) -> Iterator[str]:
    """A net whose parameters all have lr_mult 0, and no statistics that forward gathers."""
    gathers = any(layer.gathers or layer.opaque for layer in net.layers)
    if net.parameters and not gathers and not any(p.lr_mult for p in net.parameters):
        yield f"every lr_mult of the net '{net.name}' is 0: nothing will be learnt."


def no_rate(param: SolverParameter) -> Iterator[str]:
    """A learning rate that is 0 from the first iteration to the last."""
    if not param.base_lr and param.lr_policy != "multifixed":
        state = "0" if param.HasField("base_lr") else "not set"
        yield f"base_lr is {state}: nothing will be learnt. 0.01 is a rate to start with."


def no_iterations(param: SolverParameter, done: int = 0) -> Iterator[str]:
    """A training that is over before it begins."""
    if not param.max_iter:
        state = "0" if param.HasField("max_iter") else "not set"
        yield f"max_iter is {state}: there will be no iteration, so nothing will be learnt."
    elif done >= param.max_iter:
        yield (f"the snapshot is of iteration {done}, and max_iter is {param.max_iter}: there is "
               "nothing left to do. Raise max_iter to train on.")


def copied_nothing(net: Net, report: Report) -> Iterator[str]:
    """Weights of which no layer has a namesake in the net."""
    own = [layer.name for layer in net.layers if layer.blobs]
    if own and not report.copied:
        yield (f"nothing was copied from {report.path}: its layers ({_list(report.unused)}) and "
               f"those of the net ({_list(own)}) have no name in common, so all weights are as the "
               "fillers made them. Layers are matched by name.")


def warn(sentences: Iterable[str]) -> None:
    """Log them."""
    for sentence in sentences:
        logger.warning("%s", sentence)


def _scaled(net: Net, node: Node) -> bool:
    """Whether the first layer that reads a layer's top is a Scale; a Split hands on the memory."""
    reader = _reader(net.nodes[node.number + 1 :], node.tops[0])
    return reader is not None and reader.rescales


def _reader(nodes: Iterable[Node], read: Blob) -> Layer | None:
    """The first of these layers that reads a blob, Splits left out."""
    memory = read.values.memory
    for node in nodes:
        if not node.layer.splits and any(
                blob.values.memory is memory for blob in node.bottoms):
            return node.layer
    return None


def first_reader(net: Net, name: str) -> Layer | None:
    """The first layer with parameters that reads a blob, through layers that only hand it on."""
    return _reader(net.nodes, net.blobs[name])


def normalized(net: Net, layer: Layer) -> bool:
    """Whether a BatchNorm reads a layer's top, so that the scale of its input does not matter."""
    memory = net.nodes[net.layers.index(layer)].tops[0].values.memory
    return any(
        node.layer.normalizes and node.bottoms[0].values.memory is memory
        for node in net.nodes
    )


def _some(layers: list[Layer]) -> str:
    names = [layer.name for layer in layers]
    what = "layer" if len(names) == 1 else f"layers ({len(names)} of them):"
    return f"{layers[0].type} {what} {_list(names)} {'is' if len(names) == 1 else 'are'}"


def _list(names: list[str]) -> str:
    more = f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
    return ", ".join(names[:NAMES_SHOWN]) + more
