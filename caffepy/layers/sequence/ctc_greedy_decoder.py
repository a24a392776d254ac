"""CTCGreedyDecoder: the labels along the best class of each step.

bottom  x, scores, T x N x C; indicators, T x N, where a 0 after the first row ends a sequence;
        optionally labels, T x N, where the first negative number ends a sequence
top     sequences, N x T, with -1 behind their ends; optionally scores, N: minus the sum of the
        largest x of each step; and, with labels, the accuracy: 1 - mean of the edit distance,
        divided by the longer sequence's length. With labels and two tops the second is the accuracy
param   ctc_decoder_param { blank_index: -1 ctc_merge_repeated: true }

A blank_index below 0 is the last class. Repeated classes are merged before blanks are taken out.
TextBoxes++'s, after ChWick.
"""

from __future__ import annotations

import numpy as np

from caffepy.core.layer import Blobs, Layer
from caffepy.core.memory import Place
from caffepy.core.registry import register
from caffepy.errors import ShapeError
from caffepy.layers.sequence._ctc import on_host, scores_shape, until_negative, until_zero


@register("CTCGreedyDecoder", dialect="textboxes", param="ctc_decoder_param")
class CTCGreedyDecoder(Layer):
    bottoms = "2-3"
    tops = "1-3"
    labels = (1, 2)
    keeps = ()

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        if len(top) > len(bottom):
            self.fail("there are more tops than answers", found=f"{len(top)} tops",
                      fix="Without labels, the third bottom, there is no accuracy.")
        with_labels = len(bottom) == 3
        self.scored = 1 if len(top) == 3 or (len(top) == 2 and not with_labels) else None
        self.measured = len(top) - 1 if with_labels and len(top) > 1 else None

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        self.shape = steps, items, classes = scores_shape(self, bottom[0])
        for blob in bottom[1:]:
            if blob.count != steps * items or blob.shape[0] != steps:
                self.fail("indicators and labels must be T x N, as the scores are",
                          kind=ShapeError, found=f"shape {blob.shape}",
                          allowed=f"{(steps, items)}")
        blank = self.p.blank_index
        self.blank = blank if blank >= 0 else classes - 1
        top[0].reshape(items, steps, 1, 1)
        if self.scored:
            top[self.scored].reshape(items, 1, 1, 1)
        if self.measured:
            top[self.measured].reshape(1, 1, 1, 1)

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        steps, items, _ = self.shape
        x = on_host(bottom[0], *self.shape)
        lengths = np.array(until_zero(on_host(bottom[1], steps, items)))
        within = np.arange(steps)[:, None] < lengths
        best = x.argmax(axis=2)
        kept = within & (best != self.blank)
        if self.p.ctc_merge_repeated:
            kept[1:] &= best[1:] != best[:-1]
        found = [best[kept[:, item], item] for item in range(items)]
        sequences = top[0].values.overwrite(Place.HOST).reshape(items, steps)
        sequences[...] = -1
        for item, labels in enumerate(found):
            sequences[item, : len(labels)] = labels
        if self.scored:
            scores = top[self.scored].values.overwrite(Place.HOST)
            scores[...] = -np.where(within, x.max(axis=2), 0).sum(axis=0).reshape(scores.shape)
        if self.measured:
            wanted = until_negative(on_host(bottom[2], steps, items))
            wrong = sum(distance(np.array(labels), ours) / max(len(labels), len(ours), 1)
                        for labels, ours in zip(wanted, found, strict=True))
            top[self.measured].values.overwrite(Place.HOST)[...] = 1 - wrong / items


def distance(a: np.ndarray, b: np.ndarray) -> int:  # type: ignore[type-arg]
    """How many labels must be put in, taken out or changed to make one sequence the other."""
    at = np.arange(len(b) + 1)
    row = at
    for i, label in enumerate(a):
        # from above, or from the corner; then whatever comes from the left
        best = np.minimum(row + 1, np.concatenate([[i + 1], row[:-1] + (b != label)]))
        row = np.minimum.accumulate(best - at) + at
    return int(row[-1])
