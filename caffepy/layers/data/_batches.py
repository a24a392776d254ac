"""Base of the layers whose tops are batches of a source's records."""

from __future__ import annotations

from collections.abc import Sequence

from caffepy.core.layer import Blobs, Layer
from caffepy.core.memory import Place, Shape
from caffepy.data.batches import BatchMaker
from caffepy.data.course import Worker
from caffepy.data.crew import decoders
from caffepy.data.records import Records
from caffepy.data.recycle import Batch, fitting
from caffepy.errors import CaffeError


class BatchLayer(Layer):
    """Makes a batch in each forward, right where the net reads it. A layer says its source; its
    message, or that called ``source_param``, has ``batch_size``, and perhaps ``rand_skip`` and
    ``shuffle``.

    ``position`` counts the records that all workers together have used; which they are follows
    from it and the seed alone.
    """

    bottoms = "0"
    tops = "1-2"
    keeps = ()
    data = True

    source: BatchMaker | None = None

    def open_records(self, worker: Worker) -> Records:
        """Open what the layer reads."""
        raise NotImplementedError

    def open_source(self) -> BatchMaker:
        if not self.reading(self.spec).batch_size:
            self.fail(f"{self.source_param or self.param_field} needs a batch_size of 1 or more",
                      fix="Add batch_size: 64.")
        return self._maker()

    def _maker(self) -> BatchMaker:
        context = self.context
        worker = Worker(self.phase, context.seed, self.stream, context.rank, context.size,
                        decoders(context.host_threads, context.settings.decoders))
        try:
            return self.make_batches(self.open_records(worker), worker)
        except CaffeError as error:
            raise error.at(self.place_name) from error

    def make_batches(self, records: Records, worker: Worker) -> BatchMaker:
        said = self.reading(self.spec)
        return BatchMaker(records, worker, said.batch_size,
                          rand_skip=getattr(said, "rand_skip", 0),
                          shuffle=getattr(said, "shuffle", False))

    def called(self, numbers: Sequence[int]) -> list[str]:
        """What records are called, by their numbers in the order in which they come; "" for those
        without a name."""
        maker = self._maker()  # the layer's own is making batches
        try:
            return [maker.called(number) for number in numbers]
        finally:
            maker.close()

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        self.source = self.open_source()
        for blob, shape in zip(top, self.source.shapes, strict=False):  # labels may be left out
            blob.reshape(shape)

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        pass  # the next batch decides

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        def room(shapes: Sequence[Shape]) -> Batch:
            for blob, shape in zip(top, shapes, strict=False):
                if blob.shape != shape:
                    blob.reshape(shape)
            first, *rest = (blob.values.overwrite(Place.HOST) for blob in top)
            return Batch(first, [*rest, *fitting(shapes[len(top):])])

        assert self.source is not None
        try:
            self._position = self.source.next(room).position
        except CaffeError as error:
            raise error.at(self.place_name) from error

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        pass

    @property
    def position(self) -> int:  # type: ignore[override]
        return self._position

    @position.setter
    def position(self, position: int) -> None:
        self._position = position
        if self.source is not None:
            self.seek(position)

    def seek(self, position: int) -> None:
        """Have the next batch begin there."""
        assert self.source is not None
        self.source.seek(position)

    def close(self) -> None:
        if self.source is not None:
            self.source.close()
