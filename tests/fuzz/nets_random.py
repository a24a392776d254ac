"""Nets put together at random, driven as scripts drive nets.

A seed makes a small net (shared weights, chains in place, splits, slices, concats, flattened and
reshaped again between fast layers) and a sequence of acts: forward and backward whole and in
pieces, gradients added up and cleared, views kept and written into, another batch size, another
net that shares the weights, an arena made late, weights saved and loaded. The same acts run on the
reference kernels in float64, where everything is read after every act, and in float32, looking on
without leave and by views, or with layers that run as one, whose outputs alone can be seen: a value
that a SyncedMemory took from the wrong place shows.
"""

from __future__ import annotations

import numpy as np

from caffepy.core.memory import Place
from caffepy.core.net import Net
from caffepy.proto import caffe_pb2, text, wire
from fuzz.cases import Case, family
from fuzz.draw import Draw
from fuzz.playing import LOSS, built, outputs
from fuzz.sides import Side

BATCH = 3
CLASSES = 4


class Maker:
    """Writes the prototxt of a random net."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.lines = [
            f'layer {{ name: "data" type: "Input" top: "data" input_param {{ '
            f"shape {{ dim: {BATCH} dim: 4 dim: 6 dim: 6 }} }} }}",
            f'layer {{ name: "label" type: "Input" top: "label" input_param {{ '
            f"shape {{ dim: {BATCH} }} }} }}",
        ]
        self.open: list[tuple[str, tuple[int, int, int]]] = [("data", (4, 6, 6))]
        self.shared: dict[tuple[int, ...], str] = {}
        self.count = 0

    def layer(
        self, type: str, bottoms: list[str], tops: list[str] | int, body: str = ""
    ) -> list[str]:
        self.count += 1
        name = f"{type.lower()}{self.count}"
        if isinstance(tops, int):
            tops = [name] if tops == 1 else [f"{name}_{i}" for i in range(tops)]
        self.lines.append(
            f'layer {{ name: "{name}" type: "{type}" '
            + " ".join(f'bottom: "{b}"' for b in bottoms) + " "
            + " ".join(f'top: "{t}"' for t in tops) + f" {body} }}")
        return tops

    def pick(self) -> tuple[str, tuple[int, int, int]]:
        """A blob to go on from; often the newest, sometimes one that has a reader already."""
        late = self.rng.random() < 0.6
        return self.open[-1 if late else self.rng.integers(len(self.open))]

    def named(self, *shape: int) -> str:
        """The param block of a weight, now and then one that another layer of its shape owns."""
        if shape in self.shared and self.rng.random() < 0.7:
            return f'param {{ name: "{self.shared[shape]}" }}'
        self.shared[shape] = f"w{self.count}"
        return f'param {{ name: "{self.shared[shape]}" }}'

    def grow(self) -> None:
        steps = [self.conv, self.conv, self.neuron, self.chain, self.pool, self.lrn, self.eltwise,
                 self.concat, self.slice, self.there_and_back, self.dropout]
        steps[self.rng.integers(len(steps))]()

    def conv(self, bias: bool = True) -> None:
        blob, (c, h, w) = self.pick()
        out = int(self.rng.choice([2, 4, 8]))
        kernel = int(self.rng.choice([1, 3]))
        group = 2 if c % 2 == 0 and self.rng.random() < 0.3 else 1
        param = self.named(out, c // group, kernel) if group == 1 else ""
        top = self.layer("Convolution", [blob], 1, param + (
            f" convolution_param {{ num_output: {out} kernel_size: {kernel} pad: {kernel // 2} "
            f"group: {group} bias_term: {str(bias).lower()} "
            'weight_filler { type: "msra" } '
            'bias_filler { type: "uniform" min: -0.1 max: 0.1 } }'))
        self.open.append((top[0], (out, h, w)))

    def neuron(self) -> None:
        blob, shape = self.pick()
        type = str(self.rng.choice(["ReLU", "Sigmoid", "TanH", "ELU", "AbsVal"]))
        self.open.append((self.layer(type, [blob], 1)[0], shape))

    def chain(self) -> None:
        """A convolution with BatchNorm, Scale and ReLU in place; a bias would be taken out."""
        self.conv(bias=False)
        blob, _ = self.open[-1]
        self.layer("BatchNorm", [blob], [blob])
        self.layer("Scale", [blob], [blob], "scale_param { bias_term: true }")
        self.layer("ReLU", [blob], [blob], "relu_param { negative_slope: 0.1 }")

    def dropout(self) -> None:
        self.conv()
        blob, _ = self.open[-1]
        self.layer("Dropout", [blob], [blob], "dropout_param { dropout_ratio: 0.3 }")

    def pool(self) -> None:
        blob, (c, h, w) = self.pick()
        method = str(self.rng.choice(["MAX", "AVE"]))
        top = self.layer("Pooling", [blob], 1,
                         f"pooling_param {{ pool: {method} kernel_size: 3 stride: 1 pad: 1 }}")
        self.open.append((top[0], (c, h, w)))

    def lrn(self) -> None:
        blob, shape = self.pick()
        region = str(self.rng.choice(["ACROSS_CHANNELS", "WITHIN_CHANNEL"]))
        top = self.layer("LRN", [blob], 1, f"lrn_param {{ local_size: 3 alpha: 0.5 "
                         f"norm_region: {region} }}")
        self.open.append((top[0], shape))

    def eltwise(self) -> None:
        blob, shape = self.pick()
        others = [b for b, s in self.open if s == shape]
        names = [blob, *self.rng.choice(others, 2)]
        how = str(self.rng.choice(["SUM", "SUM coeff: 1 coeff: -0.5 coeff: 0.25", "MAX", "PROD"]))
        top = self.layer("Eltwise", names, 1, f"eltwise_param {{ operation: {how} }}")
        self.open.append((top[0], shape))

    def concat(self) -> None:
        blob, (c, h, w) = self.pick()
        other, (d, *_) = self.pick()
        if c + d <= 12:
            self.open.append((self.layer("Concat", [blob, other], 1)[0], (c + d, h, w)))

    def slice(self) -> None:
        blob, (c, h, w) = self.pick()
        if c % 2 == 0:
            for top in self.layer("Slice", [blob], 2):
                self.open.append((top, (c // 2, h, w)))

    def there_and_back(self) -> None:
        """Flattened and given its four axes again, perhaps with something in between."""
        blob, (c, h, w) = self.pick()
        flat = self.layer("Flatten", [blob], 1)
        if self.rng.random() < 0.5:
            flat = self.layer("TanH", flat, 1)
        shape = (c, h, w) if self.rng.random() < 0.5 else (h, c, w)
        top = self.layer("Reshape", flat, 1, "reshape_param { shape { dim: 0 "
                         + " ".join(f"dim: {d}" for d in shape) + " } }")
        if shape == (c, h, w):
            self.open.append((top[0], shape))
        else:  # the same memory in the channels-last order of two shapes
            top = self.layer("Convolution", top, 1, "convolution_param { num_output: 4 "
                             'kernel_size: 3 pad: 1 weight_filler { type: "msra" } }')
            self.finish(top[0])

    def finish(self, blob: str, param: str = "") -> None:
        top = self.layer("InnerProduct", [blob], 1, param + (
            f" inner_product_param {{ num_output: {CLASSES} "
            'weight_filler { type: "xavier" } }'))
        self.layer("SoftmaxWithLoss", [top[0], "label"], 1)

    def text(self) -> str:
        for _ in range(self.rng.integers(6, 14)):
            self.grow()
        for blob, shape in self.open[-2:]:
            self.finish(blob, self.named(0, int(np.prod(shape))))
        blob, _ = self.pick()
        self.layer("Power", [blob], 1, "power_param { power: 2 scale: 0.1 } loss_weight: 0.01")
        return "force_backward: true " * bool(self.rng.random() < 0.3) + "\n".join(self.lines)


class Player:
    """Plays the acts of a seed on one net, and notes what it sees.

    Args:
        look: "quietly", by "views", or at "outputs" of a net whose layers run as one.
    """

    def __init__(self, prototxt: str, seed: int, side: Side, look: str) -> None:
        self.param = caffe_pb2.NetParameter()
        text.parse(prototxt, self.param)
        self.side, self.look = side, look
        self.net = self.build("net")
        self.rng = np.random.default_rng(seed)
        self.views: list[tuple[str, np.ndarray]] = []
        self.other: Net | None = None
        self.feed(BATCH)

    def build(self, label: str) -> Net:
        return built(self.param, "TRAIN", self.side, label=label,
                     optimize=self.look == "outputs" and not self.side.is_truth)

    def feed(self, batch: int) -> None:
        net = self.net
        net.blobs["data"].reshape(batch, 4, 6, 6)
        net.blobs["label"].reshape(batch)
        net.blobs["data"].data[...] = self.side.array(
            self.rng.standard_normal((batch, 4, 6, 6)).astype(np.float32))
        net.blobs["label"].data[...] = self.rng.integers(CLASSES, size=batch)

    def show(self, act: str) -> None:
        """Note every number of the net, by views or without leaving a trace."""
        net = self.net
        if self.look == "outputs":
            outputs(net, self.side, False, True)
            return
        blobs = {**net.blobs, **{f"{n}[{i}]": b for n, bs in net.params.items()
                                 for i, b in enumerate(bs)}}
        for name, blob in blobs.items():
            for what, tensor in (("data", blob.values), ("diff", blob.grads)):
                by_view = self.look == "views" and not self.side.is_truth
                array = getattr(blob, what) if by_view else tensor.read(Place.HOST)
                loss = what == "data" and name in net.loss_weights
                self.side.note(f"{act}: {name}.{what}", array, LOSS * loss)
        for name, view in self.views:
            self.side.note(f"{act}: kept {name}", view)

    def play(self, acts: int) -> None:
        self.forward()
        self.backward()
        self.show("first")
        choices = [
            self.forward, self.backward, self.twice, self.clear, self.write, self.batch, self.share,
            self.arena, self.save, self.step,
        ]
        if self.look != "outputs":  # which show no blobs between, nor stop there
            choices += [self.pieces, self.keep, self.keep, self.write_kept, self.drop]
        for k in range(acts):
            act = choices[self.rng.integers(len(choices))]
            act()
            self.show(f"{k} {act.__name__}")
        self.forward()
        self.backward()
        self.show("last")

    def forward(self) -> None:
        self.side.note("loss", self.net.forward(), LOSS)

    def backward(self) -> None:
        self.net.backward()

    def pieces(self) -> None:
        last = len(self.net.layers) - 1
        cut = int(self.rng.integers(last))
        loss = self.net.forward_range(0, cut) + self.net.forward_range(cut + 1, last)
        self.side.note("loss in pieces", loss, LOSS)
        self.net.backward_range(last, cut)
        self.net.backward_range(cut - 1, 0)

    def clear(self) -> None:
        self.net.clear_param_diffs()

    def twice(self) -> None:
        """The gradients of parameters add up."""
        self.net.clear_param_diffs()
        for _ in range(2):
            self.net.backward()
            for index, parameter in enumerate(self.net.parameters):
                self.side.note(f"gradient {index}", parameter.blob.grads)

    def keep(self) -> None:
        for blobs in (self.net.blobs, {n: bs[0] for n, bs in self.net.params.items()}):
            for name in self.rng.choice(list(blobs), 3):
                what = str(self.rng.choice(["data", "diff"]))
                self.views.append((str(name), getattr(blobs[name], what)))
        self.forward()
        self.backward()
        self.write_kept()

    def write_kept(self) -> None:
        """Into all views that were taken some time ago, and nothing is said to anybody."""
        for _, view in self.views:
            view[...] *= 0.8
        self.forward()
        self.backward()

    def write(self) -> None:
        name = str(self.rng.choice(list(self.net.params)))
        self.net.params[name][0].data[...] *= 0.9

    def drop(self) -> None:
        self.views.clear()

    def batch(self) -> None:
        self.views.clear()
        self.feed(int(self.rng.integers(1, 5)))
        if self.rng.random() < 0.5:
            self.net.reshape()
        self.forward()
        self.backward()

    def share(self) -> None:
        """Another net takes over the weights, and its own gradients of them start at zero."""
        if self.other is None:
            self.other = self.build("other")
            self.other.share_trained_layers(self.net)
        for name in ("data", "label"):
            self.other.blobs[name].reshape(*self.net.blobs[name].shape)
            self.other.blobs[name].data[...] = self.net.blobs[name].data
        self.side.note("loss of the other", self.other.forward(), LOSS)

    def arena(self) -> None:
        """All parameters move to where a solver wants them."""
        self.views.clear()
        assert self.net.arena.count == sum(p.count for p in self.net.parameters)

    def save(self) -> None:
        saved = self.net.to_proto()
        for layer in saved.layer:
            for blob in layer.blobs:
                self.side.note(f"saved {layer.name}", wire.blob_to_array(blob))

    def step(self) -> None:
        """What a solver does to the parameters."""
        with self.net.public_call():
            for parameter in self.net.parameters:
                grads = parameter.blob.grads.read(Place.HOST)
                values = parameter.blob.values.write(Place.HOST)
                values -= 0.01 * np.clip(grads, -1, 1)


@family("Random net")
def random_net(draw: Draw) -> Case:
    seed, look, acts = draw.seed(), draw.pick(("quietly", "views", "outputs")), draw.integer(1, 8)
    prototxt = Maker(seed).text()

    def play(side: Side) -> None:
        player = Player(prototxt, seed, side, look)
        player.play(acts)
        player.net.close()

    return Case(f"looking: {look}, {acts} acts\n{prototxt}", play, terms=500)
