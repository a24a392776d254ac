"""WindowData: windows of pictures, drawn at random from R-CNN's window file and warped to squares.

bottom  none
top     data, N x C x crop_size x crop_size; label, N (may be left out)
param   window_data_param { source: "windows.txt" batch_size: 128 fg_threshold: 0.5
        bg_threshold: 0.5 fg_fraction: 0.25 context_pad: 0 crop_mode: "warp"
        cache_images: false root_folder: "" scale: 1 }
        transform_param { crop_size: 227 mirror: false mean_file: "" mean_value: 0 scale: 1 }
V1      WINDOW_DATA (V0 "window_data")

Of a batch, fg_fraction (rounded down) are windows with an overlap of fg_threshold or more, at its
end; the others have less than bg_threshold, and label 0. crop_mode "warp" stretches a window,
"square" first widens its shorter side; context_pad is how many pixels around it belong to the
result. The format of the file is told in caffepy/data/window_file.py.
"""

from __future__ import annotations

from caffepy.core.registry import register
from caffepy.data.course import Worker
from caffepy.data.windows import WindowRecords
from caffepy.layers.data._prefetching import PrefetchingLayer


@register("WindowData", v1="WINDOW_DATA", v0="window_data", param="window_data_param")
class WindowData(PrefetchingLayer):
    source_field = "source"
    regions = True

    def open_records(self, worker: Worker) -> WindowRecords:
        return WindowRecords(self.p, self.spec.transform_param, worker)
