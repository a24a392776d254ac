"""A running mean of the weights, which tests use: it swings less than the weights themselves.

    average_decay: 0.999

After update t of weights w (counted from 1, a is w at first):

    a += (1 - d) (w - a),  d = min(average_decay, (1 + t) / (10 + t))

so that early on it does not hang on the weights that it began with. B. Polyak and A. Juditsky,
"Acceleration of Stochastic Approximation by Averaging", 1992; the formula with its beginning is
TensorFlow's ExponentialMovingAverage (num_updates). Statistics that layers gather, as BatchNorm
does, are averaged like weights, as timm has it.

Test nets share the averages, snapshot_best keeps them, and a snapshot has them in a file of their
own, ``<prefix>_iter_<N>_average.caffemodel``, which its state names. The net to train goes on from
the weights as they are. Of several workers the first one averages: their weights are the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

from caffepy import log
from caffepy.core import weights
from caffepy.core.blob import Blob
from caffepy.core.memory import Array
from caffepy.errors import ConfigError

if TYPE_CHECKING:
    from caffepy.core.layer import Layer
    from caffepy.core.net import Net

logger = log.get(__name__)

CHUNK = 65536  # numbers: weights, averages and what lies between stay in the cache
MOST_AT_FIRST = 10  # d is at most (1 + t) / (10 + t)


def check(p: Any) -> None:
    """Raises ConfigError: an average_decay that is none."""
    if not 0 <= p.average_decay < 1:
        raise ConfigError("average_decay must be at least 0 and below 1",
                          found=f"{p.average_decay:g}", field="average_decay",
                          fix="0.999 averages over about 1000 iterations.")


class Average:
    """The averages of a net's parameters.

    Args:
        net: whose parameters they are; its arena is made here if it is not yet.
        decay: average_decay.

    Attributes:
        begun: whether there are any yet; before the first update there are none.
    """

    def __init__(self, net: Net, decay: float) -> None:
        self.decay = decay
        self.begun = False
        self._source = net
        self._place = net.context.place
        mover = net.context.mover
        self._values = mover.zeros(self._place, net.arena.count, net.dtype)
        self._scratch: Array = None
        self._homes: list[Array] = []
        self._chunks: list[tuple[Array, Array]] = []
        self._net = AveragedNet(net)
        for source, parameter in zip(net.parameters, self._net.parameters, strict=True):
            part = self._values[source.offset : source.offset + source.count]
            parameter.blob.values.memory.adopt(self._place, part)
        logger.info("Test nets use averaged weights: average_decay %g.", decay)

    @staticmethod
    def of(net: Net, param: Any, root: bool) -> Average | None:
        """What a SolverParameter asks for in this worker, the first one or another."""
        return Average(net, param.average_decay) if param.average_decay and root else None

    @property
    def net(self) -> Net:
        """The net with the averages in the place of its weights, for all that reads weights; before
        there are any, the net itself."""
        if not self.begun:
            return self._source
        for parameter in self._net.parameters:
            parameter.blob.values.write(self._place)  # somebody may have a copy that is old now
        return cast("Net", self._net)

    def follow(self, updates: int) -> None:
        """Take in the weights after so many updates."""
        net = self._source
        homes = [p.blob.values.read(self._place) for p in net.parameters]
        if len(homes) != len(self._homes) or any(
                a is not b for a, b in zip(homes, self._homes, strict=True)):
            self._homes, self._chunks = homes, list(self._cut(homes))
        share = 1 - min(self.decay, (1 + updates) / (MOST_AT_FIRST + updates))
        with net.context.computing():
            if not self.begun:
                for w, a in self._chunks:
                    a[...] = w
                self.begun = True
                return
            xp = net.context.xp
            if self._scratch is None:
                self._scratch = xp.empty(max((w.size for w, _ in self._chunks), default=0),
                                         net.dtype)
            for w, a in self._chunks:
                t = xp.subtract(w, a, out=self._scratch[: w.size])
                xp.multiply(t, share, out=t)
                xp.add(a, t, out=a)

    def _cut(self, homes: list[Array]) -> Iterator[tuple[Array, Array]]:
        """Weights and averages, in runs that the host's cache holds; a device takes all at once."""
        for parameter, home in zip(self._source.parameters, homes, strict=True):
            size = parameter.count if self._place.on_device else CHUNK
            flat, start = home.reshape(-1), parameter.offset
            for at in range(0, parameter.count, size):
                w = flat[at : at + size]
                yield w, self._values[start + at : start + at + w.size]

    # -- snapshots ------------------------------------------------------------------------

    def load(self, path: str) -> None:
        """Go on from the averages of a snapshot.

        Raises:
            CaffeError: the file is missing, damaged or another net's.
        """
        weights.load(cast("Net", self._net), path)
        for parameter in self._net.parameters:
            parameter.blob.values.write(self._place)
        self.begun = True

    def begin_anew(self) -> None:
        """There are no averages: the next update begins them."""
        self.begun = False


class AveragedNet:
    """What sharing and writing weights asks of a net, with blobs of its own for the parameters."""

    def __init__(self, net: Net) -> None:
        self.name, self.label, self.written = net.name, net.label, net.written
        own = {id(p.blob.values.memory): Blob(p.blob.shape, p.blob.dtype, net.context.mover)
               for p in net.parameters}
        self.parameters = [AveragedParameter(p, own[id(p.blob.values.memory)])
                           for p in net.parameters]
        owners = {id(p.blob): own[id(p.blob.values.memory)] for p in net.parameters}
        self.layers = [AveragedLayer(layer, [
            owners.get(id(blob)) or _sharing(blob, own[id(blob.values.memory)])
            for blob in layer.blobs]) for layer in net.layers]

    def save(self, path: str, diff: bool = False) -> None:
        """Write a .caffemodel, whole or not at all. Averages have no gradients."""
        weights.save(cast("Net", self), path, False)

    def save_hdf5(self, path: str, diff: bool = False) -> None:
        """Write a .caffemodel.h5, whole or not at all. Averages have no gradients."""
        weights.save_hdf5(cast("Net", self), path, False)


class AveragedParameter:
    """A Parameter with another blob."""

    def __init__(self, parameter: Any, blob: Blob) -> None:
        self.blob = blob
        self.layer, self.index, self.name = parameter.layer, parameter.index, parameter.name


class AveragedLayer:
    """A layer with other blobs."""

    def __init__(self, layer: Layer, blobs: list[Blob]) -> None:
        self._layer, self.blobs = layer, blobs

    def __getattr__(self, name: str) -> Any:
        return getattr(self._layer, name)


def _sharing(blob: Blob, owner: Blob) -> Blob:
    """The average of a parameter that another layer owns, in a shape of its own."""
    new = Blob(blob.shape, blob.dtype, owner.values.memory.mover)
    new.share_values(owner)
    return new
