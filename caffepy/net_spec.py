"""Nets written in Python: each layer a call, each blob an attribute.

    from caffepy.net_spec import NetSpec, layers as L, params as P

    n = NetSpec()
    n.data, n.label = L.Data(source="train_lmdb", backend=P.Data.LMDB, batch_size=64, ntop=2)
    n.conv1 = L.Convolution(n.data, num_output=20, kernel_size=5, weight_filler=dict(type="xavier"))
    n.relu1 = L.ReLU(n.conv1, in_place=True)
    n.loss = L.SoftmaxWithLoss(n.relu1, n.label)
    open("net.prototxt", "w").write(str(n.to_proto()))

``L.<Type>(*bottoms, **settings)`` takes any type: nets are also written for programs that know
types which caffepy does not (a warning says so). A setting is a field of the type's own message
(``num_output``), or of LayerParameter (``param``, ``include``, ``loss_weight``, ``name``, any
``..._param``); dicts become messages, lists repeated fields. Two settings are about the call:
``ntop``, how many tops there are (1), and ``in_place``, the tops are the bottoms.

Names: a top takes the name it was last assigned to, else that of the setting ``top``, and a layer
that of its first top. What has none is called by type and number, ``Convolution1``.
"""

from __future__ import annotations

import sys
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Iterator, KeysView, Mapping, Sequence, ValuesView
from typing import Any

from caffepy import log
from caffepy.assign import UnknownName, Value, assign_proto, unknown_field
from caffepy.core import registry
from caffepy.errors import ConfigError, did_you_mean
from caffepy.proto import caffe_pb2, unknown
from caffepy.tops import NotATop, checked_count, not_an_input, unpacked, wanted

LAYER_FIELDS = caffe_pb2.LayerParameter.DESCRIPTOR.fields_by_name
logger = log.get(__name__)
Names = dict["Top | Function", str]


def param_name_dict() -> dict[str, str]:
    """Layer type to the field with its own settings, less ``_param``: Convolution: convolution."""
    return {entry.type: entry.param.removesuffix("_param")
            for entry in registry.entries() if entry.param}


class Top:
    """One output blob of a layer: top number ``n`` of the Function ``fn``."""

    def __init__(self, fn: Function, n: int) -> None:
        self.fn = fn
        self.n = n

    def to_proto(self) -> caffe_pb2.NetParameter:
        """The net of all layers that this top needs."""
        return to_proto(self)

    def __iter__(self) -> Iterator[Top]:
        raise unpacked(self.fn, sys._getframe(1))

    def __repr__(self) -> str:
        return f"<Top {self.n} of {self.fn.type_name}>"


class Tops(tuple[Top, ...]):
    """The tops of a layer that has several, or none."""

    def __iter__(self) -> Iterator[Top]:
        frame = sys._getframe(1)
        if self and wanted(frame) not in (None, len(self)):
            raise unpacked(self[0].fn, frame)
        return super().__iter__()


class Function:
    """A layer yet to be named: its type, inputs (Tops) and settings.

    Attributes:
        type_name, inputs, params: as called, without ``ntop`` and ``in_place``.
        ntop, in_place: those two.
        tops: the Tops that stand for its outputs.

    Raises:
        NotATop: an input is no Top.
    """

    def __init__(self, type_name: str, inputs: Sequence[Top], params: dict[str, Value]) -> None:
        for index, given in enumerate(inputs):
            if not isinstance(given, Top):
                raise not_an_input(type_name, index, given)
        self.type_name = type_name
        self.inputs = tuple(inputs)
        self.params = dict(params)
        self.ntop: int = checked_count(type_name, self.params.pop("ntop", 1))
        self.in_place: bool = self.params.pop("in_place", False)
        if self.in_place and self.ntop > len(self.inputs):
            raise NotATop(f"{type_name} in place has its bottoms for tops",
                          found=f"ntop={self.ntop} and {len(self.inputs)} bottoms")
        self.tops = Tops(Top(self, n) for n in range(self.ntop))

    def __repr__(self) -> str:
        return f"<Function {self.type_name}, {len(self.inputs)} bottoms, {self.ntop} tops>"


def to_proto(*tops: Top | Function) -> caffe_pb2.NetParameter:
    """The net of all layers that the tops need, with automatic names."""
    return _net(tops, {})


def _net(tops: Iterable[Top | Function], names: Names) -> caffe_pb2.NetParameter:
    """The layers behind the tops, each after those of its bottoms."""
    layers: OrderedDict[Function, caffe_pb2.LayerParameter] = OrderedDict()
    numbers: Counter[str] = Counter()
    for top in tops:
        # a stack of our own: nets are deeper than Python's recursion may be
        waiting = [_function(top)]
        while waiting:
            fn = waiting[-1]
            missing = [i.fn for i in fn.inputs if i.fn not in layers] if fn not in layers else []
            if missing:
                waiting.append(missing[0])
                continue
            waiting.pop()
            if fn not in layers:
                layers[fn] = _layer(fn, layers, names, numbers)
    net = caffe_pb2.NetParameter()
    net.layer.extend(layers.values())
    return net


def _function(top: Top | Function) -> Function:
    if isinstance(top, Function):
        return top
    if not isinstance(top, Top):
        raise NotATop("to_proto takes tops", found=type(top).__name__,
                      fix="Write n.to_proto()." if isinstance(top, NetSpec) else
                      "Write to_proto(*tops)." if isinstance(top, (list, tuple)) else None)
    return top.fn


def _layer(fn: Function, layers: Mapping[Function, caffe_pb2.LayerParameter], names: Names,
           numbers: Counter[str]) -> caffe_pb2.LayerParameter:
    """The LayerParameter of a function whose inputs have theirs."""

    def name_of(what: Top | Function) -> str:
        if what not in names:
            numbers[fn.type_name] += 1
            names[what] = f"{fn.type_name}{numbers[fn.type_name]}"
        return names[what]

    layer = caffe_pb2.LayerParameter(type=fn.type_name)
    layer.bottom.extend(layers[given.fn].top[given.n] for given in fn.inputs)
    _name_by_setting(fn, names)
    layer.top.extend(layer.bottom[: fn.ntop or None] if fn.in_place
                     else [name_of(top) for top in fn.tops])
    layer.name = name_of(fn.tops[0] if fn.tops else fn)
    _fill_in(layer, fn, f"layer '{layer.name}' ({fn.type_name})")
    return layer


def settings(fn: Function) -> caffe_pb2.LayerParameter:
    """A function's type and settings, without names.

    Raises:
        ConfigError: a setting that the type does not have.
    """
    layer = caffe_pb2.LayerParameter(type=fn.type_name)
    _fill_in(layer, fn, f"layer of type {fn.type_name}")
    return layer


def _fill_in(layer: caffe_pb2.LayerParameter, fn: Function, where: str) -> None:
    own_field = _own_field(fn.type_name)
    # a plug-in's layer has words of its own
    foreign = registry.known(fn.type_name) and registry.get(fn.type_name).cls.foreign
    own = LAYER_FIELDS[own_field].message_type.fields_by_name if own_field else {}
    for name, value in fn.params.items():
        if name == "top" and fn.tops:
            continue  # they are there
        if name in own:
            target: Any = getattr(layer, own_field)  # type: ignore[arg-type]
        elif name in LAYER_FIELDS:
            target = layer
        elif foreign:
            unknown.add(layer, name, value)
            continue
        else:
            raise unknown_field(name, [*own, *LAYER_FIELDS], where)
        try:
            assign_proto(target, name, value)
        except ConfigError as error:
            raise error.at(where) from None


def _name_by_setting(fn: Function, names: Names) -> None:
    """``L.X(ntop=2, top=["a", "b"])`` names the tops that were not assigned."""
    given = fn.params.get("top")
    if given is None or not fn.tops:
        return
    called = [given] if isinstance(given, str) else list(given)
    now = [names.get(top) for top in fn.tops]
    if len(called) != len(now) or any(
            name not in (None, own) for name, own in zip(now, called, strict=True)):
        left = ", ".join(f"n.{name}" for name in called)
        raise NotATop(f"tops are named by assignment; {fn.type_name} has {len(now)} here",
                      found=f"top={given!r}",
                      fix=f"Write {left} = L.{fn.type_name}(..., ntop={len(called)}).")
    names.update(zip(fn.tops, called, strict=True))


def _own_field(type_name: str) -> str | None:
    """The field with a type's own settings; of types that are not known it may be there too."""
    changed = globals().get("_param_names", {}).get(type_name)  # by a script; see __getattr__
    if changed is not None:
        return f"{changed}_param"
    try:
        return registry.get(type_name).param
    except ConfigError as error:
        near = did_you_mean(type_name, registry.types())
        logger.warning("%s. The net's text is made; caffepy cannot run it.%s", error.message,
                       f" {near}" if near else "")
    # XParameter is what a layer X has
    return next((field.name for field in LAYER_FIELDS.values() if field.message_type is not None
                 and field.message_type.name == f"{type_name}Parameter"), None)


class NetSpec:
    """Blobs by name: assign tops to attributes or items, then ask for the net.

    Attributes:
        tops: name to Top (or Function, for layers without tops), in order of assignment.
    """

    tops: OrderedDict[str, Top | Function]

    def __init__(self) -> None:
        object.__setattr__(self, "tops", OrderedDict())

    def __setitem__(self, name: str, value: Top | Function) -> None:
        if not isinstance(value, (Top, Function)):
            several = isinstance(value, (tuple, list)) and len(value) > 1
            raise NotATop(
                f"n.{name} can be a single top", found=repr(value),
                fix=f"Write n.{name}, n.other = ... for a layer of several tops." if several
                else None)
        self.tops[name] = value

    def __getitem__(self, name: str) -> Any:  # a Top nearly always; users should not have to ask
        if name not in self.tops:
            raise UnknownName(f"the net has no blob {name}", fix=did_you_mean(name, self.tops))
        return self.tops[name]

    def __delitem__(self, name: str) -> None:
        self[name]
        del self.tops[name]

    def __setattr__(self, name: str, value: Top | Function) -> None:
        self[name] = value

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # asked by copy and pickle, before there are tops
            raise AttributeError(name)
        return self[name]

    def __delattr__(self, name: str) -> None:
        del self[name]

    def __contains__(self, name: object) -> bool:
        return name in self.tops

    def __dir__(self) -> list[str]:
        return sorted([*super().__dir__(), *self.tops])

    def keys(self) -> KeysView[str]:
        """The names, in order of assignment."""
        return self.tops.keys()

    def vals(self) -> ValuesView[Top | Function]:
        """The tops, in order of assignment."""
        return self.tops.values()

    def update(self, name: str, params: Mapping[str, Value]) -> None:
        """Change settings of the layer that makes the blob ``name``."""
        _function(self[name]).params.update(params)

    def to_proto(self) -> caffe_pb2.NetParameter:
        """The net of all layers that the assigned tops need."""
        names: Names = {}
        for name, top in self.tops.items():
            if top in names:
                logger.warning("n.%s and n.%s are one top: the blob is called %s.", names[top],
                               name, name)
            names[top] = name
        return _net(self.tops.values(), names)


class Layers:
    """``layers.Convolution(bottom, ...)``: a Top, a tuple of Tops, or a Function without tops."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("__"):
            raise AttributeError(name)
        cls: Any = None
        try:
            cls = registry.get(name).cls
        except ConfigError as error:  # another program's type, unless its letters are mixed up
            if sorted(name.lower()) in (sorted(known.lower()) for known in registry.types()):
                raise UnknownName(error.message, fix=error.fix) from None

        def layer_fn(*bottoms: Top, **settings: Value) -> Any:
            fn = Function(name, bottoms, settings)
            if fn.ntop == 0:
                return fn
            return fn.tops[0] if fn.ntop == 1 else fn.tops

        layer_fn.__name__ = name
        layer_fn.__doc__ = cls.__doc__
        return layer_fn

    def __dir__(self) -> list[str]:
        return registry.types()


class Parameters:
    """``params.Pooling.MAX``: the enums of PoolingParameter and all other messages."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        message = getattr(caffe_pb2, f"{name}Parameter", None)
        if message is None:
            raise UnknownName(f"there is no {name}Parameter", fix=did_you_mean(name, dir(self)))
        return _Enums(name, message)

    def __dir__(self) -> list[str]:
        messages = caffe_pb2.DESCRIPTOR.message_types_by_name
        return [name.removesuffix("Parameter") for name in messages if name.endswith("Parameter")]


class _Enums:
    def __init__(self, name: str, message: Any) -> None:
        self._name = name
        self._message = message

    def __getattr__(self, value: str) -> Any:
        if value.startswith("__") or not hasattr(self._message, value):
            raise UnknownName(f"params.{self._name} has no value {value}",
                              allowed=", ".join(dir(self)) or None)
        return getattr(self._message, value)

    def __dir__(self) -> list[str]:
        return list(self._message.DESCRIPTOR.enum_values_by_name)


layers = Layers()
params = Parameters()


def __getattr__(name: str) -> Any:
    """``_param_names``, pycaffe's table of settings by type, into which scripts write."""
    if name != "_param_names":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = param_name_dict()
    return globals()[name]
