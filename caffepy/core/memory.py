"""A value may live in several places; it moves only when a stale place is read.

A SyncedMemory is one run of ``count`` numbers. It knows several places: the host in C order (what
``blob.data`` shows), the host in channels-last order, the same two on a device, and all of these
again in half precision (see place.py). Five verbs reach it, all with a place and a shape:

    read        make this place current, keep the others
    write       as read, then the others are stale
    overwrite   this place alone is current; nothing is copied, the old content is lost
    accumulate  overwrite if the value is known to be zero, else write: for sums of gradients
    zero        no place is current: the value is zero until somebody writes it

Channels-last is a property of memory plus a 4-D shape (N, C, H, W): the numbers lie as
(N, H, W, C) and are handed out as an N x C x H x W array seen through a transpose. Where both
orders are the same bytes (C is 1, or H and W are) the C-order place serves for both. Memory that
blobs of different shapes share (Flatten, Reshape) can share the C-order place only, so a
channels-last value of another shape goes through C order.

One copy changes order and number format at once, so kernels in half precision and others meet
without knowing of each other. A parameter that is written in float32 and read in half
precision is rounded once after each update.

Native layers and kernels use the verbs; an ``observer`` is told of each. ``door`` is the Python
side's way in: a writable view that may be kept for hours. While any view of it lives the memory is
pinned: the host counts as newest when a public call starts (``host_is_newest``) and is refreshed
when it ends (``refresh_host``).
"""

from __future__ import annotations

import contextlib
import math
import weakref
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from caffepy.core import bfloat16 as bfloat16
from caffepy.core.mover import ALIGNMENT as ALIGNMENT
from caffepy.core.mover import Array as Array
from caffepy.core.mover import Mover as Mover
from caffepy.core.place import HALVES as HALVES
from caffepy.core.place import Place as Place
from caffepy.core.state import Observer
from caffepy.core.state import State as State
from caffepy.core.tensor import Tensor as Tensor

if TYPE_CHECKING:
    from caffepy.core.lodging import Lodging

Shape = tuple[int, ...]


class SyncedMemory:
    """``count`` numbers of one dtype that know where they are current. Starts as zeros."""

    __slots__ = (
        "__weakref__", "_last_shape", "_lodging", "_pin", "_store", "_valid", "_windows",
        "capacity", "count", "dtype", "in_last_order", "mover", "observer", "version",
    )

    def __init__(self, count: int, dtype: Any = np.float32, mover: Mover | None = None) -> None:
        self.count = count
        self.capacity = count
        self.dtype = np.dtype(dtype)
        self.mover = mover or Mover()
        self.version = 0  # grows with every write: what a reordered copy compares with
        self.in_last_order = False  # the order of the last write: elementwise layers follow it
        self.observer: Observer | None = None  # who is told what is done, while somebody looks on
        self._valid: set[Place] = set()
        self._store: dict[Place, Array] = {}
        self._windows: dict[tuple[Place, Shape], Array] = {}
        self._last_shape: Shape | None = None  # whose channels-last order the *_LAST places hold
        self._pin: weakref.ref[_Pin] | None = None
        self._lodging: Lodging | None = None
        if self.mover.memories is not None:
            self.mover.memories.add(self)

    # -- the verbs ------------------------------------------------------------------------

    def read(self, place: Place, shape: Shape) -> Array:
        """The value as an array of ``shape`` in ``place``, made current there if it is not."""
        if self.observer is not None:
            self.observer.read(self, place)
        if place not in self._valid or (place.channels_last and shape != self._last_shape):
            self._bring(place, shape)
        window = self._windows.get((place, shape))  # mostly there: a call less
        return self._window(place, shape) if window is None else window

    def write(self, place: Place, shape: Shape) -> Array:
        """As read; afterwards ``place`` alone is current."""
        array = self.read(place, shape)
        self._written(place)
        return array

    def overwrite(self, place: Place, shape: Shape) -> Array:
        """An array of ``shape`` whose content is to be replaced whole; nothing is copied."""
        if self.observer is not None:
            self.observer.replace(self)
        if place.channels_last:
            self._last_shape = shape
        self._written(place)
        window = self._windows.get((place, shape))
        return self._window(place, shape) if window is None else window

    def accumulate(self, place: Place, shape: Shape) -> tuple[Array, bool]:
        """The array to add into, and whether to add: False means it must be overwritten."""
        if self.is_zero:
            return self.overwrite(place, shape), False
        return self.write(place, shape), True

    def zero(self) -> None:
        """The value is zero now; memory is touched only if somebody reads it."""
        if self.observer is not None:
            self.observer.replace(self)
        self._valid.clear()
        self.version += 1

    @property
    def is_zero(self) -> bool:
        """Whether nobody has written since the last ``zero`` (or since the beginning)."""
        if self.observer is not None:
            self.observer.ask(self)
        return not self._valid

    # -- what it says of itself -----------------------------------------------------------

    @property
    def state(self) -> State:
        """All of it, as it is now."""
        return State(frozenset(self._valid), self._last_shape, self.in_last_order, self.version)

    def restore(self, state: State, written: bool = False) -> None:
        """Say of itself what it said then; the numbers are taken to be there.

        Args:
            written: they have been written again, so the version grows instead of going back.
        """
        valid, self._last_shape, self.in_last_order, version = state
        self._valid.clear()
        self._valid.update(valid)
        self.version = self.version + 1 if written else version

    def gain(self, places: frozenset[Place], last_shape: Shape | None) -> None:
        """The value has been brought to these places, too."""
        self._valid |= places
        self._last_shape = last_shape

    def serves_as(self, state: State, places: Sequence[Place]) -> bool:
        """Whether what read these places then can read them now: the value is zero again, or it was
        last written in the same order and channels-last places have the same shape."""
        if not state.valid or not self._valid:
            return not state.valid and not self._valid
        return self.in_last_order == state.in_last_order and (
            self._last_shape == state.last_shape
            or not any(place.channels_last for place in places))

    def is_current(self, place: Place) -> bool:
        """Whether the value can be read there without a copy, in the order's own shape."""
        return place in self._valid

    def array_in(self, place: Place) -> Array | None:
        """The flat array of a place, if there is one yet."""
        return self._store.get(place)

    @property
    def last_shape(self) -> Shape | None:
        """The shape of the channels-last places, if there is one."""
        return self._last_shape

    # -- room -----------------------------------------------------------------------------

    def resize(self, count: int) -> None:
        """Hold ``count`` numbers. Room is kept when it suffices; then C-order content stays, and
        behind it comes what once lay there, or zeros.

        A value that is in channels-last order alone stays so, in its old shape, until it is read.
        """
        if count == self.count:
            return
        self._windows.clear()
        if count > self.capacity:
            self.capacity = count
            self._store.clear()
            self._valid.clear()
            self._pin = None  # views handed out before keep the old room, detached
        elif self._lodging is not None:
            self._valid.clear()  # behind it come the numbers of others
        elif len(self._valid) > 1:
            self._forget_copies(count > self.count)
        self.count = count
        self.version += 1

    def adopt(self, place: Place, array: Array) -> None:
        """Live in ``array`` (flat, ``count`` long) at ``place`` from now on; the value moves in.

        This is how the parameters of a net come to lie side by side in one arena.
        """
        array[:] = self.read(place, (self.count,))
        self._store[place] = array
        self.capacity = self.count
        self._windows.clear()
        self._pin = None

    def lodge(self, lodging: Lodging) -> None:
        """Live there with others from now on; there is no value to keep, and no ``door``."""
        self.let_go()
        self._lodging = lodging

    def let_go(self) -> None:
        """Hold no arrays and no value, until the next verb."""
        self._store.clear()
        self._windows.clear()
        self._valid.clear()
        self.version += 1

    @property
    def nbytes(self) -> int:
        """Bytes held in all places together."""
        return sum(int(array.nbytes) for array in self._store.values())

    @property
    def device_nbytes(self) -> int:
        """Bytes held on a device."""
        return sum(int(a.nbytes) for place, a in self._store.items() if place.on_device)

    # -- the Python door ------------------------------------------------------------------

    def door(self, shape: Shape) -> np.ndarray[Any, Any]:
        """A writable host view in C order that may be kept; it pins the memory while it lives."""
        if self._lodging is not None:
            raise self._lodging.no_door(self)
        array = self.write(Place.HOST, shape)
        pin = self._pin() if self._pin else None
        if pin is None:
            pin = _Pin(self._store[Place.HOST])
            self._pin = weakref.ref(pin)
            self.mover.doors[id(self)] = weakref.ref(self)
        flat = np.asarray(pin)
        return flat[: array.size].reshape(array.shape)

    @property
    def pinned(self) -> bool:
        """Whether somebody outside still holds a view from ``door``."""
        return self._pin is not None and self._pin() is not None

    def host_is_newest(self) -> None:
        """A public call starts: what a kept view shows counts, and may have been written."""
        if self._pin is not None and self._pin() is not None:
            self._written(Place.HOST)

    def refresh_host(self) -> None:
        """A public call ends: kept views show the newest value."""
        if self._pin is not None and self._pin() is not None:
            self.read(Place.HOST, (self.count,))

    # -- inside ---------------------------------------------------------------------------

    def _written(self, place: Place) -> None:
        self._valid.clear()
        self._valid.add(place)
        self.in_last_order = place.channels_last
        self.version += 1

    def _window(self, place: Place, shape: Shape) -> Array:
        window = self._windows.get((place, shape))
        if window is None:
            flat = self._room(place)[: math.prod(shape)]
            if place.channels_last:
                n, c, h, w = shape
                window = flat.reshape(n, h, w, c).transpose(0, 3, 1, 2)
            else:
                window = flat.reshape(shape)
            self._windows[place, shape] = window
        return window

    def _room(self, place: Place) -> Array:
        if place not in self._store:
            self._store[place] = (
                self.mover.zeros(place, self.capacity, self.dtype) if self._lodging is None
                else self._lodging.array(self, place, len(self._store)))
        return self._store[place]

    def _bring(self, place: Place, shape: Shape) -> None:
        """Make ``place`` current by the shortest way from where the value is."""
        near = next((other for other in place.beside if other in self._valid), None)
        if not self._valid:
            if place.channels_last:
                self._last_shape = shape
            # not for the host: the thread that computes may hold the device, waiting for this one
            with self.mover.computing() if place.on_device else contextlib.nullcontext():
                self._room(place)[: self.count] = 0
            self._valid.add(place)
        elif place.channels_last and shape != self._last_shape:
            self._bring_in_another_shape(place, shape)
        elif near:
            self._rewrite(near, place, shape)
        elif place.on_device and any(not other.on_device for other in self._valid):
            # cross over in the order it has: the device is quicker at changing it
            over = place.across
            other = over.plain if over.channels_last else over.last
            if other in self._valid:
                over = other if over not in self._valid else over
            elif over not in self._valid:  # the host has it in half precision alone
                self._bring(over, shape)
            self._transfer(over, over.across)
            if place is not over.across:
                self._rewrite(over.across, place, shape)
        elif place.half:  # from the other side, or the other half-precision format
            self._bring(place.whole, shape)
            self._rewrite(place.whole, place, shape)
        else:
            if place.across not in self._valid:
                self._bring(place.across, shape)
            self._transfer(place.across, place)

    def _bring_in_another_shape(self, place: Place, shape: Shape) -> None:
        """The channels-last places hold the order of another shape: go by C order, which is the
        same for all shapes, and begin with numbers that are not rounded if there are any."""
        whole = any(not other.half for other in self._valid)
        plain = place.whole.plain if whole else place.plain
        if plain not in self._valid:
            self._bring(plain, shape)
        self._forget_last()
        self._last_shape = shape
        self._rewrite(plain, place, shape)

    def _forget_last(self) -> None:
        """The channels-last places are not current any more."""
        self._valid -= {place for place in self._valid if place.channels_last}

    def _forget_copies(self, growing: bool) -> None:
        """The count is about to change: only those places stay current that will agree then."""
        exact = {place for place in self._valid if not place.half} or self._valid
        plain = {place for place in exact if not place.channels_last}
        if plain and growing:  # behind their ends may lie numbers of different times
            plain = {max(plain, key=lambda place: place.on_device)}
        self._valid = plain or exact

    def _transfer(self, source: Place, target: Place) -> None:
        if self.observer is not None:
            self.observer.transfer(self, target)
        self.mover.counts[source, target] += 1
        count = self.count
        if source.channels_last and self._last_shape:
            count = math.prod(self._last_shape)  # of before, if the count has changed since
        self.mover.transfer(self._room(source)[:count], self._room(target)[:count])
        self._valid.add(target)

    def _rewrite(self, source: Place, target: Place, shape: Shape) -> None:
        """Copy on one side, from another order or number format."""
        if source.channels_last or target.channels_last:
            assert self._last_shape is not None
            shape = self._last_shape
        self.mover.counts[source, target] += 1
        self.mover.rewrite(self._window(source, shape), self._window(target, shape))
        self._valid.add(target)
        if self.observer is not None:
            self.observer.moved(self)


class _Pin:
    """Owner of every array that ``door`` hands out.

    NumPy collapses chains of views down to the first array, which keeps this object alive; so
    its weak reference dies with the last view, however that view was made.
    """

    __slots__ = ("__array_interface__", "__weakref__", "_room")

    def __init__(self, room: np.ndarray[Any, Any]) -> None:
        self._room = room
        self.__array_interface__ = room.__array_interface__
