"""Losses and measures."""

from __future__ import annotations

from fuzz.draw import Draw, Shape
from fuzz.layers import Bottom, Made, layer


def scores(draw: Draw) -> tuple[Shape, Shape, int]:
    """The shapes of scores and labels, and the number of classes."""
    if draw.kind == "large":  # oneDNN takes a probability below 2e-38 for 0, at a loss of 87
        draw.kind = "normal"
    n, classes = draw.integer(1, 8), draw.integer(2, 12)
    inside = draw.pick(((), (), (3, 4), (1, 1)))
    return (n, classes, *inside), (n, *inside), classes


def normalized(draw: Draw, ignore: bool = True) -> str:
    words = f"normalization: {draw.pick(('FULL', 'VALID', 'BATCH_SIZE', 'NONE'))}"
    return f"loss_param {{ {words}{' ignore_label: 1' * (ignore and draw.chance(0.4))} }}"


def weight(draw: Draw) -> str:
    return draw.pick(("", "", f"loss_weight: {draw.number(0.1, 3)} "))


@layer("SoftmaxWithLoss")
def softmax_with_loss(draw: Draw) -> Made:
    x, labels, classes = scores(draw)
    return Made(weight(draw) + normalized(draw), [Bottom(x), Bottom(labels, "labels", classes - 1)])


@layer("SoftmaxWithLoss", "SoftmaxWithLoss of targets")
def softmax_targets(draw: Draw) -> Made:
    """Smoothed or soft labels, weights of classes and positions. What hard_ratio and cutting_point
    leave out hangs on the last bit, so it is for the layer's own tests."""
    x, labels, classes = scores(draw)
    soft = draw.chance(0.4)
    words = draw.pick(("", "label_smoothing: 0.1 ", "label_smoothing: 0.4 "))
    loss = normalized(draw, not soft).replace("{", f"{{ {words}{'soft_labels: true ' * soft}", 1)
    of_classes = draw.pick(("label_smooth_factor: 0.1 " * (not words), " ".join(
        f"class_weight: {draw.number(0.1, 3)}" for _ in range(classes))))
    bottoms = [Bottom(x), Bottom(x, "probabilities") if soft else
               Bottom(labels, "labels", classes - 1)]
    weights = draw.pick((None, labels, labels[:1]))
    if weights is not None:
        bottoms.append(Bottom(weights, "positive"))
    return Made(f"{weight(draw)}{loss} softmax_param {{ {of_classes} }}", bottoms)


@layer("InfogainLoss")
def infogain_loss(draw: Draw) -> Made:
    x, labels, classes = scores(draw)
    return Made(weight(draw) + normalized(draw), [
        Bottom(x), Bottom(labels, "labels", classes - 1),
        Bottom((1, 1, classes, classes), "positive", batch=None)])


@layer("MultinomialLogisticLoss")
def multinomial_logistic_loss(draw: Draw) -> Made:
    n, classes = draw.integer(1, 8), draw.integer(2, 12)
    return Made(weight(draw), [Bottom((n, classes), "probabilities"),
                               Bottom((n,), "labels", classes - 1)], apart=True)


@layer("HingeLoss")
def hinge_loss(draw: Draw) -> Made:
    n, classes = draw.integer(1, 8), draw.integer(2, 12)
    return Made(f"{weight(draw)}hinge_loss_param {{ norm: {draw.pick(('L1', 'L2'))} }}",
                [Bottom((n, classes)), Bottom((n,), "labels", classes - 1)])


@layer("EuclideanLoss")
def euclidean_loss(draw: Draw) -> Made:
    shape = draw.shape()
    return Made(weight(draw), [Bottom(shape), Bottom(shape), *weights(draw, shape)], terms=4000)


def weights(draw: Draw, shape: Shape) -> list[Bottom]:
    """Perhaps a third bottom: for each item, place or number."""
    some = draw.pick((None, None, shape[:1], (*shape[:1], 1, *shape[2:]), shape))
    return [] if some is None else [Bottom(some, "positive")]


def not_sure(draw: Draw) -> None:
    """Where a sigmoid is all but 1, nothing but rounding is left of it less 1."""
    if draw.kind in ("large", "shifted"):
        draw.kind = "normal"


@layer("SigmoidCrossEntropyLoss")
def sigmoid_cross_entropy_loss(draw: Draw) -> Made:
    not_sure(draw)
    shape = draw.shape()
    return Made(weight(draw) + normalized(draw), [
        Bottom(shape), Bottom(shape, "labels", 1), *weights(draw, shape)], terms=4000, apart=True)


@layer("ContrastiveLoss")
def contrastive_loss(draw: Draw) -> Made:
    n, c = draw.integer(1, 8), draw.integer(1, 20)
    return Made(f"{weight(draw)}contrastive_loss_param {{ margin: {draw.number(0.5, 5)} "
                f"legacy_version: {str(draw.chance(0.3)).lower()} }}",
                [Bottom((n, c)), Bottom((n, c)), Bottom((n,), "labels", 1)])


@layer("Accuracy")
def accuracy(draw: Draw) -> Made:
    x, labels, classes = scores(draw)
    return Made(f"accuracy_param {{ top_k: {draw.integer(1, 2)} }}",
                [Bottom(x), Bottom(labels, "labels", classes - 1)], phases=("TEST",), open=False)


def fixed(draw: Draw) -> str:
    return draw.pick((normalized(draw, False), "loss_param { normalization: PRE_FIXED "
                      "pre_fixed_normalizer: 32 }"))


@layer("SoftmaxWithLossOHEM")
def softmax_with_loss_ohem(draw: Draw) -> Made:
    x, labels, classes = scores(draw)
    return Made(weight(draw) + fixed(draw), [Bottom(x), Bottom(labels, "labels", classes - 1)])


@layer("SigmoidCrossEntropyBalanceLoss")
def sigmoid_cross_entropy_balance_loss(draw: Draw) -> Made:
    not_sure(draw)
    shape = draw.images(2000)
    return Made(weight(draw), [Bottom(shape), Bottom(shape, "labels", 1)], terms=4000, apart=True)


@layer("DiceCoefLoss")
def dice_coef_loss(draw: Draw) -> Made:
    shape = draw.images(2000)
    return Made(f"{weight(draw)}dice_coef_loss_param {{ smooth: {draw.number(0.5, 3)} }}",
                [Bottom(shape, "positive"), Bottom(shape, "positive")], terms=4000)


@layer("SegAccuracy")
def seg_accuracy(draw: Draw) -> Made:
    n, classes, (h, w) = draw.integer(1, 4), draw.integer(2, 9), draw.pair(1, 6)
    return Made(f"seg_accuracy_param {{ ignore_label: 1 reset: {draw.pick(('true', 'false'))} }}",
                [Bottom((n, classes, h, w)), Bottom((n, 1, h, w), "labels", classes - 1)],
                phases=("TEST",), open=False, apart=True)
