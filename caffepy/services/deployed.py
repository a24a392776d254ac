"""Which layers a net for use has: what leads to the outputs of a net for training.

Losses and scores are taken off, and what is left open behind them are the outputs: the bottom of
each loss that a training follows, through the Softmax or Sigmoid that was part of the loss. Of a
detector the outputs are the boxes that its TEST phase finds.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from caffepy.core import obeys
from caffepy.core.known_part import is_unknown
from caffepy.errors import ConfigError
from caffepy.proto import fork_words

HEAD = "prob"


def layers_for_use(kept: Sequence[Any], every: Sequence[Any], path: str) -> list[Any]:
    """The layers of the net for use, in order; data layers are still themselves.

    Args:
        kept: the layers of the TEST phase. every: those of all phases and stages.

    Raises:
        ConfigError: a blob that none of TEST's layers makes, and no data layer of another phase.
    """
    layers, wanted = _Heads(kept, every).found()
    boxes = {top for layer in layers if _class(layer).detects for top in layer.top}
    used = _leading_to(layers, boxes or wanted)
    return [*_missing(used, every, path), *used]


def is_data(layer: Any) -> bool:
    """Whether a layer brings data in: a Python layer, or one of a type that nobody knows, does if
    it has no bottom."""
    kind = _class(layer)
    return bool(kind.data or ((kind.opaque or is_unknown(layer)) and not layer.bottom))


def is_read(top: str, layers: Sequence[Any]) -> bool:
    return any(top in layer.bottom for layer in layers)


def _class(layer: Any) -> Any:
    from caffepy.core import traits

    return traits.of(layer)


def _weight(layer: Any) -> float | None:
    """How much a layer counts in the loss; None if it is not meant to."""
    if layer.loss_weight:
        weight = max(map(abs, layer.loss_weight))
        return weight if weight or _class(layer).loss else None
    return 1.0 if _class(layer).loss else None


class _Heads:
    """Takes losses and scores off, and puts in what the losses had inside."""

    def __init__(self, kept: Sequence[Any], every: Sequence[Any]) -> None:
        self.kept = list(kept)
        losses = [layer for layer in kept if _weight(layer) is not None]
        made = {top for layer in kept for top in layer.top}
        if not losses:  # TEST may have scores alone; the losses are in TRAIN
            losses = [layer for layer in every if _weight(layer) is not None
                      and layer.bottom and layer.bottom[0] in made]
            self.kept += losses
        self.weights = {layer.name: _weight(layer) or 0.0 for layer in losses}
        self.read = {bottom for layer in kept for bottom in layer.bottom}
        self.labels, self.learnt = self._origins()

    def _origins(self) -> tuple[set[str], set[str]]:
        """The blobs that come from labels, and those that come from layers with weights."""
        labels: set[str] = set()
        learnt: set[str] = set()
        taught = self._taught()
        for layer in self.kept:
            if is_data(layer):
                labels.update(top for top in layer.top if taught and top not in taught)
                continue
            if labels.intersection(layer.bottom):
                labels.update(layer.top)
            if _class(layer).learns or learnt.intersection(layer.bottom):
                learnt.update(layer.top)
        return labels, learnt

    def _taught(self) -> set[str]:
        """The blobs that lead to layers with weights: data that do not are labels."""
        taught: set[str] = set()
        for layer in reversed(self.kept):
            if _class(layer).learns or taught.intersection(layer.top):
                taught.update(layer.bottom)
        return taught

    def found(self) -> tuple[list[Any], set[str]]:
        """The layers without losses and scores, and the blobs that are wanted of the net."""
        layers: list[Any] = []
        wanted: set[str] = set()
        scored: list[str] = []
        heaviest = max(self.weights.values(), default=0.0)
        for layer in self.kept:
            if layer.name in self.weights:
                if self.weights[layer.name] < heaviest:
                    continue
                judged = self._judged(layer)
                if judged not in wanted:
                    wanted.add(self._head(layer, judged, layers))
            elif self._scores(layer):
                scored.append(layer.bottom[0])
            elif not _class(layer).only_in_training:
                layers.append(layer)
                if layer.bottom and not self.read.intersection(layer.top):
                    wanted.update(layer.top)  # a blob that no layer reads is an output
        return layers, wanted or set(scored)

    def _scores(self, layer: Any) -> bool:
        """Whether a layer says how good the net is: it reads labels, and is read by nobody."""
        kind = _class(layer)
        return bool(kind.scores) or (
            bool(layer.bottom) and not kind.only_in_training
            and bool(self.labels.intersection(layer.bottom))
            and not self.read.intersection(layer.top))

    def _judged(self, layer: Any) -> str:
        """The blob that a loss is about. Where a loss is computed by several layers, it is the
        last one without labels on its way that comes from layers with weights."""
        makers = {top: other for other in self.kept for top in other.top
                  if top not in other.bottom}
        own = _class(layer).loss
        while True:
            learnt = [bottom for bottom in layer.bottom if bottom in self.learnt]
            free = [bottom for bottom in learnt if own or bottom not in self.labels]
            if free or not learnt:
                return (free or layer.bottom)[0]
            layer = makers[learnt[0]]

    def _head(self, loss: Any, judged: str, layers: list[Any]) -> str:
        """The output in place of a loss; adds the layer that makes it if none is there."""
        from caffepy.proto import caffe_pb2

        kind = _class(loss).head
        if kind is None:
            return judged
        for other in self.kept:
            if other.type == kind and other.bottom[0] == judged != other.top[0]:
                return str(other.top[0])
        taken = {top for other in self.kept for top in other.top} | {
            top for other in layers for top in other.top}
        # a loss may give its probabilities as a second top
        name = loss.top[1] if len(loss.top) > 1 else HEAD
        if name in taken and not (len(loss.top) > 1):
            name = f"{loss.name}_{name}"
        head = caffe_pb2.LayerParameter(name=name, type=kind, bottom=[judged], top=[name])
        _settle(head, loss)
        layers.append(head)
        return str(name)


def _settle(head: Any, loss: Any) -> None:
    """Give a head the settings of the loss that it stands for."""
    field = _class(head).param_field
    if field is None:
        return
    own, said = getattr(head, field), _class(loss).own(loss)
    if loss.HasField(field):
        own.CopyFrom(getattr(loss, field))
        for word in itertools.chain(*obeys.split(fork_words.given(own, field), _class(head))):
            own.ClearField(word.name)  # of the loss alone, as smoothed labels are
    if _has_axis(own) and _has_axis(said) and said.HasField("axis"):
        own.axis = said.axis


def _has_axis(message: Any) -> bool:
    return message is not None and "axis" in message.DESCRIPTOR.fields_by_name


def _leading_to(layers: Sequence[Any], wanted: set[str]) -> list[Any]:
    """The layers on the way to the wanted blobs, in their order."""
    needed, used = set(wanted), []
    for layer in reversed(layers):
        if needed.intersection(layer.top):
            used.append(layer)
            needed.update(layer.bottom)
    return used[::-1]


def _missing(used: Sequence[Any], every: Sequence[Any], path: str) -> list[Any]:
    """The data layers of another phase or stage that make what no layer of TEST makes."""
    made = {top for layer in used for top in layer.top}
    found: list[Any] = []
    for bottom in dict.fromkeys(name for layer in used for name in layer.bottom):
        if bottom in made:
            continue
        makers = [layer for layer in every if bottom in layer.top and is_data(layer)]
        if not makers:
            raise ConfigError(f"no layer of the TEST phase makes the blob '{bottom}'", where=path,
                              fix="Give --stage if the net has stages.")
        found.append(makers[0])
        made.update(makers[0].top)
    return found
