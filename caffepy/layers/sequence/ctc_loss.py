"""CTCLoss: labels whose times are not known, connectionist temporal classification.

bottom  x, scores, T x N x C; indicators, T x N, where a 0 after the first row ends a sequence;
        labels, T x N, where the first negative number ends a sequence
top     the loss: sum of -log p(labels) / N, p over all ways to fit them; softmax is within
param   ctc_loss_param { output_delay: 0 blank_index: -1 preprocess_collapse_repeated: false
        ctc_merge_repeated: true }

A blank_index below 0 is the last class. There are as many labels as steps at most.
dx = softmax(x) - expected, neither divided by N nor multiplied by the loss weight, as there.
TextBoxes++'s, after ChWick. Graves et al., 2006. See CtcLoss and WarpCTCLoss for other forks'.
"""

from __future__ import annotations

from caffepy.core.layer import Blobs
from caffepy.core.registry import register
from caffepy.errors import DataError, ShapeError
from caffepy.layers.sequence._ctc import Task, on_host, until_negative, until_zero
from caffepy.layers.sequence._ctc_loss import CtcLossBase


@register("CTCLoss", dialect="textboxes", param="ctc_loss_param")
class CTCLoss(CtcLossBase):
    bottoms = "3"
    labels = (1, 2)

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        super().reshape(bottom, top)
        steps, items, classes = self.shape
        for name, blob in (("indicators", bottom[1]), ("labels", bottom[2])):
            if blob.count != steps * items or blob.shape[0] != steps:
                self.fail(f"the {name} must be T x N, as the scores are", kind=ShapeError,
                          found=f"shape {blob.shape}", allowed=f"{(steps, items)}")
        p = self.p
        blank = p.blank_index if p.HasField("blank_index") else -1
        self.blank = blank if blank >= 0 else classes - 1
        if self.blank >= classes:
            self.fail("blank_index is no class", found=blank, allowed=f"-1 to {classes - 1}")
        if not 0 <= p.output_delay < steps:
            self.fail("output_delay must leave steps", found=f"{p.output_delay} of {steps} steps")

    def task(self, bottom: Blobs) -> Task:
        steps, items, _ = self.shape
        p = self.p
        # rounded as there, where 0.4 is 0
        lengths = until_zero((on_host(bottom[1], steps, items) + 0.5).astype(int))
        labels = []
        for item, given in enumerate(until_negative(on_host(bottom[2], steps, items))):
            if not given:
                self.fail(f"sequence {item} has no labels", kind=DataError,
                          fix="Every sequence needs one label at least.")
            if len(given) > lengths[item] - p.output_delay:
                self.fail(f"sequence {item} has more labels than steps", kind=DataError,
                          found=f"{len(given)} labels, {lengths[item]} steps, "
                                f"output_delay {p.output_delay}")
            if p.preprocess_collapse_repeated:
                given = [label for i, label in enumerate(given) if i == 0 or label != given[i - 1]]
            labels.append(given)
        merge = p.ctc_merge_repeated if p.HasField("ctc_merge_repeated") else True
        return Task(labels, lengths, self.blank, merge, p.output_delay)
