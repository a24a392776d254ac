"""HDF5Data: rows of datasets in HDF5 files, any number of them and of any rank.

bottom  none
top     one per dataset: the top's name is the dataset's. Dataset N x ... gives batch_size x ...
param   hdf5_data_param { source: "files.txt" batch_size: 64 shuffle: false }
V1      HDF5_DATA (V0 "hdf5_data")

``source`` lists the files, one a line. The first file's rows give the shapes; other files' may have
other ones of equally many numbers, as N x 1 labels beside N. Batches run on over the ends of files
and of the list. With ``shuffle`` the files come in another order in each pass over the list, and
the rows of a file in another order each time the file is read. Numbers are taken as they are:
transform_param is refused.
"""

from __future__ import annotations

from caffepy.core.layer import Blobs
from caffepy.core.memory import Array
from caffepy.core.registry import register
from caffepy.data.batches import BatchMaker
from caffepy.data.course import Worker
from caffepy.data.hdf5_rows import Rows
from caffepy.data.records import Records
from caffepy.errors import ConfigError
from caffepy.layers.data._batches import BatchLayer
from caffepy.proto.paths import path_of


@register("HDF5Data", v1="HDF5_DATA", v0="hdf5_data", param="hdf5_data_param")
class HDF5Data(BatchLayer):
    source_field = "source"
    ordered = True
    tops = "1+"

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        if self.spec.HasField("transform_param"):
            self.fail("HDF5Data does not transform data", found="transform_param",
                      fix="Write transformed numbers into the files.")
        super().setup(bottom, top)

    def open_records(self, worker: Worker) -> Rows:
        source = path_of(self.p, "source")
        if not source:
            raise ConfigError("hdf5_data_param needs a source",
                              fix="Name a text file that lists HDF5 files, one a line.")
        return Rows(source, self.spec.top, self.dtype, self._order if self.p.shuffle else None)

    def make_batches(self, records: Records, worker: Worker) -> BatchMaker:
        return BatchMaker(records, worker, self.p.batch_size)  # the rows see to the order

    def seek(self, position: int) -> None:
        self.close()  # its orders are of the seed, and a snapshot may have brought another
        super().seek(position)

    def _order(self, what: str, turn: int, count: int) -> Array:
        return self.context.generator(f"{self.stream}/{what}", turn, common=True).permutation(count)
