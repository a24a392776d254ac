"""MarginInnerProduct: x w^T with a margin of angle in the label's column, |w| = 1.

bottom  x, N x D; labels, N
top     y, N x num_output: |x| cos(theta), in the label's column
        |x| (psi(theta) + lambda cos(theta)) / (1 + lambda); optionally lambda, 1
param   margin_inner_product_param { num_output: 10572 type: QUADRUPLE weight_filler { } axis: 1
        base: 1000 gamma: 0.12 power: 1 iteration: 0 lambda_min: 5 }

psi = (-1)^k cos(m theta) - 2 k, k = floor(m theta / pi), m = 1 to 4 for SINGLE to QUADRUPLE; SINGLE
has no lambda. lambda = max(base (1 + gamma it)^-power, lambda_min), where it counts forwards from
iteration on. Forward first makes each row of the weights, num_output x D, of length 1, in place.
Their gradient is that of a plain inner product. In dx the two parts of psi's derivative, so much of
w and so much of x, are scaled so that their squares add up to 1.
SphereFace's. Liu et al., "SphereFace: Deep Hypersphere Embedding for Face Recognition", 2017.
"""

from __future__ import annotations

from caffepy.core.memory import Array
from caffepy.core.registry import register
from caffepy.layers.faces._margin import MarginProduct

LEAST = 1e-30  # so that nothing is divided by 0


@register("MarginInnerProduct", dialect="sphereface", param="margin_inner_product_param")
class MarginInnerProduct(MarginProduct):
    def weights(self) -> Array:
        xp = self.xp
        w = self.write(self.blobs[0].values)
        w /= xp.maximum(xp.sqrt(xp.square(w).sum(axis=1, keepdims=True)), LEAST)
        return w

    def coefficients(self) -> tuple[Array, Array]:
        of_w, of_x = super().coefficients()
        length = self.xp.maximum(self.xp.sqrt(of_w * of_w + of_x * of_x), LEAST)
        return of_w / length, of_x / length

    def backward_weights(self, x: Array, w: Array, dy: Array) -> Array:
        return dy.T @ x
