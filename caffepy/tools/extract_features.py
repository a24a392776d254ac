"""extract_features: what blobs of a net hold for a number of batches, into databases or files.

    extract_features net.caffemodel train_val.prototxt fc7,prob fc7_db,prob_db 10 lmdb
    extract_features net.caffemodel train_val.prototxt fc7,prob features.h5 10 hdf5

LMDB and LevelDB take one database a blob: keys %010d, Datums with float_data, as the original
writes them. HDF5 and .npz files hold whole arrays, named as the blobs; there one file can
take all blobs. The net runs in the TEST phase.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from caffepy.cli import flags, gflags
from caffepy.errors import ConfigError
from caffepy.services import devices
from caffepy.services.features import extract

if TYPE_CHECKING:
    from caffepy.core.context import Context


def _device(mode: str, device: str) -> Context:
    """The context that the last two words of the command line ask for."""
    if mode not in ("CPU", "GPU"):
        raise ConfigError("unknown mode", found=mode, allowed="CPU, GPU")
    number = device.removeprefix("DEVICE_ID=")
    if not number.isdigit():
        raise ConfigError("DEVICE_ID must be a number", found=device)
    return devices.context(devices.choose(number if mode == "GPU" else ""))


@gflags.command(
    "extract_features",
    help="Run NUM_BATCHES batches of the net MODEL with WEIGHTS, and store what each of BLOBS "
    "(names separated by commas) holds under its name in DATASETS. DB_TYPE is lmdb, leveldb, hdf5 "
    "or npz.",
)
@click.argument("weights")
@click.argument("model")
@click.argument("blobs")
@click.argument("datasets")
@click.argument("num_batches")
@click.argument("db_type")
@click.argument("mode", metavar="[CPU|GPU]", default="CPU")
@click.argument("device", metavar="[DEVICE_ID]", default="0")
@flags.PLUGIN
def main(
    weights: str, model: str, blobs: str, datasets: str, num_batches: str, db_type: str, mode: str,
    device: str,
) -> None:
    if not num_batches.isdigit():
        raise ConfigError("num_mini_batches must be a number", found=num_batches)
    extract(weights, model, blobs.split(","), datasets.split(","), int(num_batches),
            db_type.lower(), _device(mode, device))


if __name__ == "__main__":
    main()
