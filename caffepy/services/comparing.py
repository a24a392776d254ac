"""Two models beside each other: layers that one of them lacks, settings, weights."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from caffepy.proto.descriptors import is_repeated
from caffepy.services import work
from caffepy.services.stored import Stored, stored

NOT_SET = "-"
# what pairs the layers, or is compared by itself; phase is written by whoever builds the net
NO_SETTINGS = ("name", "blobs", "layer", "phase")


@dataclass
class Setting:
    """A field that says different things.

    Attributes:
        layer: the layer's name; "" for the net's own fields.
        name: the field's path, as "convolution_param.num_output".
        a, b: its values in words; NOT_SET where it is not given, then with the default.
    """

    layer: str
    name: str
    a: str
    b: str


@dataclass
class Apart:
    """A parameter of a layer that both models have.

    Attributes:
        shapes: A's and B's; None where a model lacks the parameter.
        fits: the shapes are one, so that the numbers can be compared.
        largest: the largest difference of two numbers.
        relative: the norm of all differences over the norm of A's numbers.
        equal: every number is the same.
    """

    layer: str
    index: int
    shapes: tuple[tuple[int, ...] | None, tuple[int, ...] | None]
    fits: bool = False
    largest: float = float("nan")
    relative: float = float("nan")
    equal: bool = False


@dataclass
class Comparison:
    """What ``compare`` found.

    Attributes:
        only_a, only_b: layers of one model alone, name and type ("" where a file does not say it).
        settings: the fields that differ; None if one of the files is without a net.
        parameters: of layers that both have; None if one of the files is without weights.
        layers: how many both have.
    """

    only_a: list[tuple[str, str]] = field(default_factory=list)
    only_b: list[tuple[str, str]] = field(default_factory=list)
    settings: list[Setting] | None = None
    parameters: list[Apart] | None = None
    layers: int = 0

    @property
    def equal(self) -> bool:
        """Whether nothing differs of what was compared."""
        return not (self.only_a or self.only_b or self.settings) and all(
            one.equal for one in self.parameters or [])


def compare(path_a: str, path_b: str) -> Comparison:
    """Compare two files, each a prototxt, a .caffemodel or a .caffemodel.h5.

    Layers are paired by name. Where one file holds a net alone, or weights alone, the rest is not
    compared; layers of weights alone are those that have parameters.

    Raises:
        NotFound: no such file. CaffeError: one is damaged, or of another kind.
    """
    with work.quiet():
        a, b = stored(path_a), stored(path_b)
    found = Comparison()
    learnt_alone = a.net is None or b.net is None
    names_a, names_b = _types(a, learnt_alone), _types(b, learnt_alone)
    found.only_a = [(name, kind) for name, kind in names_a.items() if name not in names_b]
    found.only_b = [(name, kind) for name, kind in names_b.items() if name not in names_a]
    found.layers = len(names_a) - len(found.only_a)
    if a.net is not None and b.net is not None:
        found.settings = list(_settings_apart(a.net, b.net))
    if a.weights is not None and b.weights is not None:
        found.parameters = list(_parameters_apart(a.weights, b.weights))
    return found


def _types(model: Stored, learnt_alone: bool) -> dict[str, str]:
    """The layers, name to type: all, or those with parameters where the files tell of them."""
    if model.net is not None and not learnt_alone:
        return {layer.name: layer.type for layer in model.net.layer}
    if model.weights is not None:
        return {layer.name: layer.type for layer in model.weights.layers if layer.blobs}
    from caffepy.core import traits

    return {layer.name: layer.type for layer in model.net.layer if traits.of(layer).learns}


def _settings_apart(a: Any, b: Any) -> Iterator[Setting]:
    for path, one, other in _fields_apart(a, b, ""):
        yield Setting("", path, one, other)
    others = {layer.name: layer for layer in b.layer}
    for layer in a.layer:
        if layer.name in others:
            for path, one, other in _fields_apart(layer, others[layer.name], ""):
                yield Setting(layer.name, path, one, other)


def _fields_apart(a: Any, b: Any, path: str) -> Iterator[tuple[str, str, str]]:
    """Path and both values of each field that differs in two messages of one kind."""
    given = {spec.name: spec for message in (a, b) for spec, _ in message.ListFields()}
    for name in sorted(given, key=lambda name: given[name].number):
        if not path and name in NO_SETTINGS:
            continue
        spec, one, other = given[name], getattr(a, name), getattr(b, name)
        if one == other and (is_repeated(spec) or a.HasField(name) == b.HasField(name)):
            continue
        if spec.message_type is None:
            yield f"{path}{name}", _words(a, spec), _words(b, spec)
        elif not is_repeated(spec):
            yield from _fields_apart(one, other, f"{path}{name}.")
        elif len(one) == len(other):
            for index, pair in enumerate(zip(one, other, strict=True)):
                yield from _fields_apart(*pair, f"{path}{name}[{index}].")
        else:
            yield f"{path}{name}", _times(one), _times(other)


def _times(values: Any) -> str:
    return f"{len(values)} of them" if values else NOT_SET


def _words(message: Any, spec: Any) -> str:
    value = getattr(message, spec.name)
    if is_repeated(spec):
        return ", ".join(_word(spec, one) for one in value) or NOT_SET
    if message.HasField(spec.name):
        return _word(spec, value)
    return f"{NOT_SET} ({_word(spec, value)})" if spec.has_default_value else NOT_SET


def _word(spec: Any, value: Any) -> str:
    if spec.enum_type is not None:
        return str(spec.enum_type.values_by_number[value].name)
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def _parameters_apart(a: Any, b: Any) -> Iterator[Apart]:
    others = {layer.name: layer for layer in b.layers}
    for layer in a.layers:
        if layer.name not in others:
            continue
        blobs, their = layer.blobs, others[layer.name].blobs
        for index in range(max(len(blobs), len(their))):
            yield _apart(layer.name, index, *(
                side[index] if index < len(side) else None for side in (blobs, their)))


def _apart(layer: str, index: int, a: Any, b: Any) -> Apart:
    from caffepy.core.weights import fits

    shapes = tuple(None if side is None else side.shape for side in (a, b))
    found = Apart(layer, index, shapes)  # type: ignore[arg-type]
    if a is None or b is None:
        found.equal = a is b  # an HDF5 file leaves a shared one to its owner
        return found
    if not (fits(a.shape, b.shape) or fits(b.shape, a.shape)):
        return found
    found.fits = True
    difference = np.abs(a.astype(np.float64).reshape(-1) - b.astype(np.float64).reshape(-1))
    norm = float(np.linalg.norm(a.astype(np.float64)))
    off = float(np.linalg.norm(difference))
    found.largest = float(difference.max(initial=0))
    found.relative = off / norm if norm else (0.0 if not off else float("inf"))
    found.equal = bool(np.array_equal(a.reshape(-1), b.reshape(-1), equal_nan=True))
    return found
