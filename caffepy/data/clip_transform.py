"""transform_param of clips: one crop, one mirror and one mean for all their frames."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from caffepy.data.course import Worker
from caffepy.data.transform import Transformer
from caffepy.errors import ConfigError, DataError, NotFound
from caffepy.proto import caffe_pb2, wire
from caffepy.proto.paths import path_of


class ClipTransformer(Transformer):
    """Takes a clip as a picture of C times L planes: those of one channel lie together.

    Args:
        rule: the layer's transform_param; mean_file is 1 x C x L x H x W, or with an L of 1.
        channels, length: C and L.

    Raises:
        ConfigError, NotFound, DataError: as Transformer.
    """

    def __init__(
        self, rule: caffe_pb2.TransformationParameter, worker: Worker, channels: int, length: int,
    ) -> None:
        if rule.HasField("mean_file") and rule.mean_value:
            raise ConfigError("mean_file and mean_value exclude each other")
        super().__init__(without_mean(rule), worker.phase, worker.seed, worker.stream)
        if len(self.mean_values) == channels > 1:
            self.mean_values = np.repeat(self.mean_values, length, axis=0)
        if rule.HasField("mean_file"):
            self._mean_file = path_of(rule, "mean_file")
            self.mean = self._read(channels, length)

    def batch(
        self, pictures: Iterable[np.ndarray], first: int, out: np.ndarray, step: int = 1,
        name: Callable[[int], str] = "clip {} of the batch".format,
    ) -> None:
        """The same, into N x C x L x H x W."""
        super().batch(pictures, first, out.reshape(len(out), -1, *out.shape[-2:]), step, name)

    def _read(self, channels: int, length: int) -> np.ndarray:
        try:
            mean = wire.read_blob(self._mean_file)
        except NotFound:
            raise NotFound("there is no such mean_file", where=self._mean_file) from None
        shape = mean.shape
        if mean.ndim == 5 and len(mean) == 1:
            mean = mean[0]
        if mean.ndim != 4 or mean.shape[0] != channels or mean.shape[1] not in (1, length):
            raise DataError("the mean_file must hold one clip", where=self._mean_file,
                            found=" x ".join(map(str, shape)),
                            allowed=f"1 x {channels} x {length} (or 1) x height x width")
        whole = np.broadcast_to(mean, (channels, length, *mean.shape[2:]))
        return whole.reshape(-1, *mean.shape[2:]).astype(np.float32)


def without_mean(rule: caffe_pb2.TransformationParameter) -> caffe_pb2.TransformationParameter:
    """A copy without mean_file, for whose pictures that is no mean."""
    bare = caffe_pb2.TransformationParameter()
    bare.CopyFrom(rule)
    bare.ClearField("mean_file")
    return bare
