"""tune: measures which kernels are the fastest on this machine, for a net's shapes.

    caffepy tune models/resnet50/train_val.prototxt -batch 8
    caffepy tune models/lenet/lenet_train_test.prototxt -size 28 -channels 1
    caffepy tune deploy.prototxt -phase TEST

Where several kernels could win a fixed rule chooses, the same on every run. This measures them
all and writes the winners to a file of the machine, which later runs follow. Data layers are
replaced by Input layers with random pictures, as ``caffepy bench`` does.
"""

from __future__ import annotations

from pathlib import Path

import click

from caffepy import log
from caffepy.cli import flags, gflags
from caffepy.errors import ConfigError
from caffepy.services.tuning import build, table, tune, write
from caffepy.settings import OFF, TUNE, Settings


@gflags.command("tune", help="Measure which kernels are the fastest here; later runs use them.")
@click.argument("net")
@flags.PHASE
@gflags.flag("batch", int, 0, "Batch size; 0 takes the prototxt's.")
@gflags.flag("size", int, 0, "Height and width of the pictures; 0 takes crop_size or the Input's.")
@gflags.flag("channels", int, 3, "Channels of pictures that come from a data layer.")
@gflags.flag("threads", int, 0, "Threads; 0 takes as many as runs take.")
@gflags.flag("file", str, "", "Write to this file instead of where runs look.")
@flags.PLUGIN
def main(net: str, phase: str, batch: int, size: int, channels: int, threads: int, file: str
         ) -> None:
    flags.phase(phase)
    target = Path(file) if file else Settings.of().choices
    if target is None:
        raise ConfigError(f"{TUNE}={OFF} says that no choices are followed",
                          fix="Unset it, or give -file.")
    log.init(log.glog_level(1))
    model = build(net, phase == "TEST", batch, size, channels, threads)
    found = tune(model)
    click.echo("\n".join(table(found)))
    machine = write(target, model, found)
    click.echo(f"Written to {target}, for {machine}.")


if __name__ == "__main__":
    main()
