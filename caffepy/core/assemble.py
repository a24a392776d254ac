"""Putting a net together: layers made and wired in order, parameters shared, gradients planned.

The rules are the original's (Net::Init, AppendTop, AppendBottom, AppendParam), and so are the
log lines, which other programs read.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from caffepy import log
from caffepy.core import registry
from caffepy.core.arena import Parameter
from caffepy.core.blob import Blob, shape_text
from caffepy.core.inplace import spoiled
from caffepy.core.layer import Layer, count_range
from caffepy.core.memory import Place
from caffepy.core.node import Node
from caffepy.core.precision import Precision
from caffepy.errors import ShapeError, did_you_mean
from caffepy.proto import caffe_pb2

if TYPE_CHECKING:
    from caffepy.core.net import Net
    from caffepy.proto.text import Source

logger = log.get(__name__)


def assemble(net: Net, param: Any, source: Source | None) -> None:
    """Fill an empty net from a filtered and split NetParameter."""
    Assembly(net, source).run(param)


class Assembly:
    """What is known half-way: which blobs exist, which of them nobody has consumed yet."""

    def __init__(self, net: Net, source: Source | None) -> None:
        self.net = net
        self.source = source
        self.available: set[str] = set()
        self.blob_needs: dict[str, bool] = {}  # whether a gradient has to come back to it
        self.owners: dict[str, Parameter] = {}  # by the name that layers share
        self.specs: dict[str, Any] = {}  # the owner's ParamSpec, by that name
        self.names: Counter[str] = Counter()  # of the layers so far
        self.split_of: dict[str, str] = {}  # by the top of a Split
        self.on_host: set[str] = set()  # types of them that run on the CPU beside a GPU
        self.precision = Precision(net.param, net.dtype, bool(net.context.accelerator),
                                   net.context.precision)

    def run(self, param: Any) -> None:
        for spec in param.layer:
            self._add_layer(spec)
        self.precision.tell()
        plan_backward(self.net, param.force_backward)
        self.net.output_names = sorted(self.available)
        for name in self.net.output_names:
            logger.info("This network produces output %s", name)
        net = self.net
        if net.phase == caffe_pb2.TEST and not param.force_backward:
            return  # its gradients are hardly ever asked for, and the net to train has said it
        for layer, changer in spoiled(net.nodes):
            logger.warning(
                "%s works in place on a blob that layer '%s' (%s) needs unchanged for its "
                "gradient, which will be wrong. Give '%s' a top of another name.",
                changer.place_name, layer.name, layer.type, changer.name,
            )

    # -- one layer ------------------------------------------------------------------------

    def _add_layer(self, spec: Any) -> None:
        net = self.net
        if not spec.HasField("phase"):
            spec.phase = net.phase
        where = self.source.where(spec.name) if self.source else None
        logger.info("Creating layer %s", spec.name)
        entry = registry.of(spec)
        context = net.context
        if entry.cls.on_host and context.accelerator:
            context = context.host
            if spec.type not in self.on_host:
                logger.info("Layers of type %s run on the CPU", spec.type)
            self.on_host.add(spec.type)
        layer = entry.cls(
            spec, phase=spec.phase, context=context, dtype=net.dtype, where=where, net=net.label,
        )
        layer.half = self.precision.of(layer)
        if spec.propagate_down and len(spec.propagate_down) != len(spec.bottom):
            layer.fail("propagate_down must be given once per bottom, or not at all",
                       found=f"{len(spec.propagate_down)} for {len(spec.bottom)} bottoms")
        logger.info("Creating Layer %s", spec.name)
        if namesakes := self.names[spec.name]:
            layer.stream += f"#{namesakes}"  # or layers of one name would draw the same numbers
        self.names[spec.name] += 1
        check_counts(layer, len(spec.bottom), len(spec.top))
        bottom, wanted = self._bottoms(layer)
        layer.reads = [self.split_of.get(name, name) for name in spec.bottom]
        if layer.splits:
            self.split_of.update(dict.fromkeys(spec.top, layer.reads[0]))
        top = self._tops(layer, bottom)

        with layer.named_errors():
            layer.setup(bottom, top)
            layer.reshape(bottom, top)
        self.precision.look(layer)
        node = Node(
            len(net.nodes), layer, bottom, top, bottom_names=list(spec.bottom),
            top_names=list(spec.top) + ["(automatic)"] * (len(top) - len(spec.top)),
            propagate_down=wanted)
        net.nodes.append(node)
        logger.info("Setting up %s", spec.name)
        node.weigh(loss_weights(layer, len(top)))
        for (name, blob), weight in zip(node.named_tops, node.loss_weights, strict=True):
            net.loss_weights[name] = weight
            seed_loss(blob, weight)
            logger.info("Top shape: %s", shape_text(blob.shape))
            if weight:
                logger.info("    with loss weight %g", weight)
            net.memory_used += blob.count * net.dtype.itemsize
        logger.info("Memory required for data: %d", net.memory_used)

        learns = self._parameters(layer)
        node.needs_backward = learns or any(wanted)
        if node.needs_backward:
            self.blob_needs.update(dict.fromkeys(spec.top, True))

    def _bottoms(self, layer: Layer) -> tuple[list[Blob], list[bool]]:
        blobs, wanted = [], []
        for index, name in enumerate(layer.spec.bottom):
            if name not in self.available:
                layer.fail(f"Unknown bottom blob '{name}' (layer '{layer.name}', bottom index "
                           f"{index})", fix=did_you_mean(name, self.net.blobs))
            logger.info("%s <- %s", layer.name, name)
            self.available.discard(name)
            blobs.append(self.net.blobs[name])
            given = layer.spec.propagate_down
            wanted.append(given[index] if given else self.blob_needs.get(name, False))
        return blobs, wanted

    def _tops(self, layer: Layer, bottom: list[Blob]) -> list[Blob]:
        net, spec = self.net, layer.spec
        blobs = []
        for index, name in enumerate(spec.top):
            if index < len(bottom) and name == spec.bottom[index]:
                if not layer.inplace:
                    layer.fail("this layer cannot work in place", kind=ShapeError,
                               found=f"'{name}' as bottom and top",
                               fix="Give its top another name.")
                logger.info("%s -> %s (in-place)", layer.name, name)
                blobs.append(net.blobs[name])
            elif name in net.blobs:
                layer.fail(f"Top blob '{name}' produced by multiple sources.",
                           fix="Rename one of the tops.")
            else:
                logger.info("%s -> %s", layer.name, name)
                net.blobs[name] = Blob((0,), net.dtype, net.context.mover)
                blobs.append(net.blobs[name])
                self.blob_needs[name] = False
            self.available.add(name)
            if layer.waits:
                net.input_names.append(name)
        if layer.auto_top:
            least = count_range(layer.tops, len(bottom))[0]
            while len(blobs) < least:
                logger.info("%s -> (automatic)", layer.name)
                blobs.append(Blob((0,), net.dtype, net.context.mover))
        return blobs

    # -- parameters -----------------------------------------------------------------------

    def _parameters(self, layer: Layer) -> bool:
        """Enter the layer's parameters; returns whether any of them learns."""
        given = layer.spec.param
        if len(given) > len(layer.blobs):
            layer.fail(f"Too many params specified for layer {layer.name}",
                       found=len(given), allowed=f"at most {len(layer.blobs)}")
        learns = False
        for index in range(len(layer.blobs)):
            spec = given[index] if index < len(given) else caffe_pb2.ParamSpec()
            layer.param_propagate_down[index] = spec.lr_mult != 0
            learns |= spec.lr_mult != 0
            if spec.name in self.owners:
                self._share(layer, index, spec)
            else:
                self._own(layer, index, spec)
        return learns

    def _own(self, layer: Layer, index: int, spec: Any) -> None:
        parameter = Parameter(
            layer.blobs[index], spec.lr_mult, spec.decay_mult, layer.name, index, spec.name
        )
        self.net.parameters.append(parameter)
        if spec.name:
            self.owners[spec.name] = parameter
            self.specs[spec.name] = spec

    def _share(self, layer: Layer, index: int, spec: Any) -> None:
        owner, blob = self.owners[spec.name], layer.blobs[index]
        logger.info("Sharing parameters '%s' owned by layer '%s', param index %d",
                    spec.name, owner.layer, owner.index)
        permissive = spec.share_mode == caffe_pb2.ParamSpec.PERMISSIVE
        fits = blob.count == owner.count if permissive else blob.shape == owner.blob.shape
        if not fits:
            layer.fail(
                f"Cannot share param '{spec.name}' owned by layer '{owner.layer}': the "
                f"{'counts' if permissive else 'shapes'} differ", kind=ShapeError,
                found=f"{blob.shape} here and {owner.blob.shape} there",
                fix=None if permissive or blob.count != owner.count
                else "share_mode: PERMISSIVE shares blobs of equal count.",
            )
        self._agree(layer, spec, owner, "lr_mult")
        self._agree(layer, spec, owner, "decay_mult")
        blob.share_values(owner.blob)
        blob.share_grads(owner.blob)

    def _agree(self, layer: Layer, spec: Any, owner: Parameter, field: str) -> None:
        """A multiplier may be said by any of the sharers, but not differently by two."""
        if not spec.HasField(field):
            return
        owner_spec = self.specs[spec.name]
        value = getattr(spec, field)
        if owner_spec.HasField(field) and getattr(owner_spec, field) != value:
            layer.fail(f"Shared param '{spec.name}' has mismatched {field}.",
                       found=f"{value:g} here, {getattr(owner_spec, field):g} in layer "
                             f"'{owner.layer}'")
        setattr(owner_spec, field, value)
        setattr(owner, field, value)


def check_counts(layer: Layer, bottoms: int, tops: int) -> None:
    """Hold the number of bottoms and tops against what the layer declares."""
    for what, declared, count in (("bottom", layer.bottoms, bottoms), ("top", layer.tops, tops)):
        least, most = count_range(declared, bottoms)
        if what == "top" and layer.auto_top:
            least = 0
        if count < least or (most is not None and count > most):
            layer.fail(f"{layer.type} Layer takes {declared} {what} blob(s)", found=count)


def loss_weights(layer: Layer, tops: int) -> list[float]:
    """One weight per top: what the prototxt says, else 1 for the first top of a loss."""
    given = layer.spec.loss_weight
    if layer.loss and not given:
        given.extend([1.0] + [0.0] * (tops - 1))
    if given and len(given) != tops:
        layer.fail("loss_weight must be unspecified or specified once per top blob.",
                   found=f"{len(given)} for {tops} tops")
    return list(given) or [0.0] * tops


def seed_loss(blob: Blob, weight: float) -> None:
    """Backward starts from here: the gradient of the total loss to a weighted top."""
    if weight:
        blob.grads.overwrite(Place.HOST)[...] = weight


def plan_backward(net: Net, force: bool) -> None:
    """Decide which layers run backward and to which bottoms: those between learning and loss."""
    under_loss: set[str] = set()
    unwanted: set[str] = set()
    for node in reversed(net.nodes):
        names = node.top_names
        contributes = bool(node.loss_terms) or any(name in under_loss for name in names)
        if not contributes or all(name in unwanted for name in names):
            node.needs_backward = False
            node.propagate_down = [False] * len(node.bottoms)
        logger.info(
            "%s needs backward computation." if node.needs_backward
            else "%s does not need backward computation.", node.layer.name,
        )
        for name, want in zip(node.bottom_names, node.propagate_down, strict=True):
            if contributes:
                under_loss.add(name)
            if not want:
                unwanted.add(name)
    for node in net.nodes:
        layer = node.layer
        has_gradient = type(layer).backward is not Layer.backward
        if force and has_gradient:
            node.needs_backward = True
            node.propagate_down = [index not in layer.labels
                                   for index in range(len(node.bottoms))]
            layer.param_propagate_down = [True] * len(layer.blobs)
        elif node.needs_backward and not has_gradient:
            layer.fail("this layer has no gradient, and one is needed to train what lies below",
                       fix="Give its bottom propagate_down: false, or lr_mult: 0 to the layers "
                           "below.")
