"""Settings of a solver file: what is refused, what is warned of, and the line it names."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from caffepy.errors import CaffeError
from caffepy.proto import caffe_pb2, places, text
from caffepy.solvers import settings, traps
from caffepy.solvers.solver import create_solver

from .conftest import SMALL

SOUND = 'base_lr: 0.1 lr_policy: "fixed" max_iter: 10 net: "n.prototxt" '


def solver(line: str) -> caffe_pb2.SolverParameter:
    param = caffe_pb2.SolverParameter()
    text.parse(line, param)
    return param


def policy(line: str) -> str:
    return SOUND.replace('lr_policy: "fixed"', line)


@pytest.mark.parametrize("line, sentence", [
    # lr_policy and what it works with
    ('lr_policy: "step" stepsize: 2', "gamma is not set: the rate is 0 from iteration 2 on"),
    ('lr_policy: "step" stepsize: 2 gamma: 0', "gamma is 0: the rate is 0 from iteration 2 on"),
    ('lr_policy: "multistep" stepvalue: [3, 5]', "gamma is not set: the rate is 0 from"),
    ('lr_policy: "exp"', "gamma is not set: the rate is 0 from iteration 1 on. 0.999"),
    ('lr_policy: "inv" power: 1', 'gamma is not set: with lr_policy: "inv" the rate never changes'),
    ('lr_policy: "sigmoid" stepsize: 3', "gamma is not set: with"),
    ('lr_policy: "inv" gamma: 1', 'power is not set: with lr_policy: "inv" the rate never changes'),
    ('lr_policy: "poly"', 'power is not set: with lr_policy: "poly" the rate never changes. 1 is'),
    ('lr_policy: "poly" power: 0', "power is 0: with"),
    ('lr_policy: "poly" power: -1', 'power is -1: with lr_policy: "poly" the rate grows'),
    ('lr_policy: "inv" gamma: 1 power: -1', 'power is -1: with lr_policy: "inv" the rate grows'),
    ('lr_policy: "step" stepsize: 2 gamma: 1', "gamma is 1: the rate never changes"),
    ('lr_policy: "exp" gamma: 1', "gamma is 1: the rate never changes"),
    ('lr_policy: "step" stepsize: 2 gamma: 10',
     "gamma is 10: the rate grows at each step. To divide it by that, write gamma: 0.1."),
    ('lr_policy: "step" stepsize: 20 gamma: 0.1', "stepsize 20 is not reached: max_iter is 10"),
    ('lr_policy: "step" stepsize: 2 gamma: 0.1 stepvalue: 4',
     'stepvalue is not used with lr_policy: "step"; it is for "multistep"'),
    ('lr_policy: "fixed" stepvalue: 4', 'stepvalue is not used with lr_policy: "fixed"'),
    ('lr_policy: "fixed" stepsize: 4', 'stepsize is not used with lr_policy: "fixed"'),
    ('lr_policy: "multistep" gamma: 0.1', "no stepvalue is given: the rate never changes."),
    ('lr_policy: "multistep" gamma: 0.1 stepsize: 3',
     'no stepvalue is given: the rate never changes; stepsize is for "step".'),
    ('lr_policy: "multistep" gamma: 0.1 stepvalue: 3 stepsize: 3',
     'stepsize is not used with lr_policy: "multistep"'),
    ('lr_policy: "multistep" gamma: 0.1 stepvalue: [6, 4]',
     "stepvalue 4 comes after 6: values count in the order in which they are written, one an "
     "iteration, so this one does at iteration 7"),
    ('lr_policy: "multistep" gamma: 0.1 stepvalue: [4, 4]', "this one does at iteration 5"),
    ('lr_policy: "multistep" gamma: 0.1 stepvalue: [4, 11]', "stepvalue 11 is not reached"),
    ('lr_policy: "multistep" gamma: 0.1 stepvalue: 0', "stepvalue is 0: the first step"),
    # words of forks
    ('lr_policy: "plateau" plateau_winsize: 4', "gamma is not set: the rate is 0 from iteration 4"),
    ('lr_policy: "plateau" plateau_winsize: 4 gamma: 10', "gamma is 10: the rate grows at each"),
    ('lr_policy: "fixed" plateau_winsize: 4',
     'plateau_winsize is not used without lr_policy: "plateau".'),
    ('lr_policy: "fixed" stagelr: 4', 'stagelr is not used without lr_policy: "multifixed".'),
    ('lr_policy: "multifixed" stagelr: [1, 2] stageiter: [4, 4]', "stageiter does not grow"),
    ('lr_policy: "fixed" rampup_lr: 0.1', "rampup_lr is not used without rampup_interval."),
    ('lr_policy: "fixed" warmup_start_lr: 0.1', "warmup_start_lr is not used without warmup_iter."),
    ('lr_policy: "fixed" warmup_iter: 10', "the rate climbs for 10 iterations, and max_iter is 10"),
    ('lr_policy: "fixed" restart_mult: 2', 'restart_mult is not used without lr_policy: "cosine".'),
    ('lr_policy: "fixed" momentum_power: 2',
     'momentum_power is not used without momentum_policy: "poly".'),
    ('lr_policy: "fixed" clip_policy: "value"', "clip_policy is not used without clip_gradients."),
    ('lr_policy: "fixed" larc_eta: 0.1', "larc_eta is not used without larc."),
    ('lr_policy: "fixed" amsgrad: true', "amsgrad is not used with type SGD"),
])
def test_policies(line, sentence):
    (said,) = traps.of(solver(policy(line)))
    assert sentence in said


def test_a_rate_that_will_not_end():
    line = policy('lr_policy: "exp" gamma: 2').replace("max_iter: 10", "max_iter: 2000")
    (said,) = traps.of(solver(line))
    assert said.startswith("with gamma 2 the rate is no finite number before the last iteration")
    assert not list(traps.of(solver(line.replace("2000", "1000"))))


@pytest.mark.parametrize("more, sentence", [
    ('type: "SGD" momentum: 1', "momentum is 1: updates grow without end"),
    ('type: "Nesterov" momentum: 9', "momentum is 9: updates grow without end"),
    ("momentum: -0.9", "momentum is -0.9: "),
    ('type: "AdaDelta" momentum: 1', "momentum is 1: AdaDelta"),
    ("weight_decay: -0.1", "weight_decay is -0.1: negative"),
    ('type: "Adam" delta: 0', "delta is 0: Adam divides by it"),
    ('type: "AdaGrad" delta: -1', "delta is -1: AdaGrad divides by it"),
    ("clip_gradients: 0", "clip_gradients is 0: all gradients become 0"),
    ("test_interval: 5", "test_interval is 5 and test_iter is not given: nothing is tested"),
    ("test_interval: 5 test_iter: [1, 0]", "test_iter of test net #1 is 0"),
])
def test_other_settings(more, sentence):
    (said,) = traps.of(solver(SOUND + more))
    assert sentence in said


@pytest.mark.parametrize("line", [
    "", "clip_gradients: inf", "clip_gradients: -1", "momentum: 0.9 weight_decay: 0.1",
    'type: "AdaDelta" momentum: 0.95 delta: 1e-6', "test_iter: 1 test_interval: 10",
    'type: "SGD" delta: 0', "gamma: 0.1 power: 0.75",  # left over from another policy
])
def test_sound_settings(line):
    p = solver(SOUND + line)
    settings.check(p)
    assert not list(traps.of(p))


@pytest.mark.parametrize("line", [
    'lr_policy: "step" stepsize: 10 gamma: 0.1', 'lr_policy: "exp" gamma: 0.999',
    'lr_policy: "inv" gamma: 0.0001 power: 0.75', 'lr_policy: "poly" power: 1',
    'lr_policy: "multistep" gamma: 0.1 stepvalue: [5, 8, 10]',
    'lr_policy: "sigmoid" gamma: 0.1 stepsize: 5', 'lr_policy: "exp" gamma: 1.01',
])
def test_sound_policies(line):
    p = solver(policy(line))
    settings.check(p)
    assert not list(traps.of(p))


def test_a_negative_rate():
    (said,) = traps.of(solver('base_lr: -0.1 lr_policy: "fixed"'))
    assert said == "base_lr is -0.1: a negative rate makes the loss grow."


def test_the_models_that_come_with_caffepy_say_nothing():
    found = sorted((Path(__file__).parents[2] / "models").rglob("*solver*.prototxt"))
    assert len(found) > 20
    for path in found:
        p = caffe_pb2.SolverParameter()
        text.read(path, p)
        assert (path, list(traps.of(p))) == (path, [])


# -- errors, and their places -----------------------------------------------------------------


@pytest.mark.parametrize("lines, words", [
    (["base_lr: nan"], "s.prototxt:3: base_lr is no finite number .found nan"),
    (["base_lr: inf"], "s.prototxt:3: base_lr is no finite number .found inf"),
    (["momentum: nan"], "s.prototxt:3: momentum is no finite number"),
    (["", "# gamma: 1", "iter_size: 0"], "s.prototxt:5: iter_size must be at least 1"),
    (["average_loss: 0"], "s.prototxt:3: average_loss must be at least 1"),
    (["display: -1"], "s.prototxt:3: display must not be negative"),
    (["snapshot: -1"], "s.prototxt:3: snapshot must not be negative"),
    (["max_iter: -1"], "s.prototxt:3: max_iter must not be negative"),
    (['regularization_type: "L3"'], "s.prototxt:3: Unknown regularization type: L3"),
    (['type: "adam"'], "s.prototxt:3: Unknown solver type: adam.*Did you mean Adam"),
    (['type: "Adam" momentum: 1'], "s.prototxt:3: momentum must be at least 0 and below 1"),
    (['type: "Adam"', "momentum2: 1"], "s.prototxt:4: momentum2 must be at least 0 and below 1"),
    (['type: "RMSProp"', "rms_decay: 1"], "s.prototxt:4: rms_decay should lie between"),
    (["test_iter: 1"], "s.prototxt:3: test_interval must be positive when there are test nets"),
    (["test_iter: 1", "test_interval: -5"], "s.prototxt:4: test_interval must not be negative"),
    (["snapshot: 5", 'snapshot_prefix: "no/such/x"'], "s.prototxt:4: Cannot write to"),
])
def test_what_is_refused_names_its_line(lines, words):
    Path("n.prototxt").write_text(SMALL.replace("net_param {", "").rstrip().rstrip("}"))
    first = [] if any(line.startswith("base_lr") for line in lines) else ["base_lr: 0.1"]
    first += ['net: "n.prototxt" lr_policy: "fixed"'] + [""] * (1 - len(first))
    Path("s.prototxt").write_text("\n".join([*first, *lines]))
    with pytest.raises(CaffeError, match=words):
        create_solver("s.prototxt")


def test_near_names_of_policies():
    Path("s.prototxt").write_text('net: "n"\nlr_policy: "Multistep"')
    with pytest.raises(CaffeError, match="s.prototxt:2: Unknown .*Did you mean multistep"):
        create_solver("s.prototxt")


@pytest.mark.parametrize("field, more", [
    ("net", ""), ("train_net", ""),
    ("test_net", 'net: "n.prototxt" test_iter: 1 test_interval: 1'),
    ("weights", 'net: "n.prototxt"'),
])
def test_a_file_that_is_not_there(field, more, folder, monkeypatch):
    """As from another folder than that of the original's tree."""
    tree = folder / "tree"
    solvers, elsewhere = tree / "nets" / "a", folder / "elsewhere"
    solvers.mkdir(parents=True)
    elsewhere.mkdir()
    net = SMALL.replace("net_param {", "").rstrip().rstrip("}")
    (elsewhere / "n.prototxt").write_text(net)
    named = "nets/a/there.prototxt"
    (solvers / "s.prototxt").write_text(
        f'base_lr: 0.1 lr_policy: "fixed" {more}\n{field}: "{named}"')
    monkeypatch.chdir(elsewhere)
    path = os.path.join("..", "tree", "nets", "a", "s.prototxt")
    with pytest.raises(CaffeError) as caught:
        create_solver(path)
    said = str(caught.value)
    looked = f"{field}: File not found: {named}, looked for in {elsewhere}."
    assert said.startswith(f"{path}:2: {looked}")
    assert said.endswith("from the folder that the program runs in.")
    (tree / named).write_text(net)
    with pytest.raises(CaffeError) as caught:
        create_solver(path)
    assert str(caught.value).endswith(f"run it in {tree}, where this one is.")


def test_lines_of_fields():
    Path("s").write_text('# net: 1\nnet_param { name: "net: 3" layer { name: "x" } }\n'
                         'lr_policy: "net: 4"\n net : "x"\nstepvalue: [1, 2]\n')
    assert places.where("s", "net") == "s:4"
    assert places.where("s", "lr_policy") == "s:3"
    assert places.where("s", "net_param") == "s:2"
    assert places.where("s", "name") == "s"  # only in a block
    assert places.where("s", "max_iter") == "s"
    assert places.where("nowhere", "net") == "nowhere"
    Path("s").write_text('net: "open')
    assert places.where("s", "net") in ("s", "s:1")


# -- going on with other steps ---------------------------------------------------------------

MULTI = 'base_lr: 0.1 lr_policy: "multistep" gamma: 0.1 random_seed: 1 max_iter: 5 '


@pytest.mark.parametrize("before, after, words, rate", [
    ([2, 4], [8, 20], "the snapshot counts 2 steps of multistep, and this stepvalue has 0 by "
                      "iteration 5: the rate goes on at 0.001", 0.001),
    ([8, 20], [2, 4], "the snapshot counts 0 steps of multistep, and this stepvalue has 2 by "
                      "iteration 5: the others are taken now", 0.01),
    ([2, 5], [2, 5], None, 0.001),
    ([2, 4], [2, 4, 9], None, 0.001),
])
def test_a_count_of_steps_that_overrules_new_ones(before, after, words, rate, make, lines):
    solver = make(f"stepvalue: {before}", settings=MULTI)
    solver.step(5)
    state = solver.snapshot()
    again = make(f"stepvalue: {after}", settings=MULTI)
    del lines[:]
    again.restore(state)
    told = [line for line in lines if "the snapshot counts" in line]
    assert [line.startswith(words) for line in told] == ([True] if words else [])
    again.step(1)
    assert again.rate == pytest.approx(rate)


def test_a_net_in_which_nothing_may_learn(make, lines):
    frozen = SMALL.replace("param { lr_mult: 1 }", "param { lr_mult: 0 }").replace(
        "lr_mult: 2", "lr_mult: 0").replace('bottom: "ip1" top: "ip2"',
        'bottom: "ip1" top: "ip2" param { lr_mult: 0 } param { lr_mult: 0 }')
    make(net=frozen)
    assert "every lr_mult of the net 'small' is 0: nothing will be learnt." in lines
    del lines[:]
    make()
    assert not any("lr_mult" in line and "nothing will be" in line for line in lines)
