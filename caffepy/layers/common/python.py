"""Python: a layer that the user writes, as a class in a module of their own.

bottom  any number
top     any number
param   python_param { module: "my_layers" layer: "MyLayer" param_str: "{'margin': 1}" }

    class MyLayer(caffepy.Layer):               # or caffe.Layer
        def setup(self, bottom, top):           # self.param_str and self.phase are there
            self.blobs.add_blob(10, 20)         # a parameter, filled with zeros
        def reshape(self, bottom, top):         # before every forward
            top[0].reshape(*bottom[0].shape)
        def forward(self, bottom, top):
            top[0].data[...] = bottom[0].data
        def backward(self, top, propagate_down, bottom):
            bottom[0].diff[...] = top[0].diff

The module is looked for on the Python path, then beside the prototxt, then in the working
directory; it is loaded once in a process. What the class declares of Layer's class attributes
(bottoms, tops, inplace, keeps, labels, ...) is checked as for other layers; the rest is left open.

share_in_parallel has no effect: workers are processes, each with a layer of its own.
"""

from __future__ import annotations

import contextlib
import sys
import weakref
from collections.abc import Iterator, Sequence
from typing import Any

from caffepy.core.blob import Blob
from caffepy.core.layer import Blobs, Layer
from caffepy.core.memory import SyncedMemory
from caffepy.core.registry import register
from caffepy.errors import CaffeError
from caffepy.layers.common import _user_class

DECLARED = ("bottoms", "tops", "inplace", "keeps", "preserves_sign", "loss", "auto_top", "labels",
            "learns", "always_reshape", "data")


class Parameters(list[Blob]):
    """A Python layer's ``blobs``, which make new ones."""

    def __init__(self, layer: Layer) -> None:
        super().__init__()
        self._layer: Layer = weakref.proxy(layer)  # circles would keep a deleted net's memory

    def add_blob(self, *shape: Any) -> Blob:
        """Make the next parameter blob: ``add_blob(10, 20)`` or ``add_blob((10, 20))``."""
        if len(shape) == 1 and not hasattr(shape[0], "__index__"):
            shape = tuple(shape[0])
        return self._layer.add_blob(tuple(int(n) for n in shape))


@register("Python", param="python_param")
class Python(Layer):
    """Stands in the net for the user's object, which keeps its attributes to itself: old layers
    call theirs ``data``, ``loss`` or ``labels``, which mean something else to the net.

    Attributes:
        instance: the user's object. Attributes that this class lacks are looked up there, as in
            ``net.layers[0].set_roidb(...)``.
    """

    opaque = True
    bottoms = "0+"
    tops = "0+"
    inplace = True
    keeps = ()  # what the user's backward reads is not known, unless declared
    always_reshape = True
    on_host = True

    def __init__(self, spec: Any, **options: Any) -> None:
        super().__init__(spec, **options)
        self.blobs = Parameters(self)
        cls = _user_class.find(self)
        for name in DECLARED:
            value, default = getattr(cls, name), getattr(Layer, name)
            if value is not default and isinstance(value, type(default)):
                setattr(self, name, value)
        if cls.backward is Layer.backward:
            self.__class__ = _WithoutGradient
        self.user_class = cls
        with self._user_code("__init__"):
            self.instance = self._make(cls, spec, options)

    def _make(self, cls: type[Layer], spec: Any, options: dict[str, Any]) -> Any:
        """The user's object. It is made ready before an ``__init__`` of its own runs, which as
        in pycaffe gets the LayerParameter alone."""
        own_init = cls.__init__ is not Layer.__init__
        if own_init:
            cls = type(cls.__name__, (cls, _Ready), {"__module__": cls.__module__})
        instance: Any = cls.__new__(cls)
        Layer.__init__(instance, spec, **options)
        instance.blobs = self.blobs
        instance.param_propagate_down = self.param_propagate_down
        instance.type = self.type
        instance.param_str = spec.python_param.param_str
        if cls.random is Layer.random:
            stand_in: Python = weakref.proxy(self)
            instance.random = lambda: stand_in.random()  # a snapshot knows how much was drawn
        if own_init:
            instance.__init__(spec)
        return instance

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        with self._user_code("setup", bottom, top):
            self.instance.setup(bottom, top)

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        with self._user_code("reshape", bottom, top):
            self.instance.reshape(bottom, top)

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        with self._user_code("forward", bottom, top):
            self.instance.forward(bottom, top)

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        with self._user_code("backward", bottom, top):
            self.instance.backward(top, propagate_down, bottom)

    def close(self) -> None:
        if "instance" in self.__dict__:
            with self._user_code("close"):
                self.instance.close()

    def __getattr__(self, name: str) -> Any:
        if "instance" in self.__dict__:
            return getattr(self.instance, name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    @contextlib.contextmanager
    def _user_code(self, method: str, bottom: Blobs = (), top: Blobs = ()) -> Iterator[None]:
        """Around a method of the user's: views kept from earlier calls are current before it and
        count as newest after it, and an exception says in which line of whose file it arose."""
        memories = self._memories(bottom, top)
        for memory in memories:
            memory.refresh_host()
        try:
            yield
        except CaffeError as error:
            if not (error.where or "").startswith(self.place_name):  # else by self.fail
                error.at(f"{self.place_name}, {self._line(error)}")
            raise
        except Exception as error:
            raise CaffeError(
                f"{self.user_class.__name__}.{method} failed: {_user_class.reason(error)}",
                where=f"{self.place_name}, {self._line(error)}",
            ) from error
        finally:
            for memory in memories:
                memory.host_is_newest()

    def _memories(self, bottom: Blobs, top: Blobs) -> list[SyncedMemory]:
        blobs = (*bottom, *top, *self.blobs)
        return list({t.memory: None for b in blobs for t in (b.values, b.grads)})

    def _line(self, error: BaseException) -> str:
        module = sys.modules.get(self.user_class.__module__)
        return _user_class.line_of(error, getattr(module, "__file__", None))


class _WithoutGradient(Python):
    """For a user's class without backward; the net asks the class whether there is one."""

    backward = Layer.backward


class _Ready(Layer):
    """Comes after the user's class: Layer's own ``__init__`` has run already."""

    def __init__(self, *args: Any, **options: Any) -> None:
        pass
