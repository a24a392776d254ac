"""Pictures of nets.

    from caffepy.draw import draw_net_to_file
    net = caffe_pb2.NetParameter()
    text_format.Merge(open("train_val.prototxt").read(), net)
    draw_net_to_file(net, "net.png", rankdir="TB", phase=caffepy.TRAIN)

SVG, PDF, PNG and what else OpenCV writes are drawn by caffepy itself. ``.dot`` (``.gv``, ``.raw``)
gives Graphviz's language; ``graphviz=True``, and formats that only it has (``.ps``, ``.eps``), ask
the installed Graphviz.

Layers that work in place are written into the box of the layer before. Blobs stand on the arrows
between layers, with their shapes where the net can be built here: its Python layers are at hand,
and of data that are not there the prototxt tells the size.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from caffepy import log
from caffepy.drawing import dot, graph, labels, picture
from caffepy.drawing.pdf import PdfCanvas
from caffepy.drawing.pixels import PixelCanvas
from caffepy.drawing.svg import SvgCanvas
from caffepy.errors import CaffeError, ConfigError, NotFound
from caffepy.proto import files

logger = log.get(__name__)

DOT = ("dot", "gv", "raw")
GRAPHVIZ_ONLY = ("ps", "eps")


def get_pooling_types_dict() -> dict[int, str]:
    """The numbers of the ways to pool, and their names."""
    return labels.pooling_types()


def get_edge_label(layer: Any) -> str:
    """What pycaffe wrote beside a layer's arrows: the batch of Data, the number of outputs of
    layers with weights, else two quotes."""
    return labels.edge_label(layer) or '""'


def get_layer_lr_mult(layer: Any) -> tuple[float, float]:
    """The multipliers of the learning rate for weights and biases.

    Raises:
        ConfigError: not a Convolution, Deconvolution or InnerProduct.
    """
    return labels.lr_mults(layer)


def get_layer_label(layer: Any, rankdir: str, display_lrm: bool = False) -> str:
    """Name, type and settings of a layer in one quoted text.

    They are set apart by spaces where the net runs up or down the page, else by the two
    letters ``\\n`` that DOT has for a new line.
    """
    apart = " " if rankdir in ("TB", "BT") else r"\n"
    return '"' + apart.join(labels.layer_lines(layer, display_lrm)) + '"'


def choose_color_by_layertype(layertype: str) -> str:
    """The colour of a layer's box, ``#RRGGBB``."""
    return labels.color(layertype)


def get_dot(caffe_net: Any, rankdir: str = "LR", phase: int | None = None,
            display_lrm: bool = False, shapes: bool = True) -> str:
    """The net in Graphviz's language; arguments as for ``draw_net``."""
    _check(rankdir)
    return dot.to_dot(_graph(caffe_net, phase, display_lrm, shapes), rankdir)


def get_pydot_graph(caffe_net: Any, rankdir: str, label_edges: bool = True,
                    phase: int | None = None, display_lrm: bool = False) -> Any:
    """The net as a pydot.Dot; arguments as for ``draw_net``, and ``label_edges`` for shapes.

    Raises:
        NotFound: pydot is not installed.
    """
    try:
        import pydot
    except ImportError:
        raise NotFound("pydot is not installed",
                       fix="pip install pydot, or use draw_net, which needs nothing.") from None
    text = get_dot(caffe_net, rankdir, phase, display_lrm, shapes=label_edges)
    return pydot.graph_from_dot_data(text)[0]


def draw_net(caffe_net: Any, rankdir: str = "LR", ext: str = "png", phase: int | None = None,
             display_lrm: bool = False, *, shapes: bool = True, graphviz: bool | None = False,
             input_shape: Sequence[int] = ()) -> bytes:
    """The bytes of a picture file.

    Args:
        caffe_net: a NetParameter of any age; its layers may be of types that are not installed.
        rankdir: "LR", "RL", "TB" or "BT": from where to where the arrows lead.
        ext: the format, as its file name extension.
        phase: TRAIN or TEST to leave out the other's layers, or None for all.
        display_lrm: write the multipliers of the learning rate on layers that have weights.
        shapes: build the net to show the blobs' shapes.
        graphviz: leave the drawing to Graphviz's program ``dot``; None: if it is there.
        input_shape: C x H x W of data that are not there; else their crop_size tells.

    Raises:
        ConfigError: the format or direction is none, or the net cannot be upgraded.
        NotFound: Graphviz is needed and not installed.
    """
    _check(rankdir)
    ext = ext.lower().removeprefix(".")
    drawn = _graph(caffe_net, phase, display_lrm, shapes, input_shape)
    if ext in DOT:
        return dot.to_dot(drawn, rankdir).encode()
    if graphviz or ext in GRAPHVIZ_ONLY:
        return dot.run_graphviz(dot.to_dot(drawn, rankdir), ext)
    if graphviz is None and dot.installed():
        try:
            return dot.run_graphviz(dot.to_dot(drawn, rankdir), ext)
        except CaffeError as error:  # some are installed without all formats
            logger.warning("%s; drawn without it", error)
    return picture.draw(drawn, _canvas(ext), rankdir)


def _canvas(ext: str) -> picture.Canvas:
    if ext == "svg":
        return SvgCanvas()
    return PdfCanvas() if ext == "pdf" else PixelCanvas(ext)


def draw_net_to_file(caffe_net: Any, filename: str | os.PathLike[str], rankdir: str = "LR",
                     phase: int | None = None, display_lrm: bool = False, *,
                     shapes: bool = True, graphviz: bool | None = False,
                     input_shape: Sequence[int] = ()) -> None:
    """Write a picture file in the format that its name ends in; see ``draw_net``."""
    name = os.fspath(filename)
    ext = os.path.splitext(name)[1]
    if not ext:
        raise ConfigError("the file name must end in the picture's format", found=name,
                          allowed=".svg, .png, .jpg, .pdf, .dot")
    data = draw_net(caffe_net, rankdir, ext, phase, display_lrm, shapes=shapes, graphviz=graphviz,
                    input_shape=input_shape)
    with files.atomic_write(name) as file:
        file.write(data)


def _graph(net: Any, phase: int | None, display_lrm: bool, shapes: bool,
           input_shape: Sequence[int] = ()) -> graph.Graph:
    known = graph.shapes_of(net, phase, input_shape) if shapes else {}
    return graph.build(net, phase, display_lrm, known)


def _check(rankdir: str) -> None:
    if rankdir not in picture.RANKDIRS:
        raise ConfigError("rankdir must be a direction", found=rankdir,
                          allowed=", ".join(picture.RANKDIRS))
