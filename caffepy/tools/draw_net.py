"""draw_net: a net as a picture, .png, .svg, .pdf or .dot.

    draw_net train_val.prototxt net.png
    draw_net --rankdir=TB --phase=TEST --display_lrm train_val.prototxt net.svg

Graphviz draws where it is installed, else caffepy itself. Blobs stand on the arrows, with their
shapes; of data that are not there the layer's crop_size tells, or -input_shape.
"""

from __future__ import annotations

import os

import click

from caffepy.cli import flags, gflags
from caffepy.errors import ConfigError
from caffepy.services import work

ENGINES = {"auto": None, "always": True, "never": False}


@gflags.command(
    "draw_net",
    help="Draw the net in INPUT_NET_PROTO_FILE as OUTPUT_IMAGE_FILE: .png, .svg, .pdf, .dot...; "
    "without one as <net>.png.",
)
@click.argument("input_net_proto_file")
@click.argument("output_image_file", required=False)
@gflags.flag("rankdir", gflags.Choice("LR", "RL", "TB", "BT"), "LR", "Where the arrows lead: from "
             "left to right, from top to bottom...")
@gflags.flag("phase", gflags.Choice("TRAIN", "TEST", "ALL"), "ALL", "Which layers are drawn.")
@gflags.flag("display_lrm", bool, False, "Write the multipliers of the learning rate on layers.")
@gflags.flag("graphviz", gflags.Choice(*ENGINES), "auto",
             "Whether Graphviz draws; auto: if it is installed.")
@gflags.flag("shapes", bool, True, "Show the blobs' shapes.")
@gflags.flag("input_shape", str, "", "C,H,W of data layers whose files are not there.")
@flags.PLUGIN
def main(
    input_net_proto_file: str, output_image_file: str | None, rankdir: str, phase: str,
    display_lrm: bool, graphviz: str, shapes: bool, input_shape: str,
) -> None:
    from caffepy.core.upgrade import read_net_param
    from caffepy.draw import draw_net_to_file
    from caffepy.proto import caffe_pb2

    sizes = flags.shape(input_shape)
    target = output_image_file or f"{os.path.splitext(input_net_proto_file)[0]}.png"
    if os.path.exists(target) and os.path.samefile(target, input_net_proto_file):
        raise ConfigError("the picture would take the place of the net", where=target)
    with work.quiet():
        net, _ = read_net_param(input_net_proto_file)
        number = None if phase in ("", "ALL") else caffe_pb2.Phase.Value(phase)
        draw_net_to_file(net, target, rankdir or "LR", number, display_lrm, shapes=shapes,
                         graphviz=ENGINES[graphviz or "auto"], input_shape=sizes)
    click.echo(f"Drawing net to {target}")


if __name__ == "__main__":
    main()
