"""oneDNN's operations: chosen for layouts (Runtime, Chosen), then run on arrays (Call)."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from ctypes import byref, c_void_p
from functools import cached_property
from typing import Any

import numpy as np

from caffepy import forks, log
from caffepy.kernels.contract import Unsupported
from caffepy.kernels.onednn.api import (
    ANY_TAG,
    CPU,
    DATA_TYPES,
    DST,
    IN_ORDER,
    SRC,
    STRICT,
    USER_SCRATCH,
    WITH_BFLOAT16,
    WITH_VNNI,
    Array,
    Held,
    Layout,
    OneDnnError,
    check,
    contiguous,
    dims,
    empty_bytes,
)
from caffepy.kernels.onednn.call import Call as Call
from caffepy.kernels.onednn.call import Chosen as Chosen
from caffepy.kernels.onednn.library import load
from caffepy.kernels.onednn.tape import Tape, quietly

logger = log.get(__name__)

NO_SCALES: Mapping[int, int] = {}


class _Threads(threading.local):
    """How many threads OpenMP was last told to use in this thread (it keeps one number each)."""

    count: int | None = None


class _OfThread(threading.local):
    """What a runtime has for each thread."""

    def __init__(self) -> None:
        self.buffers: dict[str, Array] = {}
        self.tape: Tape | None = None


class Runtime:
    """oneDNN's engine and stream, the number of threads, and scratch memory.

    Scratch memory is one growing buffer a thread: primitives run one after the other, so they
    take turns in it, and it stays in the cache. The same goes for the buffers, each with a name, in
    which kernels put aside intermediate results while they run.

    What is done to arrays goes by here (``Call``, ``product``, ``also``), so that it can be taped.
    """

    _told = _Threads()

    def __init__(self, threads: int | None = None) -> None:
        self.library = load()
        self.threads = threads or self.library.default_threads
        ref = c_void_p()
        check(self.library.engine_create(byref(ref), CPU, 0), "start")
        self.engine = Held(ref, self.library.engine_destroy)
        ref = c_void_p()
        check(self.library.stream_create(byref(ref), self.engine.ref, IN_ORDER), "start a stream")
        self.stream = Held(ref, self.library.stream_destroy)
        self.of_thread = _OfThread()
        self._complained: set[str] = set()
        forks.watch(self)

    def after_fork_in_child(self) -> None:
        """Threads are asked for anew; see Library."""
        Runtime._told = _Threads()

    @cached_property
    def has_bfloat16(self) -> bool:
        """Whether the processor computes in it, and ONEDNN_MAX_CPU_ISA does not forbid it."""
        return bool(self.library.get_effective_cpu_isa() & WITH_BFLOAT16)

    @cached_property
    def has_int8(self) -> bool:
        """Whether the processor multiplies 8 bits and sums 32 at once; older ones sum pairs in 16
        bits, which may overflow."""
        return bool(self.library.get_effective_cpu_isa() & WITH_VNNI)

    def use_threads(self) -> None:
        """Tell OpenMP, which keeps the number for each calling thread, how many to use."""
        if self._told.count != self.threads:
            self.library.set_threads(self.threads)
            self._told.count = self.threads

    def scratch(self, nbytes: int) -> Array:
        """At least that many bytes for the running call; the next call may reuse them."""
        return self.buffer("scratch", nbytes)

    def buffer(self, name: str, nbytes: int) -> Array:
        """At least that many bytes, in which kernels take turns; one array until somebody needs
        more."""
        buffers = self.of_thread.buffers
        found = buffers.get(name)
        if found is None or found.nbytes < nbytes:
            found = buffers[name] = empty_bytes(nbytes)
        return found

    # -- what runs ------------------------------------------------------------------------

    def product(self, *arguments: Any, of: Sequence[Array]) -> None:
        """oneDNN's sgemm.

        Args:
            arguments: as its C function takes them, with addresses of matrices.
            of: the arrays that these are in.
        """
        self.use_threads()
        check(self.library.sgemm(*arguments), "multiply matrices")
        if self.of_thread.tape is not None:
            self.of_thread.tape.add((self.library.sgemm, arguments), of)

    def also(self, function: Callable[..., Any], *arguments: Any, **options: Any) -> None:
        """Call a function of NumPy's that works on arrays, such as ``np.copyto``."""
        function(*arguments, **options)
        if self.of_thread.tape is not None:
            arrays = [a for a in (*arguments, *options.values()) if isinstance(a, np.ndarray)]
            self.of_thread.tape.add(quietly(function, arguments, options), arrays)

    @contextlib.contextmanager
    def taping(self) -> Iterator[Tape]:
        """Put on a tape what this thread does inside."""
        mine = self.of_thread
        before, mine.tape = mine.tape, Tape(self.use_threads)
        try:
            yield mine.tape
        finally:
            mine.tape = before

    # -- layouts --------------------------------------------------------------------------

    def strided(self, shape: Sequence[int], strides: Sequence[int], dtype: str = "float32"
                ) -> Layout:
        """Numbers of a type; strides count elements."""
        ref = c_void_p()
        check(
            self.library.memory_desc_create_with_strides(
                byref(ref), len(shape), dims(shape), DATA_TYPES[dtype], dims(strides)
            ),
            f"describe a tensor of shape {tuple(shape)}",
        )
        return Layout(self.library, ref)

    def plain(self, shape: Sequence[int], dtype: str = "float32") -> Layout:
        """C order."""
        return self.strided(shape, contiguous(shape), dtype)

    def last(self, shape: Sequence[int], dtype: str = "float32") -> Layout:
        """Channels-last; the shape is still N x C x H x W."""
        _, c, h, w = shape
        return self.strided(shape, (c * h * w, 1, w * c, c), dtype)

    def any(self, shape: Sequence[int], dtype: str = "float32") -> Layout:
        """oneDNN may choose the order."""
        ref = c_void_p()
        check(
            self.library.memory_desc_create_with_tag(
                byref(ref), len(shape), dims(shape), DATA_TYPES[dtype], ANY_TAG
            ),
            f"describe a tensor of shape {tuple(shape)}",
        )
        return Layout(self.library, ref)

    # -- operations -----------------------------------------------------------------------

    def attributes(
        self, post_ops: Sequence[tuple[Any, ...]] = (), scales: Mapping[int, int] = NO_SCALES
    ) -> Held:
        """Strict float32, scratch memory from us, and operations fused behind the main one.

        Post-ops: ("sum", scale), ("eltwise", algorithm, alpha, beta), ("binary", algorithm,
        layout). Scales: the arguments that are multiplied with numbers, themselves an argument
        (SCALES), and of each argument the mask of the axes along which these differ.
        """
        library = self.library
        ref = c_void_p()
        check(library.primitive_attr_create(byref(ref)), "make attributes")
        attributes = Held(ref, library.primitive_attr_destroy)
        check(library.primitive_attr_set_fpmath_mode(ref, STRICT), "ask for strict float32")
        check(library.primitive_attr_set_scratchpad_mode(ref, USER_SCRATCH), "own the scratchpad")
        for argument, mask in scales.items():
            check(library.primitive_attr_set_scales_mask(ref, argument, mask), "scale an argument")
        if post_ops:
            ref = c_void_p()
            check(library.post_ops_create(byref(ref)), "make post-ops")
            chain = Held(ref, library.post_ops_destroy)
            for kind, *settings in post_ops:
                if kind == "sum":
                    status = library.post_ops_append_sum(ref, settings[0], 0, 0)
                elif kind == "eltwise":
                    status = library.post_ops_append_eltwise(ref, *settings)
                else:
                    status = library.post_ops_append_binary(ref, settings[0], settings[1].ref)
                check(status, f"fuse {kind}")
            check(library.primitive_attr_set_post_ops(attributes.ref, chain.ref), "fuse")
        return attributes

    def choose(
        self, operation: str, *settings: Any, post_ops: Sequence[tuple[Any, ...]] = (),
        scales: Mapping[int, int] = NO_SCALES, implementation: str = "",
    ) -> Chosen:
        """What oneDNN picks for ``dnnl_<operation>_primitive_desc_create`` with these settings.

        Args:
            implementation: the name of the one to take; by default oneDNN's first.

        Raises:
            Unsupported: oneDNN has no implementation, or only its slow reference code.
        """
        chosen = self._first(operation, settings, post_ops, scales)
        while implementation and chosen.implementation != implementation:
            if not chosen.advance():
                raise Unsupported(f"oneDNN has no {implementation} for this {operation}")
        if chosen.slow and operation != "reorder":  # even slow, a reorder is the only way
            complaint = f"oneDNN has only its slow {chosen.implementation} for one {operation}"
            if complaint not in self._complained:
                self._complained.add(complaint)
                logger.info("%s; another way is taken.", complaint)
            raise Unsupported(complaint)
        return chosen

    def implementations(self, operation: str, *settings: Any) -> list[str]:
        """The names of all fast ones that ``choose`` could take, oneDNN's first choice first."""
        try:
            chosen = self._first(operation, settings)
        except Unsupported:
            return []
        names = [] if chosen.slow else [chosen.implementation]
        while chosen.advance():
            if not chosen.slow and chosen.implementation not in names:
                names.append(chosen.implementation)
        return names

    def _first(
        self, operation: str, settings: Sequence[Any],
        post_ops: Sequence[tuple[Any, ...]] = (), scales: Mapping[int, int] = NO_SCALES,
    ) -> Chosen:
        # some implementations divide the work when they are chosen
        self.use_threads()
        attributes = self.attributes(post_ops, scales)
        arguments = [s.ref if isinstance(s, Held) else s for s in settings]
        if operation != "reorder":
            arguments.insert(0, self.engine.ref)
        create = getattr(self.library, operation + "_primitive_desc_create")
        ref = c_void_p()
        status = create(byref(ref), *arguments, attributes.ref)
        if status:
            raise Unsupported(f"oneDNN: {operation}: {OneDnnError(operation, status).status}")
        return Chosen(self, ref)

    def reorder(
        self, source: Layout, target: Layout, post_ops: Sequence[tuple[Any, ...]] = ()
    ) -> Call:
        """A call (source array, target array) that copies from one layout to another."""
        chosen = self.choose("reorder", source, self.engine, target, self.engine,
                             post_ops=post_ops)
        return chosen.call((SRC, source), (DST, target))
