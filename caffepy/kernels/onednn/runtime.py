"""oneDNN's operations: chosen for layouts, then run on arrays.

    Runtime    what all share: library, engine, stream, threads, scratch memory
    Chosen     the implementation that oneDNN picked for an operation (a "primitive descriptor")
    Call       a primitive with its arguments; calling it with arrays runs it
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Mapping, Sequence
from ctypes import byref, c_int, c_void_p
from functools import cached_property
from typing import Any

from caffepy import forks, log
from caffepy.kernels.contract import Unsupported
from caffepy.kernels.onednn.api import (
    ANY_TAG,
    CPU,
    DATA_TYPES,
    DST,
    IN_ORDER,
    QUERY_ARGUMENT,
    QUERY_IMPLEMENTATION,
    QUERY_SCRATCHPAD,
    SCRATCHPAD,
    SRC,
    STRICT,
    USER_SCRATCH,
    WITH_BFLOAT16,
    WITH_VNNI,
    Array,
    Held,
    Layout,
    Memory,
    OneDnnError,
    check,
    contiguous,
    dims,
    empty_bytes,
)
from caffepy.kernels.onednn.library import load

logger = log.get(__name__)

NO_SCALES: Mapping[int, int] = {}


class _Argument(ctypes.Structure):
    _fields_ = [("arg", c_int), ("memory", c_void_p)]


class _Threads(threading.local):
    """How many threads OpenMP was last told to use in this thread (it keeps one number each)."""

    count: int | None = None


class Runtime:
    """oneDNN's engine and stream, the number of threads, and scratch memory.

    Scratch memory is one growing buffer a thread: primitives run one after the other, so they
    take turns in it, and it stays in the cache. The same goes for the buffers, each with a name, in
    which kernels put aside intermediate results while they run.
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
        self._buffers = threading.local()
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
        buffers = self._buffers.__dict__
        found: Array | None = buffers.get(name)
        if found is None or found.nbytes < nbytes:
            found = buffers[name] = empty_bytes(nbytes)
        return found

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


class Chosen(Held):
    """The implementation oneDNN picked (a dnnl_primitive_desc)."""

    __slots__ = ("implementation", "runtime")

    def __init__(self, runtime: Runtime, ref: c_void_p) -> None:
        super().__init__(ref, runtime.library.primitive_desc_destroy)
        self.runtime = runtime
        self.implementation = self._name()

    def _name(self) -> str:
        text = ctypes.c_char_p()
        check(
            self.runtime.library.primitive_desc_query(
                self.ref, QUERY_IMPLEMENTATION, 0, byref(text)),
            "name its implementation",
        )
        return (text.value or b"").decode()

    def advance(self) -> bool:
        """Become the next implementation that could do it; False if there is none."""
        self.runtime.use_threads()
        if self.runtime.library.primitive_desc_next_impl(self.ref):
            return False
        self.implementation = self._name()
        return True

    @property
    def slow(self) -> bool:
        """Whether this is oneDNN's reference code, hundreds of times slower than the rest."""
        return self.implementation.startswith("ref")

    @property
    def on_avx2(self) -> bool:
        """Whether its code is for processors that have AVX2 and nothing wider. What oneDNN has for
        those runs everywhere, so that this says something of its first choice alone."""
        return self.implementation.endswith("avx2")

    def layout(self, argument: int) -> Layout:
        """The layout it wants of an argument."""
        return self._query(QUERY_ARGUMENT, argument)

    @property
    def scratchpad(self) -> Layout:
        return self._query(QUERY_SCRATCHPAD, 0)

    def _query(self, what: int, index: int) -> Layout:
        library = self.runtime.library
        ref = c_void_p()
        # a clone, as the queried one dies with this descriptor
        mine = library.primitive_desc_query_md(self.ref, what, index)
        check(library.memory_desc_clone(byref(ref), mine), "describe an argument")
        return Layout(library, ref)

    def call(
        self,
        *free: tuple[int, Layout],
        fixed: Sequence[tuple[int, Layout, Array]] = (),
    ) -> Call:
        """Ready to run: the call takes arrays for the free arguments, in this order."""
        return Call(self, free, fixed)


class Call:
    """A primitive and its arguments. Calling it costs a few microseconds besides the work."""

    __slots__ = ("_arguments", "_count", "_execute", "_fixed", "_free", "_held", "_need",
                 "_runtime", "_scratch", "_stream", "_primitive", "implementation")

    def __init__(
        self,
        chosen: Chosen,
        free: Sequence[tuple[int, Layout]],
        fixed: Sequence[tuple[int, Layout, Array]],
    ) -> None:
        runtime = chosen.runtime
        library, engine = runtime.library, runtime.engine
        runtime.use_threads()
        ref = c_void_p()
        check(library.primitive_create(byref(ref), chosen.ref), f"make {chosen.implementation}")
        self.implementation = chosen.implementation
        self._held = Held(ref, library.primitive_destroy)
        self._runtime = runtime
        self._free = [Memory(library, engine, layout) for _, layout in free]
        self._fixed = [Memory(library, engine, layout, array) for _, layout, array in fixed]
        pairs = [(number, memory) for (number, _), memory in zip(free, self._free, strict=True)]
        pairs += [(f[0], memory) for f, memory in zip(fixed, self._fixed, strict=True)]
        scratchpad = chosen.scratchpad
        self._need = scratchpad.nbytes
        self._scratch = Memory(library, engine, scratchpad) if self._need else None
        if self._scratch:
            pairs.append((SCRATCHPAD, self._scratch))
        self._arguments = (_Argument * len(pairs))(*[_Argument(n, m.ref) for n, m in pairs])
        self._count = len(pairs)
        # looked up once, since attribute look-ups are what a small layer costs
        self._execute = library.primitive_execute
        self._primitive = ref
        self._stream = runtime.stream.ref

    def __call__(self, *arrays: Array) -> None:
        """Run on these arrays; their order in memory must be what the layouts say."""
        for memory, array in zip(self._free, arrays, strict=True):
            if memory.array is not array:
                memory.bind(array)
        runtime = self._runtime
        if self._need:
            buffer = runtime.scratch(self._need)
            if self._scratch.array is not buffer:  # type: ignore[union-attr]
                self._scratch.bind(buffer)  # type: ignore[union-attr]
        runtime.use_threads()
        status = self._execute(self._primitive, self._stream, self._count, self._arguments)
        if status:
            raise OneDnnError(f"run {self.implementation}", status)
