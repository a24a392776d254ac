"""Which sizes of an exported net may differ from those it was exported with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from caffepy.core.net import Net
from caffepy.errors import CaffeError
from caffepy.exchange.out.step import BATCH, SIZE

Shape = tuple[int, ...]

MORE = {BATCH: 1, SIZE: 64}  # what is added when a net is asked whether it takes another
FEW = 4  # layers that a line names


@dataclass
class Open:
    """What may differ.

    Attributes:
        changed: for batch and size, if open, the shapes that blobs have with another.
        told: what is to be said, a line each.
    """

    changed: dict[str, dict[str, Shape]] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)

    def dims(self, blob: str, shape: Shape) -> list[int | str]:
        """A blob's shape, with words in place of sizes that may differ."""
        found: list[int | str] = list(shape)
        for what, shapes in self.changed.items():
            for axis, (now, then) in enumerate(zip(shape, shapes.get(blob, shape), strict=False)):
                if now != then:
                    found[axis] = f"{blob}_{axis}" if what == SIZE else _count(now, then)
        return found


def _count(now: int, then: int) -> str:
    """N, or a multiple of it."""
    times = then - now
    return "N" if times == 1 else f"{times}N"


def look(net: Net, inputs: Mapping[str, Shape], holds: Mapping[str, list[str]], wanted: bool
         ) -> Open:
    """What may differ, if it is wanted at all.

    Args:
        holds: for batch and size the layers that were exported for the present one alone.
    """
    found = Open()
    if not wanted:
        return found
    for what in (BATCH, SIZE):
        if what in holds:
            names = holds[what]
            more = f" and {len(names) - FEW} more" * (len(names) > FEW)
            found.told.append(f"The {what} is fixed by {', '.join(names[:FEW])}{more}.")
            continue
        try:
            with other(net, inputs, what):
                found.changed[what] = {name: blob.shape for name, blob in net.blobs.items()}
        except CaffeError as error:
            found.told.append(f"The {what} is fixed: {str(error).splitlines()[0]}")
    return found


@contextmanager
def other(net: Net, inputs: Mapping[str, Shape], *what: str) -> Iterator[None]:
    """Within it the net has another batch or size.

    Raises:
        CaffeError: it takes no other.
    """
    first = next(iter(inputs.values()), ())
    try:
        for name, shape in inputs.items():
            net.blobs[name].reshape(*_grown(shape, first, what))
        net.reshape()
        yield
    finally:
        for name, shape in inputs.items():
            net.blobs[name].reshape(*shape)
        net.reshape()


def _grown(shape: Shape, first: Shape, what: tuple[str, ...]) -> Shape:
    """A larger input. Pictures have sizes; what has as many items as the first input, batches."""
    grown = list(shape)
    if BATCH in what and shape and shape[0] == first[0]:
        grown[0] += MORE[BATCH]
    if SIZE in what and len(shape) == 4:
        grown[2:] = [size + MORE[SIZE] for size in shape[2:]]
    return tuple(grown)
