"""deploy: the net for use, made of the net for training.

    deploy train_val.prototxt deploy.prototxt

The TEST phase's layers are taken, without what only scores and without losses; where TEST has no
loss, TRAIN's say what the outputs are. An Input stands where a data layer was; SoftmaxWithLoss
becomes Softmax and SigmoidCrossEntropyLoss Sigmoid. Losses that weigh less than the heaviest
(GoogLeNet's two at the side) go with their branches. Fillers and learning rates, which mean nothing
in use, go too. Layers keep their names, so the weights of the one fit the other. What is made has
been built.

How the training's pictures came to the net is written as a comment at the top, as the flags by
which `classify` does the same, and into the net's picture_param, which classify, detect and
Classifier read, with the names of the classes if there is a labels.txt beside the data.
"""

from __future__ import annotations

import os
import sys

import click

from caffepy.cli import flags, gflags
from caffepy.errors import ConfigError
from caffepy.services.deploying import BATCH, deploy


@gflags.command(
    "deploy",
    help="Make the net for use of the net for training, NET, and write it to OUTPUT, or print it: "
    "inputs instead of data, probabilities instead of losses.",
)
@click.argument("net")
@click.argument("output", required=False, default="")
@gflags.flag("batch", int, BATCH, "Pictures that go through at once.")
@gflags.flag("input_shape", str, "", "C,H,W of the input, where the data is not there.")
@gflags.flag("plain", bool, False, "Leave picture_param out, which other Caffes do not know.")
@gflags.flag("stage", str, "", "Stages of the net state, separated by commas.")
@flags.PLUGIN
def main(net: str, output: str, batch: int, input_shape: str, plain: bool, stage: str) -> None:
    from caffepy.proto import text
    from caffepy.proto.files import atomic_write

    shape = flags.shape(input_shape)
    if batch < 1:
        raise ConfigError("batch must be 1 or more", found=batch)
    made, notes = deploy(net, batch, shape, flags.stages(stage))
    if plain:
        made.ClearField("picture_param")
    notes = [f"Made of {os.path.basename(net)} by `caffepy deploy`.", *notes]
    written = "".join(f"# {note}\n" for note in notes) + text.to_text(made)
    if not output:
        click.echo(written, nl=False)
        return
    with atomic_write(output) as file:
        file.write(written.encode())
    print("\n".join(notes[1:]), file=sys.stderr)


if __name__ == "__main__":
    main()
