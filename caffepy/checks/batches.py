"""What the first batches show to be wrong: labels all alike, data unscaled, a test that ends
before the set does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from caffepy.checks import structure
from caffepy.core import labels
from caffepy.core.memory import Place

if TYPE_CHECKING:
    from caffepy.core.layer import Layer
    from caffepy.core.net import Net
    from caffepy.core.node import Node

Array = Any

BATCHES = 5  # looked at; what they do not show is not looked for any more
LEAST_LABELS = 50
RUN = 5  # labels in order whose runs are this long on average or longer come class by class
VARIANCE_KEEPERS = ("xavier", "msra")  # fillers that count on inputs of about unit variance
RAW = 100  # numbers from 0 to more than this are pixels as they come


class FirstBatches:
    """Looks at what the data layers of a net give in the first batches.

    Call ``look`` after each forward (of the data layers at least), up to BATCHES times.
    """

    def __init__(self, net: Net) -> None:
        self.net = net
        self.labels: dict[str, list[Array]] = {}
        self.data = self._data_blobs()

    def _data_blobs(self) -> list[tuple[Layer, list[str]]]:
        return [(node.layer, node.top_names) for node in self.net.nodes
                if node.layer.ordered]

    def look(self, last: bool) -> Iterator[str]:
        """What this batch, and with ``last`` all that were seen, show."""
        if self.net.context.accelerator:  # where layers do not look by themselves
            for node in self.net.nodes:
                yield from self.not_whole(node)
        for layer, tops in self.data:
            if len(tops) > 1:
                self._count(tops[1])
            if last:
                yield from self._unscaled(layer, tops[0])
                if len(tops) > 1:
                    yield from self._alike(layer, tops[1])

    def not_whole(self, node: Node) -> Iterator[str]:
        """Labels of a layer that it would truncate."""
        layer, bottoms = node.layer, node.bottoms
        for index in layer.integers:
            if index < len(bottoms) and (told := labels.sentence(layer, bottoms[index], index)):
                yield told

    def _count(self, name: str) -> None:
        blob = self.net.blobs[name]
        if blob.count and blob.count == blob.shape[0]:  # one label an item: classes, mostly
            self.labels.setdefault(name, []).append(
                np.array(blob.values.read(Place.HOST)).reshape(-1))

    def _alike(self, layer: Layer, name: str) -> Iterator[str]:
        labels = np.concatenate(self.labels.get(name, [np.zeros(0)]))
        if len(labels) < LEAST_LABELS:
            return
        changes, shuffled = labels[1:] != labels[:-1], getattr(layer.p, "shuffle", False)
        if not changes.any():
            seen = f"are all {labels[0]:g}"
        elif (labels[1:] >= labels[:-1]).all() and changes.sum() + 1 <= len(labels) / RUN:
            seen = f"go from {labels[0]:g} to {labels[-1]:g}, one class after the other"
        else:
            return
        reason = ("The order is shuffled, so perhaps all labels are." if shuffled else
                  "Records that lie class by class train badly: make the database with "
                  "convert_imageset -shuffle, or set shuffle: true where the layer can.")
        yield f"the first {len(labels)} labels of {layer.place_name} {seen}. {reason}"

    def _unscaled(self, layer: Layer, name: str) -> Iterator[str]:
        reader = structure.first_reader(self.net, name)
        if reader is None or not reader.blobs or reader.p is None:
            return
        filler = getattr(reader.p, "weight_filler", None)
        if filler is None or filler.type not in VARIANCE_KEEPERS:
            return
        values = self.net.blobs[name].values.read(Place.HOST)
        if values.size and values.min() >= 0 and values.max() > RAW \
                and not structure.normalized(self.net, reader):
            yield (f"{layer.place_name} gives numbers from {values.min():g} to {values.max():g} to "
                   f"'{reader.name}', whose {filler.type} filler counts on inputs around 1. Add "
                   "transform_param { scale: 0.00390625 } (1/256), or subtract a mean.")


def label_way(net: Net) -> list[int]:
    """The layers that read labels, and those that the labels come through, in order; without those
    whose labels a script brings. They run by themselves, whatever the scores are."""
    made_by: dict[str, int] = {}
    below: list[set[int]] = []  # of each layer all that its bottoms come through
    way: set[int] = set()
    for i, node in enumerate(net.nodes):
        layer = node.layer
        makers = [made_by[name] for name in node.bottom_names]
        below.append(set(makers).union(*(below[maker] for maker in makers)))
        made_by.update(dict.fromkeys(node.top_names, i))
        for index in layer.integers:
            lie = {makers[index], *below[makers[index]]} if index < len(makers) else set()
            if lie and not any(_scripted(net.layers[number]) for number in lie):
                way |= {i, *lie}
    return sorted(way)


def _scripted(layer: Layer) -> bool:
    """Whether it brings nothing unless a script fills it."""
    return layer.waits or layer.scripted


def records(layer: Layer) -> int | None:
    """How many records a data layer goes round; None where that is not known."""
    if layer.opaque:  # its names are its author's, and mean something else
        return None
    source: Any = getattr(layer, "source", None)
    count = getattr(source, "records", None) if source is not None else None
    return count if count is not None else getattr(layer, "total", None)


class Share(NamedTuple):
    """How much of a data layer's records a number of batches is.

    Attributes:
        layer: its name.
        records: how many it goes round.
        batch: how many it gives at once.
        seen: how many a number of batches takes, those counted that come again.
        whole: how many batches there are until each record was in one.
    """

    layer: str
    records: int
    batch: int
    seen: int
    whole: int


def shares(net: Net, count: int) -> Iterator[Share]:
    """What ``count`` batches are of the records of each data layer that knows how many it has."""
    for node in net.nodes:
        layer = node.layer
        total = records(layer) if layer.ordered else None
        if total and node.tops[0].ndim and count >= 1:
            batch = node.tops[0].shape[0]
            yield Share(layer.name, total, batch, count * batch, -(-total // batch))


def coverage(net: Net, test_iter: int, index: int) -> Iterator[str]:
    """Whether test_iter batches of a test net are all of its records."""
    for sentence in _covered(net, test_iter, "test_iter", "test_iter: "):
        yield f"test net #{index}: {sentence}"


def coverage_of_test(net: Net, iterations: int) -> Iterator[str]:
    """The same for ``caffepy test``."""
    return _covered(net, iterations, "iterations", "-iterations ")


def _covered(net: Net, count: int, word: str, set_by: str) -> Iterator[str]:
    for layer, total, batch, seen, whole in shares(net, count):
        where = (f"{word} {count} x batch_size {batch} = {seen} of the {total} records of layer "
                 f"'{layer}'")
        if seen < total:
            yield f"{where}: the rest is not tested. {set_by}{whole} covers all."
        elif seen >= total + batch:
            yield f"{where}: some count twice. {set_by}{whole} is enough."


def leftovers(net: Net, count: int) -> Iterator[str]:
    """Whether ``count`` batches give each record's features once."""
    for layer, total, batch, seen, whole in shares(net, count):
        have = f"{count} x {batch} = {seen} items, and layer '{layer}' has {total} records"
        if seen < total:
            yield f"{have}: {total - seen} left out. {whole} batches cover all."
        elif seen > total:
            fix = f"{whole} batches are enough. " * (count > whole)
            fix += f"A batch_size that divides {total} gives each once." * (total % batch != 0)
            again = "the last feature is of a record that was there" if seen - total == 1 else (
                f"the last {seen - total} features are of records that were there")
            yield f"{have}: {again} before. {fix}".rstrip()
