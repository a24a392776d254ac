"""Which nets a solver file asks for: one to train, any number to test.

The training net is named by exactly one of train_net_param, train_net, net_param and net. The
test nets are those in test_net_param, then those in test_net, then as many instances of net_param
or net as test_iter has values left. What a net's layers are chosen by (NetState) is merged from
the phase, the net's own ``state``, and the solver's train_state or test_state.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Any

from caffepy import log
from caffepy.checks import structure
from caffepy.core import weights
from caffepy.core.context import Context
from caffepy.core.net import Net
from caffepy.core.upgrade import read_net_param
from caffepy.errors import CaffeError, ConfigError, NotFound
from caffepy.proto import caffe_pb2
from caffepy.proto.paths import path_of, paths_of
from caffepy.solvers.located import MissingFile

logger = log.get(__name__)

TRAIN_FIELDS = ("train_net_param", "train_net", "net_param", "net")


def train_net(param: Any, context: Context, optimize: bool = False) -> Net:
    """Build the net to train.

    Raises:
        ConfigError: no net is named, or several.
    """
    given = [field for field in TRAIN_FIELDS if param.HasField(field)]
    if not given:
        raise ConfigError(
            "SolverParameter must specify a train net using one of these fields: "
            + ", ".join(TRAIN_FIELDS), fix='Add net: "train_val.prototxt".')
    if len(given) > 1:
        raise ConfigError(
            "SolverParameter must not contain more than one of these fields specifying a "
            "train_net: " + ", ".join(TRAIN_FIELDS), found=" and ".join(given), field=given[0])
    source = _source(param, given[0])
    logger.info({
        "train_net_param": "Creating training net specified in train_net_param.",
        "train_net": f"Creating training net from train_net file: {source}",
        "net_param": "Creating training net specified in net_param.",
        "net": f"Creating training net from net file: {source}",
    }[given[0]])
    return _build(source, caffe_pb2.TRAIN, param.train_state, context, "train", optimize, given[0])


def test_nets(param: Any, context: Context, optimize: bool = False) -> list[Net]:
    """Build the nets to test, in order.

    Raises:
        ConfigError: test_iter, test_state or test_interval do not fit them.
        CaffeError: anything wrong with one of them; it says which.
    """
    sources = test_sources(param)
    nets: list[Net] = []
    try:
        for index, (source, said, field) in enumerate(sources):
            logger.info("Creating test net (#%d) specified by %s", index, said)
            state = param.test_state[index] if param.test_state else caffe_pb2.NetState()
            try:
                nets.append(_build(source, caffe_pb2.TEST, state, context, f"test {index}",
                                   optimize, field))
            except CaffeError as error:
                raise error if error.field else error.at(f"test net #{index}") from None
    except BaseException:
        for net in nets:
            net.close()
        raise
    return nets


def test_sources(param: Any) -> list[tuple[Any, str, str]]:
    """Each test net's file or NetParameter, how the log calls it, and the field it comes from."""
    own = [(source, "test_net_param", "test_net_param") for source in param.test_net_param]
    own += [(path, f"test_net file: {path}", "test_net") for path in paths_of(param, "test_net")]
    generic = [(_source(param, field), said, field) for field, said in
               (("net_param", "net_param"), ("net", f"net file: {path_of(param, 'net')}"))
               if param.HasField(field)]
    count = len(param.test_iter)
    if count < len(own) if generic else count != len(own):
        raise ConfigError("test_iter must be specified for each test network.",
                          found=f"{count} test_iter", allowed=len(own), field="test_iter")
    sources = own + generic * (count - len(own))
    if any(batches < 0 for batches in param.test_iter):
        raise ConfigError("test_iter must not be negative", found=min(param.test_iter),
                          field="test_iter")
    if param.test_state and len(param.test_state) != len(sources):
        raise ConfigError("test_state must be unspecified or specified once per test net.",
                          found=f"{len(param.test_state)} test_state", allowed=len(sources),
                          field="test_state")
    if sources and param.test_interval <= 0:
        raise ConfigError("test_interval must be positive when there are test nets",
                          found=param.test_interval,
                          fix="Add test_interval: 1000, or take out test_iter.",
                          field="test_interval" if param.HasField("test_interval") else "test_iter")
    return sources


# -- the weights they start from ----------------------------------------------------------


def weight_files(paths: Iterable[str]) -> list[str]:
    """The files that ``weights`` names: each entry may be a list with commas."""
    return [name.strip() for path in paths for name in path.split(",") if name.strip()]


def load_train_net(net: Net, paths: Iterable[str]) -> list[weights.Report]:
    """Copy weights into the net to train; ``show`` says what became of each layer's."""
    reports = _load(net, paths)
    structure.warn(s for r in reports for s in structure.copied_nothing(net, r))
    return reports


def show(reports: Sequence[weights.Report]) -> None:
    """Log which layers have their weights from which file."""
    if reports:
        logger.info("Layers with weights, after loading:\n%s", weights.table(reports))


def load_test_nets(nets: Iterable[Net], paths: Sequence[str]) -> None:
    """Copy weights into the nets to test, whose layers are those of the net to train.

    Their steps of 8 bits stay behind: they fit what the file has, not what it is trained to.
    """
    for net in nets:
        _load(net, paths, steps=False)


def _load(net: Net, paths: Iterable[str], steps: bool = True) -> list[weights.Report]:
    reports = []
    for name in weight_files(paths):
        logger.info("Finetuning from %s", name)
        reports.append(net.load(name, steps))
    return reports


# -- building them ------------------------------------------------------------------------


def _source(param: Any, field: str) -> Any:
    """The path or the NetParameter that a field of the solver has."""
    return getattr(param, field) if field.endswith("_param") else path_of(param, field)


def _build(source: Any, phase: int, state: Any, context: Context, label: str,
           optimize: bool, field: str) -> Net:
    """The net of a file or message, which a field of the solver has given, in the merged state."""
    where = None
    if isinstance(source, (str, os.PathLike)):
        try:
            net_param, where = read_net_param(source)
        except NotFound:
            raise MissingFile(field, os.fspath(source)) from None
    else:
        net_param = caffe_pb2.NetParameter()
        net_param.CopyFrom(source)
    merged = caffe_pb2.NetState(phase=phase)  # type: ignore[arg-type]
    merged.MergeFrom(net_param.state)
    merged.MergeFrom(state)
    net_param.state.CopyFrom(merged)
    return Net(net_param if where is None else (net_param, where), context=context, label=label,
               optimize=optimize)
