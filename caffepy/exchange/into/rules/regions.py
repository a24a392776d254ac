"""Parts of pictures that boxes say."""

from __future__ import annotations

from caffepy.exchange.into.step import Step
from caffepy.exchange.into.table import rule


@rule("MaxRoiPool")
def max_roi_pool(step: Step) -> str:
    height, width = step.attribute("pooled_shape")
    return step("ROIPooling", step.x, step.blob(1), roi_pooling_param={
        "pooled_h": height, "pooled_w": width,
        "spatial_scale": step.attribute("spatial_scale", 1.0)})
