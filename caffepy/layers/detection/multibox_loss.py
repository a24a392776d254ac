"""MultiBoxLoss: SSD's loss: where the boxes are, and what is in them.

bottom  locations, N x (P L 4); scores, N x (P classes); the priors, of PriorBox; the true boxes,
        1 x 1 x G x 8: image, class, number, xmin, ymin, xmax, ymax, difficult (image -1 for none);
        for RefineDet also the probabilities of its first stage, N x (P 2), and its locations
top     the loss
param   multibox_loss_param { num_classes: 21 loc_loss_type: SMOOTH_L1 conf_loss_type: SOFTMAX
        loc_weight: 1 share_location: true match_type: PER_PREDICTION overlap_threshold: 0.5
        use_prior_for_matching: true background_label_id: 0 use_difficult_gt: true
        neg_pos_ratio: 3 neg_overlap: 0.5 code_type: CENTER_SIZE mining_type: MAX_NEGATIVE };
        loss_param

Each true box is matched with the prior that overlaps it most, and with all that overlap it by
overlap_threshold (_boxes.match). loss = (loc_weight * sum over matched priors of h(location -
target) + sum of softmax or logistic losses of scores) / normalizer, where the scores are those of
the matched priors and of the hardest others (_mining.py), or of all if mining_type is NONE. The
normalizer is, by loss_param: VALID the matched priors, FULL all, BATCH_SIZE the images. A part
whose propagate_down is false is left out. SSD's.

With two classes every object is of class 1, as in RefineDet, whose first stage moves the priors of
the second.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from caffepy.core.layer import Blobs
from caffepy.core.memory import Array
from caffepy.core.registry import register
from caffepy.errors import DataError, ShapeError
from caffepy.layers.detection import _boxes, _mining, _smooth_l1
from caffepy.layers.loss._loss import Normalized
from caffepy.proto import caffe_pb2

PARAM = caffe_pb2.MultiBoxLossParameter


class Matches(NamedTuple):
    """Priors that stand for true boxes, one row each: the image, the prior, whose locations (0 if
    they are shared), the box's class, and d, how far the location is off in each number."""

    image: Array
    prior: Array
    location: Array
    label: Array
    d: Array


@register("MultiBoxLoss", dialect="ssd", param="multibox_loss_param")
class MultiBoxLoss(Normalized):
    bottoms = "4-6"
    labels = (2, 3, 4, 5)
    keeps = ()
    on_host = True

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        super().setup(bottom, top)
        p = self.p
        if not p.num_classes:
            self.fail("multibox_loss_param needs num_classes, the background counted in")
        self.classes, self.background = p.num_classes, p.background_label_id
        self.loc_classes = 1 if p.share_location else self.classes
        self.mining = p.mining_type if p.HasField("mining_type") else PARAM.MAX_NEGATIVE
        self.logistic = p.conf_loss_type == PARAM.LOGISTIC
        if p.HasField("do_neg_mining"):
            if not p.HasField("mining_type"):  # an older SSD, which has no other word for it
                self.mining = PARAM.MAX_NEGATIVE if p.do_neg_mining else PARAM.NONE
            elif p.do_neg_mining != (self.mining != PARAM.NONE):
                self.fail("do_neg_mining and mining_type say different things",
                          fix="Leave out do_neg_mining, the older of the two.")
        if self.mining != PARAM.NONE and not p.share_location:
            self.fail("mining needs shared locations", found="share_location: false",
                      fix="Set mining_type: NONE.")
        if p.map_object_to_agnostic and self.classes != 2:
            self.fail("map_object_to_agnostic knows background and object, 2 classes",
                      found=f"num_classes: {self.classes}")
        no_other = not self.logistic or self.mining != PARAM.NONE
        if no_other and self.background >= self.classes:
            self.fail("background_label_id must be one of the classes", found=self.background,
                      allowed=f"0 to {self.classes - 1}")
        if self.mining == PARAM.HARD_EXAMPLE and p.sample_size <= 0:
            self.fail("sample_size must be above 0", found=p.sample_size)
        given = list(self.spec.propagate_down) or [True, True]
        if any(given[2:]):
            self.fail("priors and true boxes get no gradient",
                      fix="Give propagate_down true for the first two bottoms alone.")
        self.counts_loc, self.counts_conf = bool(given[0]), bool(given[1])
        self.param = caffe_pb2.MultiBoxLossParameter()
        self.param.CopyFrom(p)
        self.param.mining_type = self.mining

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        priors, n = bottom[2].count // 8, bottom[0].shape[0]
        wanted = [("locations", priors * self.loc_classes * 4), ("scores", priors * self.classes),
                  ("priors", 0), ("true boxes", 0), ("scores of the first stage", priors * 2),
                  ("locations of the first stage", priors * 4)]
        for i, (what, each) in enumerate(wanted[: len(bottom)]):
            if i not in (2, 3) and bottom[i].count != n * each:
                self.fail(f"there must be {each} {what} an image for {priors} priors",
                          kind=ShapeError, found=f"shape {bottom[i].shape}",
                          fix=_boxes.too_few_priors(each, bottom[i].count // max(n, 1)))
        if bottom[3].count % 8:
            self.fail("the true boxes must have rows of 8 numbers", kind=ShapeError,
                      found=f"shape {bottom[3].shape}")
        top[0].reshape(())

    def example(self, index: int, bottom: Blobs, random: np.random.Generator) -> Array | None:
        classes = [c for c in range(self.classes) if c != self.background]
        return None if index != 3 else _boxes.some_true_boxes(
            bottom[3].shape, bottom[0].shape[0], classes, random)

    def true_boxes(self, values: Array) -> Array:
        """The rows that count, with their classes checked."""
        rows = values.reshape(-1, 8)
        rows = rows[np.trunc(rows[:, 0]) != -1]
        if not self.p.use_difficult_gt:
            rows = rows[rows[:, 7] == 0]
        rows = rows.copy()
        labels = rows[:, 1] = np.trunc(rows[:, 1])
        if (labels == self.background).any():
            self.fail("a true box is of the background's class", kind=DataError,
                      found=f"label {self.background}",
                      fix="Classes of objects are counted from 1, with 0 for the background.")
        if self.p.map_object_to_agnostic:
            labels = rows[:, 1] = self.background + 1
        elif self.classes == 2:
            rows[:, 1] = np.where(rows[:, 1] >= 2, 1, rows[:, 1])
        bad = (rows[:, 1] < 0) | (rows[:, 1] >= self.classes)
        if bad.any():
            self.fail(f"the label of a true box is not one of the {self.classes} classes",
                      kind=DataError, found=f"{rows[bad][0, 1]:g}",
                      allowed=f"0 to {self.classes - 1}",
                      fix="num_classes counts the background, too.")
        return rows

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        n = bottom[0].shape[0]
        loc = self.read(bottom[0].values).reshape(n, -1, self.loc_classes, 4)
        scores = self.read(bottom[1].values).reshape(n, -1, self.classes)
        priors, variances = _boxes.priors_of(self.read(bottom[2].values))
        rows = self.true_boxes(self.read(bottom[3].values))
        stage = [self.read(b.values).reshape(n, len(priors), -1) for b in bottom[4:]]
        matches: list[Matches] = []
        negatives: list[Array] = []
        for i in range(n):
            truth = rows[np.trunc(rows[:, 0]) == i]
            if not len(truth):
                continue  # with mining, nothing of this image counts
            start = priors
            if len(stage) > 1:
                given = None if self.p.encode_variance_in_target else variances
                start = _boxes.decode(stage[1][i], priors, given, self.p.code_type)
            found = self.of_image(i, loc[i], start, priors, variances, truth)
            kept = found[0]
            if self.mining != PARAM.NONE:
                kept, others = self.mine(found, scores[i], loc[i], priors, variances,
                                         stage[0][i, :, 1] if stage else None)
                negatives.append(np.stack([np.full(len(others), i), others]))
            matches.append(kept)
        self.matches = Matches(*(np.concatenate(part) for part in zip(*matches, strict=True))
                               ) if matches else None
        count = len(self.matches.image) if self.matches else 0
        self.divisor = self.normalizer(n, n * len(priors), count)
        loss = 0.0
        if self.counts_loc and self.matches:
            d = self.matches.d
            smooth = self.p.loc_loss_type == PARAM.SMOOTH_L1
            losses = _smooth_l1.losses(np, d) if smooth else d * d / 2
            loss += self.p.loc_weight * float(losses.sum(dtype=np.float64))
        self.choose(scores, np.concatenate(negatives, 1) if negatives else None)
        if self.counts_conf:
            losses = _mining.confidence_losses(self.confidences, self.targets, self.logistic)
            loss += float(losses.sum(dtype=np.float64))
        self.set_loss(top, loss / self.divisor)

    def of_image(self, i: int, loc: Array, start: Array, priors: Array, variances: Array,
                 truth: Array) -> tuple[Matches, Array, Array]:
        """The matches of one image, and what ``_boxes.match`` said of all its priors.

        Args:
            start: the priors, or where RefineDet's first stage moved them.
            truth: the image's true boxes, as in the bottom.
        """
        p = self.p
        least = p.overlap_threshold if p.match_type == PARAM.PER_PREDICTION else None
        given = None if p.encode_variance_in_target else variances
        parts: list[Matches] = []
        found, best = np.empty(0), np.empty(0)
        for c in range(self.loc_classes):
            if not p.share_location and c == self.background:
                continue
            boxes, some = start, np.arange(len(truth))
            if not p.use_prior_for_matching:
                boxes = _boxes.decode(loc[:, c], priors, given, p.code_type)
                if not p.share_location:
                    some = np.flatnonzero(truth[:, 1] == c)
            elif parts:  # the same for all classes
                continue
            away = _boxes.outside(boxes).any(1) if p.ignore_cross_boundary_bbox else None
            table = _boxes.overlaps(boxes[:, None], truth[some, 3:7])
            found, best = _boxes.match(table, least, away)
            prior = np.flatnonzero(found > -1)
            of = truth[some[found[prior]]]
            where = np.zeros(len(prior), int) if p.share_location else of[:, 1].astype(int)
            parts.append(Matches(np.full(len(prior), i), prior, where, of[:, 1].astype(int),
                                 self.off(loc[prior, where], start[prior], variances[prior],
                                          of[:, 3:7])))
        return Matches(*map(np.concatenate, zip(*parts, strict=True))), found, best

    def off(self, loc: Array, priors: Array, variances: Array, truth: Array) -> Array:
        """d, how far locations are from what they should be."""
        p = self.p
        given = None if p.encode_variance_in_target else variances
        d = loc - _boxes.encode(truth, priors, given, p.code_type)
        if p.encode_variance_in_target:
            d = d / variances
        if p.bp_inside:  # what leaves the image is not learned
            matched = priors if p.use_prior_for_matching else _boxes.decode(
                loc, priors, given, p.code_type)
            d = np.where(_boxes.outside(matched), 0, d)
        return d

    def mine(self, of_image: tuple[Matches, Array, Array], scores: Array, loc: Array, priors: Array,
             variances: Array, objects: Array | None) -> tuple[Matches, Array]:
        """The matches to train on, and the other priors."""
        p, (matches, found, best) = self.param, of_image
        labels = np.full(len(found), self.background)
        labels[matches.prior] = matches.label
        targets = np.eye(self.classes, dtype=scores.dtype)[labels] if self.logistic else labels
        losses = _mining.confidence_losses(scores, targets, self.logistic)
        if self.mining == PARAM.HARD_EXAMPLE:
            smooth = p.loc_loss_type == PARAM.SMOOTH_L1
            d = matches.d
            losses[matches.prior] += (_smooth_l1.losses(np, d) if smooth else d * d / 2).sum(1)

        def boxes() -> Array:
            given = None if p.encode_variance_in_target else variances
            return priors if p.use_prior_for_nms else _boxes.decode(
                loc[:, 0], priors, given, p.code_type)

        positives, others = _mining.hardest(p, found, best, losses, objects, boxes)
        kept = np.isin(matches.prior, positives)
        return Matches(*(part[kept] for part in matches)), others

    def choose(self, scores: Array, negatives: Array | None) -> None:
        """Sets which rows of scores count, and their targets."""
        matches = self.matches
        labels = matches.label if matches else np.empty(0, int)
        if self.mining == PARAM.NONE:
            self.rows = None
            self.confidences = scores.reshape(-1, self.classes).copy()  # for backward
            at = matches.image * scores.shape[1] + matches.prior if matches else labels
            if not self.logistic:
                self.targets = np.full(len(self.confidences), self.background)
                self.targets[at] = labels
                return
            # two quirks of SSD's: the background's number stands for "no target", and targets are
            # put as if the images before had one number for each prior, and not one for each class
            self.targets = np.full(self.confidences.shape, self.background, scores.dtype)
            if matches:
                at = matches.image * scores.shape[1] + matches.prior * self.classes + labels
                self.targets.reshape(-1)[at] = 1
            return
        pairs = [np.stack([matches.image, matches.prior])] if matches else []
        pairs += [negatives] if negatives is not None else []
        pair = np.concatenate(pairs, 1) if pairs else np.empty((2, 0), int)
        self.rows = pair[0], pair[1]
        self.confidences = scores[self.rows]
        self.targets = np.full(len(self.confidences), self.background)
        self.targets[: len(labels)] = labels
        if self.logistic:
            self.targets = np.eye(self.classes, dtype=scores.dtype)[self.targets]

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        weight = self.weight(top) / self.divisor
        if propagate_down[0]:
            dloc = self.overwrite(bottom[0].grads)
            dloc[...] = 0
            if self.matches:
                m, smooth = self.matches, self.p.loc_loss_type == PARAM.SMOOTH_L1
                slope = _smooth_l1.slopes(np, m.d) if smooth else m.d
                shaped = dloc.reshape(dloc.shape[0], -1, self.loc_classes, 4)
                # with encode_variance_in_target SSD leaves out the division by the variances here
                shaped[m.image, m.prior, m.location] = slope * (self.p.loc_weight * weight)
        if propagate_down[1]:
            dscores = self.overwrite(bottom[1].grads)
            if self.logistic:
                d = 0.5 * np.tanh(0.5 * self.confidences) + 0.5 - self.targets
            else:
                d = _mining.softmax(self.confidences)
                d[np.arange(len(d)), self.targets] -= 1
            if self.rows is None:
                dscores[...] = (d * weight).reshape(dscores.shape)
            else:
                dscores[...] = 0
                dscores.reshape(dscores.shape[0], -1, self.classes)[self.rows] = d * weight
