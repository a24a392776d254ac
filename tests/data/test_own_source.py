"""The source that docs/contributing.md shows, as it stands there."""

import re
from pathlib import Path
from typing import Any

import numpy as np

from caffepy.data.batches import BatchMaker
from caffepy.data.course import Worker
from caffepy.data.image_list import atoi
from caffepy.data.pictures import Pictures
from caffepy.layers.data._prefetching import PrefetchingLayer
from caffepy.proto import caffe_pb2

PAGE = Path(__file__).parent.parent.parent / "docs" / "contributing.md"


def test_the_source_of_the_page(tmp_path):
    section = PAGE.read_text().partition("## Adding a source of data")[2]
    names: dict[str, Any] = {
        "Any": Any, "Path": Path, "Pictures": Pictures, "PrefetchingLayer": PrefetchingLayer,
        "Worker": Worker, "atoi": atoi, "np": np,
        "register": lambda *names, **more: lambda layer: layer,  # no type for the other tests
    }
    exec(re.search(r"```python\n(.*?)```", section, re.DOTALL)[1], names)
    arrays = np.random.default_rng(1701).standard_normal((5, 2, 6, 7)).astype(np.float32)
    for i, array in enumerate(arrays):
        np.save(tmp_path / f"{i}_{'abcde'[-i]}.npy", array)
    worker = Worker(caffe_pb2.TEST, seed=3, threads=2)
    transform = caffe_pb2.TransformationParameter(scale=2, crop_size=6)
    it = BatchMaker(names["Arrays"](str(tmp_path), transform, worker), worker, 4, shuffle=True)
    labels = []
    for _ in range(5):
        batch = it.next()
        labels += batch.labels.astype(int).tolist()
        np.testing.assert_array_equal(batch.data, 2 * arrays[labels[-4:], :, :, :6])
    assert all(sorted(labels[i : i + 5]) == list(range(5)) for i in range(0, 20, 5))
    it.close()
    layer = names["NpyData"]
    assert layer.data and layer.open_records is not PrefetchingLayer.open_records
