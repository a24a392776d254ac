"""The names that programs had in Caffe's first days: each says what it is called now, and does it.

    train_net SOLVER [SNAPSHOT]                             train -solver -snapshot
    finetune_net SOLVER WEIGHTS                             train -solver -weights
    test_net NET WEIGHTS [ITERATIONS] [CPU|GPU] [ID]        test -model -weights -iterations -gpu
    net_speed_benchmark NET [ITERATIONS] [CPU|GPU] [ID]     time -model -iterations -gpu
    device_query [ID]                                       device_query -gpu
    caffe.bin, convert_imageset.bin, train_net.bin ...      the same without .bin

Their arguments had places, not names; today's flags work with them too.
"""

from __future__ import annotations

import importlib
import os
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from caffepy.cli import gflags
from caffepy.cli import main as front
from caffepy.cli.scan import scan
from caffepy.errors import ConfigError

GPU, ID = "CPU|GPU", "ID"


@dataclass(frozen=True)
class Old:
    """What an old program is today: an action, and the flag for each of its words; ``needs`` of the
    words must be there, unless flags say them."""

    action: str
    words: tuple[str, ...]
    needs: int = 0

    @property
    def usage(self) -> str:
        return " ".join(word.upper() if i < self.needs else f"[{word.upper()}]"
                        for i, word in enumerate(self.words))


OLDEST = {
    "train_net": Old("train", ("solver", "snapshot"), 1),
    "finetune_net": Old("train", ("solver", "weights"), 2),
    "test_net": Old("test", ("model", "weights", "iterations", GPU, ID), 2),
    "net_speed_benchmark": Old("time", ("model", "iterations", GPU, ID), 1),
    "device_query": Old("device_query", ("gpu",)),
}
# what the original built: those of its programs that have a .bin beside them
BINS = (
    "caffe", "compute_image_mean", "convert_cifar_data", "convert_imageset", "convert_mnist_data",
    "convert_mnist_siamese_data", "extract_features", "upgrade_net_proto_binary",
    "upgrade_net_proto_text", "upgrade_solver_proto_text", *OLDEST,
)  # fmt: skip


def translate(name: str, arguments: Sequence[str]) -> list[str]:
    """Today's arguments of the caffepy command.

    Raises:
        ConfigError: words that are missing, or one too many, or that make no sense where they are.
    """
    old = OLDEST[name]
    known = front.main.flags()
    found = scan(arguments, known, program=name)
    found.check_unknown(known)
    if len(found.words) > len(old.words) or (not found.flags and len(found.words) < old.needs):
        raise ConfigError(f"{name} takes {old.usage or 'no words'}",
                          found=" ".join(found.words) or "nothing",
                          fix=f"Today it is `caffepy {old.action}`; see its --help.")
    given = dict(zip(old.words, found.words, strict=False))
    place = given.pop(GPU, "CPU")
    if place not in ("CPU", "GPU"):
        raise ConfigError(f"{name} computes on CPU or GPU", found=place)
    device = given.pop(ID, "0")
    flags = [f"--{word}={value}" for word, value in given.items()]
    flags += [f"--gpu={device}"] * (place == "GPU")
    return [old.action, *flags, *found.flags]


def run(name: str, arguments: Sequence[str]) -> NoReturn:
    """Do what the program ``name`` did, after a line that says what to call today."""
    bare = name.removesuffix(".bin")
    try:
        if bare in OLDEST:
            words = translate(bare, arguments)
            print(f"{name}: today this is: caffepy {shlex.join(words)}", file=sys.stderr)
            front.main(words, "caffepy")
        today = "caffepy" if bare == "caffe" else bare
        print(f"{name}: today this is: {shlex.join([today, *arguments])}", file=sys.stderr)
        if bare == "caffe":
            front.main(list(arguments), "caffepy")
        tool: gflags.Command = importlib.import_module(f"caffepy.tools.{bare}").main
        tool.main(list(arguments), bare)
    except ConfigError as error:
        print(f"{name}: error: {error}", file=sys.stderr)
        sys.exit(error.exit_code)


def main() -> NoReturn:
    """The program that is called by one of the old names."""
    run(os.path.basename(sys.argv[0]).removesuffix(".exe"), sys.argv[1:])
