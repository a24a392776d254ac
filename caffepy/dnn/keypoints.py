"""cv2.dnn's KeypointsModel: places on a body, a face, a hand."""

from __future__ import annotations

import numpy as np

from caffepy.dnn.model import Array, Model


class KeypointsModel(Model):
    """A net with one output: a map for each point and one for the background, as OpenPose has it;
    or the points' places themselves."""

    def estimate(self, frame: Array, thresh: float = 0.5) -> Array:
        """The points, x and y of each, N x 2.

        Args:
            thresh: a map with no higher value has its point nowhere, at (-1, -1).
        """
        output = self.one_output(frame)
        if output.ndim != 4:
            return np.array(output[0, :, :2], np.float32)
        maps = output[0, :-1]  # the last is the background's
        rows, columns = maps.shape[1:]
        points = np.full((len(maps), 2), -1, np.float32)
        for point, values in zip(points, maps, strict=True):
            y, x = divmod(int(values.argmax()), columns)
            if values[y, x] > thresh:
                point[:] = (np.float32(x) * np.float32(frame.shape[1] / columns),
                            np.float32(y) * np.float32(frame.shape[0] / rows))
        return points
