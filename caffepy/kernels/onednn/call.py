"""What oneDNN picked for an operation, and calls of it.

    Chosen     the implementation (a "primitive descriptor")
    Call       a primitive with its arguments; calling it with arrays runs it
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from ctypes import byref, c_int, c_void_p
from typing import TYPE_CHECKING, Any

from caffepy.kernels.onednn.api import (
    QUERY_ARGUMENT,
    QUERY_IMPLEMENTATION,
    QUERY_SCRATCHPAD,
    SCRATCHPAD,
    Array,
    Held,
    Layout,
    Memory,
    OneDnnError,
    check,
)
from caffepy.kernels.onednn.tape import Step

if TYPE_CHECKING:
    from caffepy.kernels.onednn.runtime import Runtime


class _Argument(ctypes.Structure):
    _fields_ = [("arg", c_int), ("memory", c_void_p)]


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

    __slots__ = ("_arguments", "_count", "_execute", "_fixed", "_free", "_held", "_layouts",
                 "_need", "_numbers", "_of_thread", "_primitive", "_runtime", "_scratch",
                 "_stream", "implementation")

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
        self._layouts = [layout for _, layout in free]
        self._free = [Memory(library, engine, layout) for layout in self._layouts]
        self._fixed = [Memory(library, engine, layout, array) for _, layout, array in fixed]
        scratchpad = chosen.scratchpad
        self._need = scratchpad.nbytes
        self._scratch = Memory(library, engine, scratchpad) if self._need else None
        self._numbers = [number for number, *_ in (*free, *fixed)]
        if self._scratch:
            self._layouts.append(scratchpad)
            self._numbers.append(SCRATCHPAD)
        self._arguments = self._with(self._free, self._scratch)
        self._count = len(self._numbers)
        # looked up once, since attribute look-ups are what a small layer costs
        self._execute = library.primitive_execute
        self._primitive = ref
        self._stream = runtime.stream.ref
        self._of_thread = runtime.of_thread

    def _with(self, free: Sequence[Memory], scratch: Memory | None) -> Any:
        """The arguments as oneDNN takes them."""
        memories = [*free, *self._fixed, *((scratch,) if scratch else ())]
        return (_Argument * len(memories))(
            *[_Argument(n, m.ref) for n, m in zip(self._numbers, memories, strict=True)])

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
        if self._of_thread.tape is not None:
            self._of_thread.tape.add(*self._taped(arrays))

    def _taped(self, arrays: Sequence[Array]) -> tuple[Step, Sequence[Array], Any]:
        """This run as a step that stays what it is, whatever the call is given next."""
        runtime = self._runtime
        given = [*arrays, *((runtime.scratch(self._need),) if self._need else ())]
        memories = [Memory(runtime.library, runtime.engine, layout, array)
                    for layout, array in zip(self._layouts, given, strict=True)]
        scratch = memories.pop() if self._need else None
        arguments = (self._primitive, self._stream, c_int(self._count),
                     self._with(memories, scratch))
        return (self._execute, arguments), arrays, (self, memories, scratch)
