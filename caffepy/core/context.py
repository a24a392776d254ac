"""Where and how a net computes: device, engines, seed, threads. An object, no process globals.

Two nets in one process may have different contexts, in different threads.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import secrets
import weakref
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from caffepy import cores
from caffepy.core.memory import Mover
from caffepy.settings import Settings

if TYPE_CHECKING:
    from caffepy.kernels.contract import Engine, Kernel, Spec

KERNELS_PACKAGE = "caffepy.kernels"  # found by name, as the registry finds layers


class Context:
    """What a net needs to know of the machine, and the source of its random numbers.

    Args:
        device: ``"cpu"``, or the number of a GPU.
        seed: the seed of every random draw; drawn anew if None. See ``generator``.
        threads: how many threads the engines use; None leaves it to them
            (``OMP_NUM_THREADS``, or all cores).
        engines: names in order of preference, such as ``("onednn", "reference")``; None takes
            that of the settings, or the fastest that this machine has.
        rank, size: which of how many workers this is.
        precision: what nets store activations as, "float32", "float16" or "bfloat16", where the
            machine has it; None takes each net's own defaults (core.precision).
        settings: None takes what the environment says now.

    Attributes:
        engines: that kernels are asked of, the fastest first; ``mover`` is the first one's.
        xp, place: the array module and where its arrays are, for what is not a kernel.
        accelerator: the GPU (a kernels.cuda.device.Device), or None on the CPU.

    Raises:
        DeviceError: the device is not there; the message says what is missing.
        ConfigError: an engine of that name does not exist; or an environment variable has a word
            that it does not know.
    """

    def __init__(
        self,
        device: str | int = "cpu",
        *,
        seed: int | None = None,
        threads: int | None = None,
        engines: Sequence[str] | None = None,
        rank: int = 0,
        size: int = 1,
        precision: str | None = None,
        settings: Settings | None = None,
    ) -> None:
        self.settings = settings or Settings.of()
        self.device = device
        self.precision = precision
        self.seed = seed if seed is not None else secrets.randbits(31)
        self.threads = threads
        self.rank = rank
        self.size = size
        kernels = importlib.import_module(KERNELS_PACKAGE)
        self.engines: list[Engine] = kernels.choose_engines(
            device, engines, threads, self.settings)
        self.mover: Mover = self.engines[0].mover()
        self.xp: Any = self.engines[0].xp
        self.place = self.engines[0].place
        self.accelerator: Any = self.engines[0].device
        if self.accelerator:
            self.mover.memories = weakref.WeakSet()

    @cached_property
    def host(self) -> Context:
        """Of a GPU's context the CPU's side: for layers that only the CPU can run. What they read
        and write is brought over by the mover, which is the same."""
        return _Host(self) if self.accelerator else self

    @property
    def host_threads(self) -> int:
        """How many threads work on the CPU where no engine decides: ``threads``, else
        OMP_NUM_THREADS, else as many as there are cores for this process."""
        return self.threads or self.settings.threads or cores.usable()

    def computing(self) -> contextlib.AbstractContextManager[Any]:
        """Around whatever queues work for the device: makes it and its stream the current ones."""
        return self.accelerator.computing() if self.accelerator else contextlib.nullcontext()

    def also(self, function: Callable[..., Any], *arguments: Any) -> None:
        """Call a function that works on arrays, as layers do besides running kernels, so that it
        is taped with these (core.taped)."""
        self.engines[0].also(function, *arguments)

    def plan(self, spec: Spec, engine: str | None = None, half: str | None = None) -> Kernel:
        """The kernel for a spec: from the engine named, else from the first that can do it.

        ``half``: for activations in float16 or bfloat16, if there is one.
        """
        return importlib.import_module(KERNELS_PACKAGE).plan(spec, self, engine, half)

    def generator(
        self, stream: str, counter: int = 0, *, common: bool = False
    ) -> np.random.Generator:
        """Random numbers that depend on (seed, stream, counter, rank) and on nothing else.

        ``common`` ones are the same for all workers: for orders of records, which they share out.

        So a run that is resumed with the same seed and counters draws what the uninterrupted
        run would have drawn, whatever the order in which layers or threads ask. Philox is a
        counter-based generator (Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3").
        """
        name = int.from_bytes(hashlib.blake2b(stream.encode(), digest_size=8).digest(), "little")
        key = np.array([self.seed % 2**64, name], np.uint64)
        start = np.array([0, 0, counter, 0 if common else self.rank], np.uint64)
        return np.random.Generator(np.random.Philox(key=key, counter=start))


class _Host(Context):
    """See Context.host. Both sides have one seed, which a snapshot may bring."""

    def __init__(self, owner: Context) -> None:
        self._owner = weakref.proxy(owner)
        self.device, self.accelerator, self.precision = "cpu", None, None
        self.settings = replace(owner.settings, engine=None)
        self.threads, self.rank, self.size = owner.threads, owner.rank, owner.size
        self.engines = importlib.import_module(KERNELS_PACKAGE).choose_engines(
            "cpu", None, owner.threads, self.settings)
        self.xp, self.place, self.mover = self.engines[0].xp, self.engines[0].place, owner.mover

    @property
    def seed(self) -> int:
        return int(self._owner.seed)

    @seed.setter
    def seed(self, seed: int) -> None:
        self._owner.seed = seed
