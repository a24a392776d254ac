"""What a layer type says of itself, before anything of it is built.

Whoever asks about a type (checks, summaries, drawings, deployment, benches, maps of coordinates)
asks here; nobody outside of ``layers`` and ``kernels`` keeps a table of types.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from caffepy.core import coords
from caffepy.core.window import Window
from caffepy.errors import ConfigError

if TYPE_CHECKING:
    import numpy as np

    from caffepy.core.blob import Blob
    from caffepy.core.memory import Array, Shape
    from caffepy.core.tally import Tally


class Traits:
    """Base of Layer. All of it is declared by the class, so it holds for every layer of the type.

    The contract with the net:
        type: the name in ``layer { type: "..." }``; set by ``@register``, as is ``param_field``,
            the field of LayerParameter with the type's own message.
        bottoms, tops: how many, as ``"1"``, ``"1-2"``, ``"1+"``, or ``"= bottoms"``.
        inplace: whether a top may be the same blob as the bottom at its index.
        keeps: what backward reads of the values: ``"bottom"``, ``"top"``, both or none, or
            ``"sign"`` for the bottoms' sign alone, ``"labels"`` for those bottoms. The net warns of
            an in-place neighbour that would change what is kept, and other values may share
            memory. A layer may set it anew in ``setup`` and in its first ``reshape``; later it may
            keep less, but not more.
        preserves_sign: in place, no value changes its sign where a gradient flows.
        loss: the first top has a loss weight of 1 unless the prototxt says otherwise.
        auto_top: missing tops are made, as "(automatic)" blobs.
        labels: indices of bottoms that are labels: no gradient flows to them.
        integers: bottoms whose numbers are truncated, such as class labels: of each index what it
            holds, and what to do about numbers that are not whole (core.labels).
        always_reshape: ``reshape`` runs before every forward, not only when bottom shapes changed.
        learns: what the parameter blobs are, in order, for the documentation.
        on_host: it knows NumPy alone, so in a net on a GPU it gets the CPU's side of the context.
            Layers of plug-ins do, unless they say that they are written on ``xp``.
        recordable: forward and backward queue the same work each time, so that a GPU can replay
            it: no number is read back, drawn or counted on the host, and no attribute carries
            anything from one forward to the next. A layer may set it anew in ``reshape``.
        plans: the specs of the kernels that it plans, the fastest engine's for each.
        works_in_half: forward and backward leave half-precision values what they are. Where the
            layer has planned kernels for such values, they do so anyway.
        known_by: for a type that ``speaks``, what in a layer tells it from others' of the name, for
            the documentation.
        obeys, harmless: words of forks that it follows, and those that no number depends on; see
            core.obeys.

    What it is among the layers of a net:
        data: it brings data into the net from outside.
        source_field: the field that names a file, a database or a list of data, in its own message
            or in that called ``source_param``, where batch_size stands, too.
        ordered: its records lie in an order that somebody gave them.
        pictures: its items are pictures, mostly; ``regions``: or parts of them, warped.
        boxed: its second top has boxes, mostly: a row of 8 for each (data.box_rows), or tables.
        waits: its tops are for a script to fill; ``scripted``: or it takes arrays from one.
        splits: its tops are its bottom, for several readers; ``cuts``: or parts of it.
        opaque: what it does to its blobs is its user's affair, as with Python layers; ``foreign``:
            or its author's, as with plug-ins; set by ``@register``.
        normalizes: it gives each channel mean 0 and variance 1, whatever came in; ``gathers``: it
            keeps what it has seen as parameters, which forward changes.
        rescales: it multiplies channels by learned numbers.
        needs_positive: there is no value for numbers below 0.
        mirrored: it runs its kernel the other way round: forward is the gradient by the data.
        counts_on_batch: what its settings say may hold for one batch size alone.
        head: for a loss, the type of layer that gives the answer in use ("Softmax").
        saturates: for a loss, it stands still at 87.3365 (-log of the least number) where no
            probability is left.
        compares: for a loss over equally many numbers of two bottoms, what the second says of the
            first: "numbers", those it should be; "marks", yes or no for each log-odds.
        only_in_training: a net for use is without it: it measures, writes to a file, or only
            swallows blobs; ``scores``: it says how good the net is.
        detects: its top has a row for each object that it found, however many, of image, class,
            score and four sides; if there are none, of -1.

    What is seen of it:
        same_place: a value of the top comes of the values at the same place of the bottoms.
        windowed: its own message has kernel_size, stride and pad.
        thins: with a larger stride it makes some of the same values, and no others.
        look: what it is drawn as; drawings have colours for "convolution", "pooling" and "inner
            product".
    """

    type: ClassVar[str] = ""
    param_field: ClassVar[str | None] = None
    bottoms: ClassVar[str] = "1"
    tops: ClassVar[str] = "1"
    inplace: ClassVar[bool] = False
    keeps: tuple[str, ...] = ("bottom",)
    preserves_sign: bool = False
    loss: ClassVar[bool] = False
    auto_top: ClassVar[bool] = False
    labels: tuple[int, ...] = ()
    integers: dict[int, tuple[str, str]] = {}
    always_reshape: ClassVar[bool] = False
    learns: ClassVar[tuple[str, ...]] = ()
    on_host: ClassVar[bool] = False
    recordable: bool = False
    plans: ClassVar[tuple[Any, ...]] = ()
    known_by: ClassVar[str] = ""
    works_in_half: bool = False
    obeys: ClassVar[tuple[str, ...]] = (
        "forward_type", "backward_type", "forward_math", "backward_math",
        "engine=REFERENCE", "engine=ONEDNN", "include", "exclude",
        "diag_val",  # of fillers, which are the same in all layers
    )
    # libraries, workers and shapes at loading: here the fastest engine is taken, workers share
    # batches, and weights fit by name and shape
    harmless: ClassVar[tuple[str, ...]] = (
        "engine", "multinode", "mn_activation_param", "mn_grad_compress_param",
        "reshape_every_iter", "cudnn_math_override", "strict_dim",
    )

    data: ClassVar[bool] = False
    source_field: ClassVar[str | None] = None
    source_param: ClassVar[str | None] = None
    ordered: ClassVar[bool] = False
    pictures: ClassVar[bool] = False
    regions: ClassVar[bool] = False
    boxed: ClassVar[bool] = False
    waits: ClassVar[bool] = False
    scripted: ClassVar[bool] = False
    splits: ClassVar[bool] = False
    cuts: ClassVar[bool] = False
    opaque: ClassVar[bool] = False
    foreign: ClassVar[bool] = False
    normalizes: ClassVar[bool] = False
    gathers: ClassVar[bool] = False
    rescales: ClassVar[bool] = False
    needs_positive: ClassVar[bool] = False
    mirrored: ClassVar[bool] = False
    counts_on_batch: ClassVar[bool] = False
    head: ClassVar[str | None] = None
    saturates: ClassVar[bool] = False
    compares: ClassVar[str] = ""
    only_in_training: ClassVar[bool] = False
    scores: ClassVar[bool] = False
    detects: ClassVar[bool] = False

    same_place: ClassVar[bool] = False
    windowed: ClassVar[bool] = False
    thins: ClassVar[bool] = False
    look: ClassVar[str] = ""

    # -- of a LayerParameter of this type, which may be half filled in ------------------------

    @classmethod
    def own(cls, spec: Any) -> Any:
        """The type's own message in a LayerParameter; None if the type has none."""
        return getattr(spec, cls.param_field) if cls.param_field else None

    @classmethod
    def reading(cls, spec: Any) -> Any:
        """The message in a LayerParameter that says what a data layer reads, and how much."""
        return getattr(spec, cls.source_param) if cls.source_param else cls.own(spec)

    @classmethod
    def speaks(cls, spec: Any) -> bool:
        """Whether a layer of this type's name is this one, where several forks have types of that
        name: by its words, and by how many bottoms and tops it has. ``known_by`` says it."""
        return True

    @classmethod
    def window(cls, spec: Any) -> Window | None:
        """What it slides over a picture; None if it has no windows."""
        return Window(cls.own(spec)) if cls.windowed else None

    @classmethod
    def by_pixel(cls, spec: Any) -> bool:
        """Whether in use it makes each pixel of the top of that pixel of the bottoms alone."""
        return False

    @classmethod
    def method(cls, spec: Any) -> str:
        """Which of several things it does, as "MAX"; "" if there is but one."""
        return ""

    @classmethod
    def outputs(cls, spec: Any) -> int | None:
        """The channels that it makes, if its own message says so (``num_output``)."""
        own = cls.own(spec)
        known = own is not None and "num_output" in own.DESCRIPTOR.fields_by_name
        return own.num_output if known else None

    @classmethod
    def batch_size(cls, spec: Any) -> int | None:
        """The items it brings at once, if it is a data layer and its message says so."""
        said = cls.reading(spec)
        known = said is not None and "batch_size" in said.DESCRIPTOR.fields_by_name
        return said.batch_size if known and cls.data else None

    @classmethod
    def item_shape(cls, spec: Any) -> Shape | None:
        """For a data layer, the shape of one item of its first top, C x H x W mostly, as far as
        the prototxt and a mean picture that is there tell it."""
        return None

    @classmethod
    def frame_channels(cls, spec: Any) -> int | None:
        """For a data layer whose items have several frames one behind the other in their channels:
        how many of these a frame has. None: an item is one picture."""
        return None

    @classmethod
    def further_shape(cls, spec: Any, first: Shape, top: int) -> Shape:
        """For a data layer, the shape of a further top, by that of the first top's batch: a number
        for each item, mostly."""
        return first[:1]

    @classmethod
    def detail(cls, spec: Any) -> str:
        """What matters of its settings in a few words, such as "3/1+1 64": a kernel of 3, stride
        1, pad 1, and 64 outputs."""
        words = [cls.method(spec)]
        if window := cls.window(spec):
            words.append("global" if window.whole else
                         f"{window.text('kernel')}/{window.text('stride')}+{window.text('pad')}")
        if outputs := cls.outputs(spec):
            group = getattr(cls.own(spec), "group", 1)
            words.append(f"{outputs}/{group}" if group > 1 else str(outputs))
        return " ".join(word for word in words if word)

    @classmethod
    def coordinates(cls, spec: Any) -> coords.Map:
        """Where a place of the bottom comes to lie in the top.

        Raises:
            UndefinedMapException: the layer mixes places.
        """
        if not cls.same_place:
            raise coords.UndefinedMapException()
        return coords.IDENTITY

    @classmethod
    def lines_up(cls, spec: Any) -> bool | None:
        """For a layer that crops its first bottom to its second: whether the net is to find the
        offset at which both line up. None for all others."""
        return None

    @classmethod
    def settle(cls, spec: Any, net: Any) -> None:
        """Write into a LayerParameter what the rest of its net says about it, where the same words
        mean different things in different nets.

        Args:
            net: the NetParameter, filtered and not yet split.
        """

    # -- of a layer that is built -----------------------------------------------------------

    def multiply_adds(self, bottom: Sequence[Blob], top: Sequence[Blob]) -> int:
        """Of one forward over the whole batch. Layers without matrix products say 0: theirs are
        few beside them."""
        return 0

    def example(self, index: int, bottom: Sequence[Blob], random: np.random.Generator
                ) -> Array | None:
        """Numbers such as a bottom could hold, in its shape, if not any will do: boxes, say."""
        return None

    def tally(self, param: Any) -> Tally | None:
        """For a layer whose first top has rows to be counted: what sums them up over the batches of
        a test. None: the mean of its numbers is taken.

        Args:
            param: a SolverParameter, which may say how.

        Raises:
            ConfigError: there is no such way.
        """
        return None

    def lacks_statistics(self) -> bool:
        """Whether it is to use statistics that nobody has gathered yet."""
        return False


def of(what: Any) -> type[Traits]:
    """What the type of a layer says of itself; what every layer says by itself if nobody knows the
    type, since a net is to be shown even so.

    Args:
        what: a LayerParameter, or the name of a type.
    """
    from caffepy.core import registry

    try:
        return (registry.get(what) if isinstance(what, str) else registry.of(what)).cls
    except ConfigError:
        return Traits
