"""What a solver or a net would do, and what is wrong with it, without training."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from caffepy.checks import batches, structure
from caffepy.core import labels
from caffepy.core.context import Context
from caffepy.core.net import Net
from caffepy.core.upgrade import read_solver_param
from caffepy.errors import ConfigError, DataError
from caffepy.proto import caffe_pb2, textfile
from caffepy.proto.caffe_pb2 import SolverParameter
from caffepy.services import snapshot_place, summary, work
from caffepy.services.job import seed_of, set_train_state
from caffepy.solvers import keep, nets, rule, settings
from caffepy.solvers import traps as solver_traps
from caffepy.solvers.located import located

# a word that only a solver file has, at the beginning of a line
SOLVER_WORD = re.compile(
    r"^\s*(base_lr|lr_policy|max_iter|solver_mode|solver_type|snapshot_prefix|test_iter|net|"
    r"(train|test)_net|net_param|(train|test)_net_param)\s*[:{]", re.MULTILINE)


@dataclass
class Checked:
    """What ``check`` found.

    Attributes:
        nets: label ("train", "test 0", "TRAIN"...; "" of a net that is the same in both phases) and
            table of each net.
        suspicious: sentences, each with the label of whom it is about, "solver" for the solver.
    """

    nets: list[tuple[str, summary.Summary]] = field(default_factory=list)
    suspicious: dict[str, str] = field(default_factory=dict)


def check(path: str, phase: str = "", level: int = 0, stages: Sequence[str] = ("",),
          shown: Callable[[str, summary.Summary], None] | None = None) -> Checked:
    """Build the nets of a solver or net file, and look at their first batches.

    Args:
        phase: of a net file: "TRAIN" or "TEST"; "" is both.
        shown: is given label and table of each net before its data are looked at.

    Raises:
        CaffeError: what a training would end with.
    """
    with work.quiet():
        if is_solver(path):
            param = read_solver(path, level, stages)
            labelled = nets_of_solver(param, path)
        else:
            param, labelled = None, nets_of_file(path, phase, level, stages)
        try:
            return _look(labelled, param, shown)
        finally:
            for _, net in labelled:
                net.close()


def _look(labelled: list[tuple[str, Net]], param: SolverParameter | None,
          shown: Callable[[str, summary.Summary], None] | None) -> Checked:
    found = Checked()
    test_iter = list(param.test_iter) if param else []
    if param:
        for sentence in (*solver_traps.of(param), *structure.no_iterations(param),
                         *snapshot_place.traps(param)):
            found.suspicious[sentence] = "solver"
    tests = 0
    for label, net in labelled:
        found.nets.append((label, summary.of_net(net)))
        if shown:
            shown(*found.nets[-1])
        count = test_iter[tests] if label.startswith("test") and tests < len(test_iter) else 0
        for sentence in traps(net, label == "train", count, tests):
            found.suspicious.setdefault(sentence, label)
        tests += label.startswith("test")
    return found


def is_solver(path: str) -> bool:
    """Whether a prototxt is a solver's."""
    return SOLVER_WORD.search(textfile.read_text(path, zeros=True)) is not None


def read_solver(path: str, level: int, stages: Sequence[str]) -> SolverParameter:
    """The solver file, as a training would take it."""
    param, _ = read_solver_param(path)
    set_train_state(param, level, stages)
    return param


def nets_of_solver(param: SolverParameter, path: str) -> list[tuple[str, Net]]:
    """("train" or "test 0"..., net) for each net."""
    with located(path):
        settings.check(param)
        context = Context(seed=seed_of(param))
        found = [nets.train_net(param, context)]
        found += nets.test_nets(param, context)
        if param.snapshot or param.snapshot_after_train:
            keep.check_writable(param)
            keep.check_holds(param, found[0], rule.get(param.type)(param, np).histories)
    return [(net.label, net) for net in found]


def nets_of_file(path: str, phase: str, level: int, stages: Sequence[str]) -> list[tuple[str, Net]]:
    """The net of a phase; without one that of TRAIN, and that of TEST where it is another."""
    words = ("TRAIN", "TEST")
    if phase not in ("", *words):
        raise ConfigError("there is no such phase", found=phase, allowed=" or ".join(words))
    built = [(word, Net(path, caffe_pb2.Phase.Value(word), level=level,
                        stages=stages))
             for word in ([phase] if phase else words)]
    (_, first), *rest = built
    kinds = [[(layer.name, layer.type) for layer in net.layers] for _, net in built]
    if rest and kinds[0] == kinds[1]:
        rest[0][1].close()
        return [("", first)]
    return built


def traps(net: Net, trains: bool, test_iter: int, index: int) -> Iterator[str]:
    """What is suspicious in a net, with a look at its first batches."""
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
            net.layers[i].labels_seen = labels.LOOKED_AT  # the layer need not look
            try:
                net.forward_layer(i)
            except DataError as error:
                if not net.layers[i].integers:
                    raise
                running.remove(i)  # a label that is no class: a training would end here
                yield str(error)
            else:
                yield from first.not_whole(net.nodes[i])
        yield from first.look(number == batches.BATCHES)
