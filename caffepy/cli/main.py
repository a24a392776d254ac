"""caffepy: train, test, time, device_query, with Caffe's own command line.

Only click and the standard library are loaded here: numpy and the engine come with the action.
"""

from __future__ import annotations

from caffepy.cli import flags, gflags

main = gflags.Group(
    "caffepy",
    help="Train, test and time Caffe nets.",
    actions={
        "device_query": "caffepy.cli.device_query:device_query",
        "layers": "caffepy.cli.layers:layers",
        "test": "caffepy.cli.test:test",
        "time": "caffepy.cli.time:time",
        "train": "caffepy.cli.train:train",
    },
    shared=flags.ALL,
)

if __name__ == "__main__":
    main(prog_name="caffepy")
