"""The base of layers that make their batches right where the net reads them."""

import numpy as np
import pytest

from caffepy.core.blob import Blob
from caffepy.core.context import Context
from caffepy.data.pictures import Pictures
from caffepy.errors import CaffeError, DataError
from caffepy.layers.data._batches import BatchLayer
from caffepy.proto import caffe_pb2


class Steps(Pictures[int]):
    """Record i is a picture 1 x 2 x (1 + i // 3) of i's, with label i."""

    count = 9

    def record(self, index):
        return index

    def load(self, index):
        if index == 8:
            raise DataError("it is damaged")
        return np.full((1, 2, 1 + index // 3), index, np.float32), index

    def where(self, index):
        return f"step {index}"


class StepData(BatchLayer):
    type, param_field = "StepData", "image_data_param"

    def open_records(self, worker):
        return Steps(self.spec.transform_param, worker)


def layer(tops, batch_size=3):
    spec = caffe_pb2.LayerParameter(name="steps", type="StepData")
    spec.image_data_param.batch_size = batch_size
    made = StepData(spec, phase=caffe_pb2.TEST, context=Context(engines=("reference",), seed=1))
    top = [Blob() for _ in range(tops)]
    made.setup([], top)
    return made, top


@pytest.mark.parametrize("tops", [1, 2])
def test_each_batch_has_its_shape(tops):
    made, top = layer(tops)
    assert [blob.shape for blob in top] == [(3, 1, 2, 1), (3,)][:tops]
    for start, width in ((0, 1), (3, 2), (0, 1)):
        made.position = start
        made.forward([], top)
        assert top[0].shape == (3, 1, 2, width)
        assert top[0].data[:, 0, 0, 0].tolist() == list(range(start, start + 3))
        assert tops == 1 or top[1].data.tolist() == list(range(start, start + 3))
        assert made.position == start + 3


def test_errors_name_the_layer():
    made, top = layer(2)
    made.position = 6
    with pytest.raises(DataError, match=r"layer 'steps' \(StepData\), step 8: it is damaged"):
        made.forward([], top)
    with pytest.raises(CaffeError, match=r"'steps'.*image_data_param needs a batch_size of 1"):
        layer(2, 0)
