"""What a net keeps to itself: the engine's net, and what its layers and blobs are called.

It hangs on the net under one name, ``_caffepy``. Scripts give attributes of their own to nets
(``net.name``, ``net.core``, ``net.classes``), so nothing else of ours may be needed there.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NoReturn, TypeVar

from caffepy.core import weights as core_weights
from caffepy.core.blob import Blob, NotAssignable
from caffepy.core.layer import Layer
from caffepy.core.net import Net as CoreNet
from caffepy.errors import NotFound, did_you_mean
from caffepy.proto import wire
from caffepy.pycaffe.keeper import Keeper


class UnknownName(NotFound, KeyError):
    """No blob or layer of that name; a KeyError too, as for any dictionary."""


V = TypeVar("V")


class Named(OrderedDict[str, V]):
    """A dictionary by name that says which name was probably meant.

    Args:
        fix: what to write instead of an assignment, with ``{}`` for the name.
    """

    def __init__(self, pairs: Iterable[tuple[str, V]] | Mapping[str, V] = (), fix: str = ""
                 ) -> None:
        super().__init__()
        for name, value in pairs.items() if isinstance(pairs, Mapping) else pairs:
            super().__setitem__(name, value)
        self._fix = fix

    def __missing__(self, name: object) -> NoReturn:
        raise UnknownName(f"there is no {name!r} here", allowed=", ".join(self),
                          fix=did_you_mean(str(name), self))

    def __setitem__(self, name: str, value: V) -> None:
        if self._fix:
            raise NotAssignable("what a net is made of is not replaced, its numbers are",
                                where=f"[{name!r}] = ...", found=type(value).__name__,
                                fix=self._fix.format(repr(name)))
        super().__setitem__(name, value)

    def copy(self) -> OrderedDict[str, V]:  # type: ignore[override]
        """A dictionary of one's own, which may be changed."""
        return OrderedDict(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return OrderedDict, (list(self.items()),)


class Inside:
    """See above.

    Attributes:
        core: the engine's net.
        keeper: closes it.
        layers, layer_names: in order; of ``type: "Python"`` the user's own objects.
        blobs, params: by name.
        blob_names, blob_list, blob_loss_weights: every blob once, in the order of the prototxt.
        inputs, outputs: indices in these.
    """

    def __init__(self, core: CoreNet, keeper: Keeper) -> None:
        self.core = core
        self.keeper = keeper
        self.layer_names = core.layer_names
        self._numbers = {name: i for i, name in reversed([*enumerate(self.layer_names)])}
        # automatic tops are blobs too, although no prototxt names them
        named = {id(blob): (name, blob, weight)
                 for node in core.nodes
                 for (name, blob), weight in zip(node.named_tops, node.loss_weights, strict=True)}
        self.blob_names = [name for name, _, _ in named.values()]
        self.blob_list = [blob for _, blob, _ in named.values()]
        self.blob_loss_weights = [weight for _, _, weight in named.values()]
        self._ids = {blob: index for index, blob in enumerate(named)}
        self.inputs = [self._ids[id(core.blobs[name])] for name in core.input_names]
        self.outputs = [self._ids[id(core.blobs[name])] for name in core.output_names]
        self.layers: list[Layer] = [vars(layer).get("instance", layer) for layer in core.layers]
        self.blobs: OrderedDict[str, Blob] = Named(
            zip(self.blob_names, self.blob_list, strict=True),
            fix="Write net.blobs[{}].data[...] = array.")
        self.params: OrderedDict[str, list[Blob]] = Named(
            core.params, fix="Write net.params[{}][0].data[...] = array.")

    @property
    def place(self) -> str:
        """How errors call the net."""
        return f"net '{self.core.name}'"

    @property
    def top_names(self) -> OrderedDict[str, list[str]]:
        """Layer name to the names of its tops."""
        return Named((node.layer.name, self.names(node.tops)) for node in self.core.nodes)

    @property
    def bottom_names(self) -> OrderedDict[str, list[str]]:
        """Layer name to the names of its bottoms."""
        return Named((node.layer.name, self.names(node.bottoms)) for node in self.core.nodes)

    def names(self, blobs: Sequence[Blob]) -> list[str]:
        """What they are called."""
        return [self.blob_names[i] for i in self.ids(blobs)]

    def ids(self, blobs: Sequence[Blob]) -> list[int]:
        """Indices in ``blob_list``."""
        return [self._ids[id(blob)] for blob in blobs]

    def index(self, name: str) -> int:
        """The index of the layer of that name."""
        if name not in self._numbers:
            raise NotFound(f"Unknown layer name {name}", where=self.place,
                           fix=did_you_mean(name, self.layer_names))
        return self._numbers[name]

    def checked(self, i: int) -> int:
        """``i``, if it is the index of a layer."""
        if not 0 <= i < len(self.layers):
            raise NotFound("no layer of that index", where=self.place, found=i,
                           allowed=f"0 to {len(self.layers) - 1}")
        return i

    def named(self, names: Sequence[str]) -> dict[str, Blob]:
        """The blobs of these names."""
        return {name: self.blobs.get(name) or self.core.blob(name) for name in names}

    def load(self, weights: Any) -> core_weights.Report:
        """Copy parameters from a file, or from another net's Inside."""
        if not isinstance(weights, Inside):
            return self.core.load(weights)
        source = wire.Weights(weights.place, weights.core.name, [
            wire.LayerWeights(layer.name, layer.type, [blob.data.copy() for blob in layer.blobs],
                              [None] * len(layer.blobs))
            for layer in weights.core.layers
        ])
        with self.core.public_call():
            return core_weights.copy(self.core, source)
