"""caffepy check: what a solver or a net would do, and what is wrong with it, without training."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from caffepy.cli import files, flags, gflags
from caffepy.errors import ConfigError, DataError

if TYPE_CHECKING:
    from caffepy.core.net import Net
    from caffepy.proto.caffe_pb2 import SolverParameter

# a word that only a solver file has, at the beginning of a line
SOLVER_WORD = re.compile(
    r"^\s*(base_lr|lr_policy|max_iter|solver_mode|solver_type|snapshot_prefix|test_iter|net|"
    r"(train|test)_net|net_param|(train|test)_net_param)\s*[:{]", re.MULTILINE)


@gflags.command("check", help="Build the nets of a solver or net file, look at the first batches, "
                              "and say what is suspicious. Nothing is trained or written.")
@click.argument("solver_or_net")
@flags.PHASE
@flags.LEVEL
@flags.STAGE
def check(solver_or_net: str, phase: str, level: int, stage: str) -> None:
    files.check("SOLVER_OR_NET", solver_or_net, "prototxt")
    from caffepy.tools import _work

    with _work.quiet():
        if is_solver(solver_or_net):
            param = read_solver(solver_or_net, level, stage)
            labelled = nets_of_solver(param, solver_or_net)
        else:
            param, labelled = None, nets_of_file(solver_or_net, phase, level, stage)
        try:
            report(labelled, param)
        finally:
            for _, net in labelled:
                net.close()


def is_solver(path: str) -> bool:
    """Whether a prototxt is a solver's."""
    from caffepy.proto import textfile

    return SOLVER_WORD.search(textfile.read_text(path, zeros=True)) is not None


def read_solver(path: str, level: int, stage: str) -> SolverParameter:
    """The solver file, as a training would take it."""
    from caffepy.cli.train import set_train_state
    from caffepy.core.upgrade import read_solver_param

    param, _ = read_solver_param(path)
    set_train_state(param, level, stage)
    return param


def nets_of_solver(param: SolverParameter, path: str) -> list[tuple[str, Net]]:
    """("train" or "test 0"..., net) for each net."""
    from caffepy.cli.train import seed_of
    from caffepy.core.context import Context
    from caffepy.solvers import keep, nets, rule, settings
    from caffepy.solvers.located import located

    with located(path):
        settings.check(param)
        context = Context(seed=seed_of(param))
        found = [nets.train_net(param, context)]
        found += nets.test_nets(param, context)
        if param.snapshot or param.snapshot_after_train:
            keep.check_writable(param)
            keep.check_holds(param, found[0], rule.get(param.type).histories)
    return [(net.label, net) for net in found]


def nets_of_file(path: str, phase: str, level: int, stage: str) -> list[tuple[str, Net]]:
    """The net of a phase; without one that of TRAIN, and that of TEST where it is another."""
    from caffepy.core.net import Net
    from caffepy.proto import caffe_pb2

    words = ("TRAIN", "TEST")
    if phase not in ("", *words):
        raise ConfigError("there is no such phase", found=phase, allowed=" or ".join(words))
    built = [(word, Net(path, caffe_pb2.Phase.Value(word), level=level,
                        stages=flags.split_stages(stage)))
             for word in ([phase] if phase else words)]
    (_, first), *rest = built
    kinds = [[(layer.name, layer.type) for layer in net.layers] for _, net in built]
    if rest and kinds[0] == kinds[1]:
        rest[0][1].close()
        return [("", first)]
    return built


def report(labelled: list[tuple[str, Net]], param: SolverParameter | None) -> None:
    """Print each net's table, then what is suspicious, in the solver's ``param`` first."""
    from caffepy.checks import structure
    from caffepy.solvers.traps import of as traps_of_settings
    from caffepy.tools import summarize
    from caffepy.tools._table import MAX_WIDTH, table

    color = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    said: dict[str, str] = {}
    test_iter = list(param.test_iter) if param else []
    if param:
        for sentence in (*traps_of_settings(param), *structure.no_iterations(param)):
            said[sentence] = "solver"
    tests = 0
    for label, net in labelled:
        click.echo(f"{label}: " if label else "", nl=False)
        click.echo(table(summarize.of_net(net), MAX_WIDTH, color) + "\n")
        batches = test_iter[tests] if label.startswith("test") and tests < len(test_iter) else 0
        for sentence in traps(net, label == "train", batches, tests):
            said.setdefault(sentence, label)
        tests += label.startswith("test")
    for sentence, label in said.items():
        click.echo(f"{label}: {sentence}" if label else sentence)
    if not said:
        click.echo("Nothing suspicious.")


def traps(net: Net, trains: bool, test_iter: int, index: int) -> Iterator[str]:
    """What is suspicious in a net, with a look at its first batches."""
    from caffepy.checks import batches, structure
    from caffepy.core import labels
    from caffepy.proto import caffe_pb2

    yield from structure.traps(net)
    if trains:
        yield from structure.nothing_to_learn(net)
        yield from structure.frozen(net)
        yield from structure.unfed_inputs(net)
    if net.phase == caffe_pb2.TRAIN:
        yield from structure.untouched_statistics(net)
    if test_iter:
        yield from batches.coverage(net, test_iter, index)
    first = batches.FirstBatches(net)
    running = sorted({net.layers.index(layer) for layer, _ in first.data}
                     .union(batches.label_way(net)))
    for number in range(1, batches.BATCHES + 1):
        for i in tuple(running):
            net.layers[i].labels_seen = labels.LOOKED_AT  # it need not look, we do
            try:
                net.forward_layer(i)
            except DataError as error:
                if not net.layers[i].integers:
                    raise
                running.remove(i)  # a label that is no class, with which a training ends
                yield str(error)
            else:
                yield from first.not_whole(net.nodes[i])
        yield from first.look(number == batches.BATCHES)
