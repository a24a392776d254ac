"""Why a net has no layer that makes a blob, though one is written: its rules leave it out.

The usual mistakes are a data layer for TRAIN alone, and a stage that only the net to train has.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from caffepy.proto import caffe_pb2
from caffepy.proto.printer import to_text
from caffepy.proto.text import Source

Layer = caffe_pb2.LayerParameter
State = caffe_pb2.NetState
Rule = caffe_pb2.NetStateRule
Part = tuple[str, Any, str]  # field of NetState (or "not_stage"), value, the original's words


def broken_parts(state: State, rule: Rule) -> Iterator[Part]:
    """The parts of a rule that a state does not meet."""
    level = f"level ({state.level}) is above the"
    if rule.HasField("phase") and rule.phase != state.phase:
        yield "phase", rule.phase, f"phase ({state.phase}) differed from the phase ({rule.phase})"
    if rule.HasField("min_level") and state.level < rule.min_level:
        # "above" is the original's slip
        yield "level", rule.min_level, f"{level} min_level ({rule.min_level})"
    if rule.HasField("max_level") and state.level > rule.max_level:
        yield "level", rule.max_level, f"{level} max_level ({rule.max_level})"
    for stage in rule.stage:
        if stage not in state.stage:
            yield "stage", stage, f"did not contain stage '{stage}'"
    for stage in rule.not_stage:
        if stage in state.stage:
            yield "not_stage", stage, f"contained a not_stage '{stage}'"


def explain(
    blob: str, makers: Sequence[Layer], state: State, label: str, source: Source | None
) -> str:
    """What to do about a blob whose makers are all left out of a net in this state.

    Args:
        makers: the layers that have it as a top, at least one.
        label: what the net is to its owner: "train", "test 0", or anything else.
    """
    layer = min(makers, key=lambda maker: _for_other_phase(maker, _decisive(maker, state), state))
    rule = _decisive(layer, state)
    where = f" ({source.where(layer.name)})" if source else ""
    rules = f"{'include' if layer.include else 'exclude'} {{ {_line(rule)} }}"
    stages = ", ".join(stage for stage in state.stage if stage) or "none"
    return (f"Layer '{layer.name}'{where} makes it, but its rule {rules} leaves it out of this net "
            f"(phase {caffe_pb2.Phase.Name(state.phase)}, level {state.level}, stages {stages}). "
            f"{_cure(blob, layer, rule, state, label)}")


def _decisive(layer: Layer, state: State) -> Rule:
    """The rule that leaves the layer out: of several to include it the one that fits best."""
    if layer.include:
        return min(layer.include, key=lambda rule: len(list(broken_parts(state, rule))))
    return next(rule for rule in layer.exclude if not any(broken_parts(state, rule)))


def _for_other_phase(layer: Layer, rule: Rule, state: State) -> bool:
    return rule.HasField("phase") and (rule.phase != state.phase) == bool(layer.include)


def _cure(blob: str, layer: Layer, rule: Rule, state: State, label: str) -> str:
    parts = list(broken_parts(state, rule))
    if _for_other_phase(layer, rule, state):
        phase = caffe_pb2.Phase.Name(state.phase)
        if layer.bottom:
            return f"Take out the rule, or write a layer for phase {phase} that makes '{blob}'."
        deploy = ("" if phase == "TRAIN" or label.startswith("test") else
                  ", or, to use the net without data, an Input layer")
        return f"Add a data layer with include {{ phase: {phase} }} that makes '{blob}'{deploy}."
    levels = [value for part, value, _ in parts if part == "level"][:1]
    stages = [value for part, value, _ in parts if part == "stage"]
    if not layer.include or not (levels or stages):
        return "Change the rule, or the stages and the level of this net."
    fields = " ".join([*(f"level: {n}" for n in levels), *(f'stage: "{s}"' for s in stages)])
    flags, python = [f"-level {n}" for n in levels], [f"level={n}" for n in levels]
    if stages:
        stages = [*(stage for stage in state.stage if stage), *stages]  # those too that it has
        flags.append(f"-stage {','.join(stages)}")
        python.append(f"stages={stages}")
    if label.startswith("test"):
        return (f"Add test_state {{ {fields} }} to the solver, one for each test net (-stage and "
                "-level are for the net to train).")
    if label == "train":
        return f"Add train_state {{ {fields} }} to the solver, or give {' '.join(flags)}."
    return f"Give {' '.join(flags)}, or in Python Net(..., {', '.join(python)})."


def _line(rule: Rule) -> str:
    return " ".join(to_text(rule).split())
