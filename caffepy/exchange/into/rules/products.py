"""Products with weights."""

from __future__ import annotations

import numpy as np

from caffepy.exchange.into.refused import NotInCaffe
from caffepy.exchange.into.step import Step
from caffepy.exchange.into.table import rule


@rule("Gemm")
def gemm(step: Step) -> str:
    """alpha x w + beta b"""
    if step.attribute("transA", 0):
        raise NotInCaffe("its first input is transposed (transA)")
    weights = step.weights(1) * step.attribute("alpha", 1.0)
    if not step.attribute("transB", 0):
        weights = weights.T
    arrays = [weights]
    if step.has(2):
        bias = step.weights(2) * step.attribute("beta", 1.0)
        if bias.ndim == 2 and bias.shape[0] != 1:
            raise NotInCaffe("a bias for each item")
        arrays.append(np.broadcast_to(bias.reshape(-1), weights.shape[:1]))
    return step("InnerProduct", step.x, weights=arrays, inner_product_param={
        "num_output": weights.shape[0], **({} if step.has(2) else {"bias_term": False})})


@rule("MatMul")
def matmul(step: Step) -> str:
    if step.constant(1) is None:
        raise NotInCaffe("a product of two values, neither of which is weights")
    weights = step.weights(1)
    if weights.ndim != 2 or len(step.shape()) < 2:
        raise NotInCaffe(f"weights of shape {weights.shape}")
    axis = len(step.shape()) - 1
    return step("InnerProduct", step.x, weights=[weights.T], inner_product_param={
        "num_output": weights.shape[1], "bias_term": False,
        **({"axis": axis} if axis != 1 else {})})
