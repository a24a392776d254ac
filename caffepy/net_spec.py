"""Nets written in Python: each layer a call, each blob an attribute.

    from caffepy.net_spec import NetSpec, layers as L, params as P

    n = NetSpec()
    n.data, n.label = L.Data(source="train_lmdb", backend=P.Data.LMDB, batch_size=64, ntop=2)
    n.conv1 = L.Convolution(n.data, num_output=20, kernel_size=5, weight_filler=dict(type="xavier"))
    n.relu1 = L.ReLU(n.conv1, in_place=True)
    n.loss = L.SoftmaxWithLoss(n.relu1, n.label)
    open("net.prototxt", "w").write(str(n.to_proto()))

``L.<Type>(*bottoms, **settings)`` knows every registered layer type. A setting is a field of the
type's own message (``num_output``), or of LayerParameter (``param``, ``include``, ``loss_weight``,
``name``, any ``..._param``); dicts become messages, lists repeated fields. Two settings are about
the call: ``ntop``, how many tops there are (1), and ``in_place``, the top is the bottom.

Names: a top takes the name it was last assigned to, and a layer that of its first top. What was
not assigned is called by type and number, ``Convolution1``.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, KeysView, Mapping, Sequence, ValuesView
from typing import Any

import numpy as np

from caffepy.core import registry
from caffepy.errors import ConfigError, did_you_mean
from caffepy.proto import caffe_pb2
from caffepy.proto.descriptors import is_repeated

LAYER_FIELDS = caffe_pb2.LayerParameter.DESCRIPTOR.fields_by_name
Value = Any  # what a field takes: number, string, dict, message, or a sequence of these
Names = dict["Top | Function", str]


class UnknownName(ConfigError, AttributeError, KeyError):
    """A layer type, parameter or blob that there is not.

    An AttributeError too, so that ``hasattr`` answers, and a KeyError, which pycaffe raised.
    """


class NotATop(ConfigError, TypeError):
    """Something else where a layer's top is wanted (a TypeError, which pycaffe raised)."""


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

    def __repr__(self) -> str:
        return f"<Top {self.n} of {self.fn.type_name}>"


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
                raise NotATop(f"{type_name} input {index} is not a Top (type is {type(given)})")
        self.type_name = type_name
        self.inputs = tuple(inputs)
        self.params = dict(params)
        self.ntop: int = self.params.pop("ntop", 1)
        self.in_place: bool = self.params.pop("in_place", False)
        self.tops = tuple(Top(self, n) for n in range(self.ntop))

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
    return top.fn if isinstance(top, Top) else top


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
    layer.top.extend(layer.bottom if fn.in_place else [name_of(top) for top in fn.tops])
    layer.name = name_of(fn.tops[0] if fn.tops else fn)
    own_field = registry.get(fn.type_name).param
    own = LAYER_FIELDS[own_field].message_type.fields_by_name if own_field else {}
    where = f"layer '{layer.name}' ({fn.type_name})"
    for name, value in fn.params.items():
        if name in own:
            target: Any = getattr(layer, own_field)  # type: ignore[arg-type]
        elif name in LAYER_FIELDS:
            target = layer
        else:
            raise _unknown_field(name, [*own, *LAYER_FIELDS], where)
        try:
            assign_proto(target, name, value)
        except ConfigError as error:
            raise error.at(where) from None
    return layer


def _unknown_field(name: str, known: Iterable[str], where: str | None = None) -> UnknownName:
    return UnknownName(f"there is no setting {name}", where=where,
                       fix=did_you_mean(name, known) or f"There are {', '.join(known)}.")


def assign_proto(proto: Any, name: str, val: Value) -> None:
    """Put a Python value into a message's field.

    Dicts become messages and sequences repeated fields; a repeated field takes a single value as
    a list of one. An enum takes its number or its name, a message also a message.

    Raises:
        UnknownName: no such field, or no such value of an enum.
        ConfigError: the value is of another kind than the field.
    """
    fields = proto.DESCRIPTOR.fields_by_name
    if name not in fields:
        raise _unknown_field(name, fields, proto.DESCRIPTOR.name)
    field = fields[name]
    values = val if isinstance(val, (list, tuple, np.ndarray)) else [val]
    if is_repeated(field):
        target = getattr(proto, name)
        for item in values:
            if field.message_type is None:
                _try(field, item, target.append)
            else:
                _fill(target.add(), item, name)
    elif field.message_type is not None:
        _fill(getattr(proto, name), val, name)
    else:
        _try(field, val, lambda value: setattr(proto, name, value))


def _fill(message: Any, value: Value, name: str) -> None:
    if isinstance(value, Mapping):
        for key, item in value.items():
            assign_proto(message, key, item)
    elif getattr(value, "DESCRIPTOR", None) is message.DESCRIPTOR:
        message.CopyFrom(value)
    else:
        raise ConfigError(f"{name} takes the settings of a {message.DESCRIPTOR.name}",
                          found=repr(value), allowed=f"{name}=dict(...)")


def _try(field: Any, value: Value, put: Callable[[Any], None]) -> None:
    if field.enum_type is not None and isinstance(value, str):
        numbers = field.enum_type.values_by_name
        if value not in numbers:
            raise UnknownName(f"{field.name} has no value {value}", allowed=", ".join(numbers),
                              fix=did_you_mean(value, numbers))
        value = numbers[value].number
    if isinstance(value, np.generic):
        value = value.item()
    try:
        put(value)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"the value does not fit the field {field.name}: {error}",
                          found=repr(value)) from None


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
        return _net(self.tops.values(), {top: name for name, top in self.tops.items()})


class Layers:
    """``layers.Convolution(bottom, ...)``: a Top, a tuple of Tops, or a Function without tops."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("__"):
            raise AttributeError(name)
        try:
            registry.get(name)
        except ConfigError as error:
            raise UnknownName(error.message, fix=error.fix) from None

        def layer_fn(*bottoms: Top, **settings: Value) -> Any:
            fn = Function(name, bottoms, settings)
            if fn.ntop == 0:
                return fn
            return fn.tops[0] if fn.ntop == 1 else fn.tops

        layer_fn.__name__ = name
        layer_fn.__doc__ = registry.get(name).cls.__doc__
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
