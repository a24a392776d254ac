"""What is done to a net when all its layers are there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def tidied(param: Any, outputs: Mapping[str, str]) -> dict[str, str]:
    """Leave out what no output needs, swallow what nobody reads, and call the outputs as the model
    does. Changes ``param``.

    Args:
        outputs: the model's outputs, and their blobs.

    Returns: the same, with the blobs' names as they are then.
    """
    _forget_dead(param, set(outputs.values()))
    renamed = _names(param, outputs)
    for layer in param.layer:
        for names in (layer.bottom, layer.top):
            names[:] = [renamed.get(name, name) for name in names]
    found = {name: renamed.get(blob, blob) for name, blob in outputs.items()}
    read = {name for layer in param.layer for name in layer.bottom}
    unread = [top for layer in param.layer for top in layer.top
              if layer.bottom and top not in read and top not in found.values()]
    if unread:
        param.layer.add(name="unread", type="Silence", bottom=unread)
    return found


def _forget_dead(param: Any, wanted: set[str]) -> None:
    """Take out layers that lead nowhere; inputs stay, as the model has them."""
    kept: list[Any] = []
    for layer in reversed(param.layer):
        if wanted.intersection(layer.top) or _is_input(layer):
            kept.append(layer)
            wanted.update(layer.bottom)
    layers = kept[::-1]
    del param.layer[:]
    param.layer.extend(layers)


def _is_input(layer: Any) -> bool:
    return bool(layer.HasField("input_param"))


def _names(param: Any, outputs: Mapping[str, str]) -> dict[str, str]:
    """Blob to its new name: the output's, and for a blob that has that name another."""
    taken = {top for layer in param.layer for top in layer.top}
    inputs = {top for layer in param.layer if _is_input(layer) for top in layer.top}
    renamed: dict[str, str] = {}
    for name, blob in outputs.items():
        if blob in inputs or name in inputs:
            continue
        renamed[blob] = name
        if name in taken:
            renamed.setdefault(name, _free(name, taken))
            taken.add(renamed[name])
    return renamed


def _free(name: str, taken: set[str]) -> str:
    number = 1
    while f"{name}_{number}" in taken:
        number += 1
    return f"{name}_{number}"


def foreign_types(param: Any) -> Sequence[str]:
    """The types and words of the net that the original does not have, with whose they are."""
    from caffepy.core import registry

    found: dict[str, None] = {}
    for layer in param.layer:
        entry = registry.of(layer)
        if entry.dialect != registry.ORIGINAL:
            found[f"{entry.type} ({entry.dialect})"] = None
    return list(found)
