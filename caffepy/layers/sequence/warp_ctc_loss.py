"""WarpCTCLoss: labels whose times are not known, as caffe_ocr has them; also called WarpCTC.

bottom  x, scores, T x N x C; and one of
        labels, N x L, filled up with the blank: every sequence has T steps
        indicators, T x N, where a 0 after the first row ends a sequence, and labels, T x N, where
        the first negative number ends one; they count from 0 without the blank, if that is 0
        lengths of sequences, N, lengths of labels, N, and labels, T x N
top     the loss: the mean of -log p(labels) over the sequences that have steps enough
param   ctc_loss_param { blank_index: 0 }, or blank_label

dx = softmax(x) - expected, neither divided by N nor multiplied by the loss weight, as there
(warp-ctc); 0 where the steps are too few.
"""

from __future__ import annotations

from caffepy.core.layer import Blobs
from caffepy.core.memory import Array
from caffepy.core.registry import register
from caffepy.errors import DataError, ShapeError
from caffepy.layers.sequence._ctc import Task, on_host, until_negative, until_zero
from caffepy.layers.sequence._ctc_loss import CtcLossBase


@register("WarpCTCLoss", dialect="ocr", param="ctc_loss_param", aliases=("WarpCTC",))
class WarpCTCLoss(CtcLossBase):
    bottoms = "2-4"
    labels = (1, 2, 3)
    obeys = ("blank_label",)
    # of the scores' own shape nothing else is asked
    harmless = ("alphabet_size", "time_step")

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        super().reshape(bottom, top)
        steps, items, classes = self.shape
        p = self.p
        self.blank = p.blank_index if p.HasField("blank_index") else p.blank_label
        if not 0 <= self.blank < classes:
            self.fail("blank_index is no class", found=self.blank, allowed=f"0 to {classes - 1}")
        counts = {2: (None,), 3: (steps * items,) * 2, 4: (items, items, None)}[len(bottom)]
        for blob, count in zip(bottom[1:], counts, strict=True):
            wanted = count if count is not None else blob.count // items * items
            if blob.count != wanted:
                self.fail("the bottoms do not fit the scores", kind=ShapeError,
                          found=f"shapes {', '.join(str(b.shape) for b in bottom)}",
                          allowed="labels N x L; indicators and labels T x N; or lengths N, "
                                  "lengths N and labels T x N")

    def task(self, bottom: Blobs) -> Task:
        steps, items, _ = self.shape
        if len(bottom) == 2:
            rows = on_host(bottom[1], items, -1).astype(int)
            return Task([[int(v) for v in row if v != self.blank] for row in rows],
                        [steps] * items, self.blank)
        if len(bottom) == 3:
            shift = 1 if self.blank == 0 else 0
            lengths = until_zero((on_host(bottom[1], steps, items) + 0.5).astype(int))
            labels = [[label + shift for label in given]
                      for given in until_negative(on_host(bottom[2], steps, items))]
        else:
            lengths, counts = (
                [int(v) for v in on_host(blob, items)] for blob in bottom[1:3])
            columns = on_host(bottom[3], -1, items).astype(int)
            labels = [[int(v) for v in columns[:n, i]] for i, n in enumerate(counts)]
        for item, (given, length) in enumerate(zip(labels, lengths, strict=True)):
            if not len(given) <= length <= steps:
                self.fail(f"sequence {item} has more labels than steps", kind=DataError,
                          found=f"{len(given)} labels, {length} steps", allowed=f"{steps} steps")
        return Task(labels, lengths, self.blank)

    def mean(self, losses: Array) -> Array:
        xp = self.xp
        fits = losses < float("inf")
        self.slope = xp.where(fits[:, None], self.slope, 0)
        return xp.where(fits, losses, 0).sum() / xp.maximum(fits.sum(), 1)
