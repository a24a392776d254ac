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
directory, and last among those that stand in for what public nets name (caffepy/standins); it is
loaded once in a process. A class that says how many ``bottoms`` or ``tops`` it
takes ("1", "1-2", "1+") may declare Layer's other class attributes too (inplace, keeps, labels,
...); they are checked as for other layers, and the rest is left open. In all other classes such
names are the user's own, as are all names in objects of the class.

share_in_parallel has no effect: workers are processes, each with a layer of its own.
"""

from __future__ import annotations

import contextlib
import sys
import weakref
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from caffepy.core.layer import Blobs, Layer
from caffepy.core.memory import SyncedMemory
from caffepy.core.registry import register
from caffepy.errors import CaffeError
from caffepy.layers.common import _user_class


@register("Python", param="python_param")
class Python(Layer):
    """Stands in the net for the user's object, which keeps its attributes to itself: old layers
    call theirs ``data``, ``loss`` or ``labels``, which mean something else to the net.

    Attributes:
        instance: the user's object. Attributes that this class lacks are looked up there, as in
            ``net.layers[0].set_roidb(...)``; the net calls the methods of the contract alone.
    """

    opaque = True
    counts_on_batch = True
    bottoms = "0+"
    tops = "0+"
    inplace = True
    keeps = ()  # what the user's backward reads is not known, unless declared
    always_reshape = True
    on_host = True

    def __init__(self, spec: Any, **options: Any) -> None:
        super().__init__(spec, **options)
        ready = dict(vars(self))
        cls = _user_class.find(self)
        vars(self).update(_user_class.declared(cls))
        if cls.backward is Layer.backward:
            self.__class__ = _WithoutGradient
        self.user_class = cls
        with self._user_code("__init__"):
            self.instance = self._make(cls, ready)

    def _make(self, cls: type[Layer], ready: dict[str, Any]) -> Any:
        """The user's object. It is made ready before an ``__init__`` of its own runs, which as
        in pycaffe gets the LayerParameter alone.

        It gets what native layers have by its dictionary, not by assignment: the class may have
        properties of these names, which then are what it sees.
        """
        instance: Any = cls.__new__(cls)
        vars(instance).update(ready, type=self.type, param_str=self.spec.python_param.param_str)
        if cls.random is Layer.random:
            vars(instance)["random"] = _Draws(self)
        if cls.__init__ is not Layer.__init__:
            instance.__init__(self.spec)
        return instance

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        with self._user_code("setup", bottom, top):
            for name, value in (("param_str", self.spec.python_param.param_str),
                                ("phase", self.phase)):
                with contextlib.suppress(AttributeError):  # a property of the class's own
                    setattr(self.instance, name, value)
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
        closer = getattr(vars(self).get("instance"), "close", None)
        if _user_class.takes_nothing(closer):  # else it is something of the user's own
            with self._user_code("close"):
                closer()

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
            if not str(error.where or "").startswith(self.place_name):  # else by self.fail
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


class _Draws:
    """What the user's object has for ``random``: draws that a snapshot counts."""

    def __init__(self, owner: Python) -> None:
        self._owner: Python = weakref.proxy(owner)

    def __call__(self) -> np.random.Generator:
        return self._owner.random()

    @property
    def count(self) -> int:
        """How many there were. Who follows it needs no counter of their own, which would not be
        there when a training is resumed."""
        return self._owner.position


class _WithoutGradient(Python):
    """For a user's class without backward; the net asks the class whether there is one."""

    backward = Layer.backward
