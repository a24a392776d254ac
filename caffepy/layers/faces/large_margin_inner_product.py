"""LargeMarginInnerProduct: x w^T with a margin of angle in the label's column.

bottom  x, N x D; labels, N
top     y, N x num_output: |x| |w| cos(theta), in the label's column
        |x| |w| (psi(theta) + lambda cos(theta)) / (1 + lambda); optionally lambda, 1
param   largemargin_inner_product_param { num_output: 10 type: QUADRUPLE weight_filler { } axis: 1
        base: 1000 gamma: 0.000025 power: 35 iteration: 0 lambda_min: 0 }

psi = (-1)^k cos(m theta) - 2 k, k = floor(m theta / pi), m = 1 to 4 for SINGLE to QUADRUPLE; SINGLE
has no lambda. lambda = max(base (1 + gamma it)^-power, lambda_min), where it counts forwards from
iteration on. The weights are num_output x D. The gradients are the derivatives.
wy1iu's. Liu et al., "Large-Margin Softmax Loss for Convolutional Neural Networks", 2016.
"""

from __future__ import annotations

from caffepy.core.memory import Array
from caffepy.core.registry import register
from caffepy.layers.faces._margin import SMALL, MarginProduct


@register("LargeMarginInnerProduct", dialect="lsoftmax", param="largemargin_inner_product_param")
class LargeMarginInnerProduct(MarginProduct):
    def backward_weights(self, x: Array, w: Array, dy: Array) -> Array:
        plain, column = self.shares(dy)
        c = self.column
        of_w = c.x_length / (c.w_length + SMALL) * (c.psi - c.cos * c.slope)
        # which items have which label, classes x items
        one = self.label == self.xp.arange(self.p.num_output)[:, None]
        return plain.T @ x + (one * (column * c.slope)) @ x + (
            (one * (column * of_w)).sum(axis=1)[:, None] * w)
