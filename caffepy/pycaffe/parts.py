"""What is in a net, under pycaffe's names: blobs, parameters, layers, and how they are wired."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import NoReturn, TypeVar

from caffepy.core.blob import Blob
from caffepy.core.layer import Layer
from caffepy.core.net import Net as CoreNet
from caffepy.errors import NotFound, did_you_mean
from caffepy.pycaffe.keeper import Keeper


class UnknownName(NotFound, KeyError):
    """No blob or layer of that name; a KeyError too, as for any dictionary."""


V = TypeVar("V")


class Named(OrderedDict[str, V]):
    """A dictionary by name that says which name was probably meant."""

    def __missing__(self, name: object) -> NoReturn:
        raise UnknownName(f"there is no {name!r} here", allowed=", ".join(self),
                          fix=did_you_mean(str(name), self))


class Parts:
    """The half of Net that only looks.

    Attributes:
        core: the engine's net.
        layers, blobs, params: see Net.
    """

    def _set_up(self, core: CoreNet, keeper: Keeper) -> None:
        self.core = core
        self._keeper = keeper
        self._layer_names = core.layer_names
        self._numbers = {name: i for i, name in reversed([*enumerate(self._layer_names)])}
        # automatic tops are blobs too, although no prototxt names them
        named = {id(blob): (name, blob, weight)
                 for names, blobs, weights in zip(core.top_names, core.tops, core.top_weights,
                                                  strict=True)
                 for name, blob, weight in zip(names, blobs, weights, strict=True)}
        self._blob_names = [name for name, _, _ in named.values()]
        self._blobs = [blob for _, blob, _ in named.values()]
        self._blob_loss_weights = [weight for _, _, weight in named.values()]
        self._ids = {blob: index for index, blob in enumerate(named)}
        self._inputs = [self._ids[id(core.blobs[name])] for name in core.input_names]
        self._outputs = [self._ids[id(core.blobs[name])] for name in core.output_names]
        self.layers: list[Layer] = [vars(layer).get("instance", layer) for layer in core.layers]
        self.blobs: OrderedDict[str, Blob] = Named(
            zip(self._blob_names, self._blobs, strict=True))
        self.params: OrderedDict[str, list[Blob]] = Named(core.params)

    @property
    def name(self) -> str:
        """What the prototxt calls the net."""
        return self.core.name

    @property
    def phase(self) -> int:
        """caffe.TRAIN or caffe.TEST."""
        return self.core.phase

    @property
    def blob_loss_weights(self) -> OrderedDict[str, float]:
        """Blob name to its weight in the loss (0 where it has none)."""
        return OrderedDict(zip(self._blob_names, self._blob_loss_weights, strict=True))

    @property
    def layer_dict(self) -> OrderedDict[str, Layer]:
        """Layer name to layer."""
        return Named(zip(self._layer_names, self.layers, strict=True))

    @property
    def inputs(self) -> list[str]:
        """Names of the blobs that Input layers declare."""
        return list(self.core.input_names)

    @property
    def outputs(self) -> list[str]:
        """Names of the blobs that no layer consumes, sorted."""
        return list(self.core.output_names)

    @property
    def top_names(self) -> OrderedDict[str, list[str]]:
        """Layer name to the names of its tops."""
        return self._names_by_layer(self._top_ids)

    @property
    def bottom_names(self) -> OrderedDict[str, list[str]]:
        """Layer name to the names of its bottoms."""
        return self._names_by_layer(self._bottom_ids)

    def _names_by_layer(self, ids: Callable[[int], list[int]]) -> OrderedDict[str, list[str]]:
        return Named((layer, self._names_of(ids(i))) for i, layer in enumerate(self._layer_names))

    def _names_of(self, ids: Sequence[int]) -> list[str]:
        return [self._blob_names[j] for j in ids]

    def _top_ids(self, i: int) -> list[int]:
        """Indices in ``_blobs`` of layer i's tops."""
        return [self._ids[id(blob)] for blob in self.core.tops[self._checked(i)]]

    def _bottom_ids(self, i: int) -> list[int]:
        """Indices in ``_blobs`` of layer i's bottoms."""
        return [self._ids[id(blob)] for blob in self.core.bottoms[self._checked(i)]]

    def _index(self, name: str) -> int:
        if name not in self._numbers:
            raise NotFound(f"Unknown layer name {name}", where=f"net '{self.name}'",
                           fix=did_you_mean(name, self._layer_names))
        return self._numbers[name]

    def _checked(self, i: int) -> int:
        if not 0 <= i < len(self.layers):
            raise NotFound("no layer of that index", where=f"net '{self.name}'", found=i,
                           allowed=f"0 to {len(self.layers) - 1}")
        return i

    def _named(self, names: Sequence[str]) -> dict[str, Blob]:
        return {name: self.blobs.get(name) or self.core.blob(name) for name in names}
