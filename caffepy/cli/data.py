"""caffepy data show: what a net's data layers give it, as a sheet of pictures."""

from __future__ import annotations

import click

from caffepy.cli import files, flags, gflags
from caffepy.services.data_sheet.defaults import COUNT, SEED

data = gflags.Group("data", help="Look at a net's data.",
                    actions={"show": "caffepy.cli.data:show"}, shared=flags.ALL)


@gflags.command("show", help="Draw what the net NET really sees, after all transformation: items "
                             "of its data layers with their labels and boxes, as a PNG.")
@click.argument("net", metavar="NET")
@gflags.flag("out", gflags.FILE, "", "The PNG; without it NET_data.png beside the net.")
@gflags.flag("count", int, COUNT, "How many items of each data layer.")
@gflags.flag("layer", str, "", "The name of one data layer; without it all are shown.")
@gflags.flag("labels", gflags.FILE, "", "The classes' names, a label map or one a line; without it "
             "those that are found with the data.")
@gflags.flag("seed", int, SEED, "Of all that is drawn, as a solver's random_seed.")
@flags.PHASE
@flags.LEVEL
@flags.STAGE
@flags.PLUGIN
def show(net: str, out: str, count: int, layer: str, labels: str, seed: int, phase: str, level: int,
         stage: str) -> None:
    files.check("NET", net, "prototxt")
    from caffepy.services.data_sheet import showing

    showing.show(net, out, count=count, phase=flags.phase(phase) or "TRAIN", layer=layer,
                 labels=labels, seed=seed, level=level, stages=flags.caffe_stages(stage))
