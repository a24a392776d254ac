"""Kernel, stride, pad and dilation of a layer's message, in whatever words it has them.

Convolutions give a size once for all axes or once per axis (``kernel_size: 3``, ``kernel_size: 3
kernel_size: 5``), and so do forks' poolings; height and width may be given apart (``kernel_h``,
``kernel_w``).
Layers, summaries, drawings and maps of coordinates all read it here.
"""

from __future__ import annotations

from typing import Any

from caffepy.errors import ConfigError
from caffepy.proto.fork_words import FIRST

Sizes = tuple[int, ...]

FORKS = 1 << 30  # above all numbers: words of forks count, too

# each size: the field for all axes, what ``_h`` and ``_w`` follow, and what it is when not given
SIZES = {"kernel": ("kernel_size", "kernel", None), "stride": ("stride", "stride", 1),
         "pad": ("pad", "pad", 0), "dilation": ("dilation", "dilation", 1)}  # fmt: skip

# what forks say for it, once or for height and width; classes that follow it declare that
HOLES = (("hole",), ("hole_h", "hole_w"), ("dilation_h", "dilation_w"))
SIDES = ("pad_t", "pad_l", "pad_b", "pad_r")


class Window:
    """What a message says of the windows that its layer slides over a picture.

    Attributes:
        kernel, stride, pad, dilation: one number for all spatial axes, or one for each; the
            kernel may be (), if it is not given.
        whole: the window is the whole picture (``global_pooling``).
        axis: the channels' axis; all after it are spatial.
        pad_end: the padding behind each axis, where forks' pad_b and pad_r differ from pad_t and
            pad_l; else None.
        lonely: names such as "kernel_h", which were given without their fellow.

    Raises:
        ConfigError: a size is given in two ways at once.
    """

    def __init__(self, message: Any) -> None:
        self.whole: bool = getattr(message, "global_pooling", False)
        self.lonely: list[str] = []
        self._message = message
        self.axis: int = message.axis if self._has("axis") else 1
        self._sides: dict[str, str] = {}  # sizes given as _h and _w, and the words before these
        self.kernel = self._read("kernel")
        self.stride = self._read("stride")
        self.pad = self._read("pad")
        self.dilation = self._holes() or self._read("dilation")
        self.pad_end: Sizes | None = None
        if any(self._given(side, FORKS) for side in SIDES):
            top, left, bottom, right = (getattr(message, side) for side in SIDES)
            if any(self.pad):
                raise ConfigError("either pad or pad_l, pad_r, pad_t and pad_b, not both")
            self.pad = (top, left)
            self._sides["pad"] = "pad"
            self.pad_end = (bottom, right) if (bottom, right) != self.pad else None

    def each(self, name: str, axes: int) -> Sizes:
        """The size called ``name`` on each of ``axes`` spatial axes.

        Raises:
            ConfigError: it is given for another number of axes.
        """
        values: Sizes = getattr(self, name)
        field = SIZES[name][0]
        if axes != 2 and name in self._sides:
            side = self._sides[name]
            raise ConfigError(f"{side}_h and {side}_w are for two spatial axes",
                              found=f"{axes} spatial axes", fix=f"Use {field} instead.")
        if len(values) not in (1, axes):
            raise ConfigError(f"{field} must be given once, or once per spatial axis",
                              found=f"{len(values)} times for {axes} spatial axes")
        return values * axes if len(values) == 1 else values

    def text(self, name: str) -> str:
        """The size in a word: "3", or "3x5"; "" for a kernel that is not given."""
        values: Sizes = getattr(self, name)
        return "x".join(map(str, values[:1] if len(set(values)) == 1 else values))

    def _read(self, name: str) -> Sizes:
        field, side, default = SIZES[name]
        values = self._given(f"{field}_all", FORKS) or self._given(field)
        ends = {f"{side}_{end}": self._given(f"{side}_{end}") for end in "hw"}
        if not any(ends.values()):
            return values or (() if default is None else (default,))
        if values:
            raise ConfigError(f"either {field} or {side}_h and {side}_w, not both")
        self._sides[name] = side
        if not all(ends.values()):
            self.lonely += [end for end, value in ends.items() if value]
        return tuple(getattr(self._message, end) for end in ends)

    def _holes(self) -> Sizes:
        """The dilation in forks' words; () if there are none."""
        for fields in HOLES:
            if any(self._given(field, FORKS) for field in fields):
                if self._given("dilation"):
                    raise ConfigError(f"either dilation or {fields[0]}, not both")
                self._sides.update({"dilation": fields[0][:-2]} if len(fields) > 1 else {})
                return tuple(getattr(self._message, field) for field in fields)
        return ()

    def _given(self, field: str, known: int = FIRST) -> Sizes:
        """What the message says in a field; () if nothing, or if it has no such field."""
        if not self._has(field, known):
            return ()
        value = getattr(self._message, field)
        if isinstance(value, int):
            return (value,) if self._message.HasField(field) else ()
        return tuple(value)

    def _has(self, field: str, known: int = FIRST) -> bool:
        """Whether the message has the field, as its own unless ``known`` lets forks' words in."""
        found = self._message.DESCRIPTOR.fields_by_name.get(field)
        return found is not None and found.number < known
