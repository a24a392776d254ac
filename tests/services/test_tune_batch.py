"""The largest batch that fits: the search, the memory there is, and processes that may die."""

import pytest
from cli.nets import write_net, write_solver

from caffepy import cores
from caffepy.core.upgrade import read_net_param
from caffepy.errors import CaffeError
from caffepy.services import batch_step, batch_trial, room, trial, tune_batch
from caffepy.services.batch_trial import Step

MIB = 2**20


def machine(memory, fixed=10, item=1.0, counted=1.0, overhead=1.0, growth=0.0):
    """A machine whose processes take so many MiB; an item takes more than the net counts. A step
    takes overhead + batch, and more for large ones."""
    tried = []

    def measure(batch, predicted):
        tried.append(batch)
        peak = (fixed + item * batch) * MIB
        seconds = (overhead + batch) * (1 + growth * batch)
        return (Step(batch, predicted, int(peak), seconds, batch, counted * MIB)
                if peak <= memory * MIB else Step(batch, predicted))

    return measure, tried


def test_the_largest_is_run_and_is_the_last_that_is_predicted_to_fit():
    measure, tried = machine(memory=200)
    found = tune_batch.tune(measure, 8, 200 * MIB, 1024, 1e9)
    assert tried == [8, 1, 2, 4, 16, 32, 64, 128, 170]  # 10 + 170 MiB are nine tenths
    assert found.largest == 170 and [step.batch for step in found.steps] == sorted(tried)
    assert found.steps[-1].predicted == found.steps[-1].peak == 180 * MIB
    # speeds b / (1 + b): 0.994 at 170, 0.95 of it is 0.944, between 16 / 17 and 32 / 33
    assert found.pays == 32
    text = "\n".join(found.lines())
    assert "The largest batch that fits 200.0 MiB is 170. The solver's is 8." in text
    assert "From 32 on a larger batch is not faster by more than 5%." in text


def test_what_dies_is_followed_by_less():
    """A net that takes 1.6 MiB an item where it counts 1: 128 is predicted to fit and does not."""
    measure, tried = machine(memory=200, item=1.6)
    found = tune_batch.tune(measure, 8, 200 * MIB, 1024, 1e9)
    assert tried[-2:] == [127, 114] and found.largest == 114
    assert [step.batch for step in found.steps if step.peak is None] == [127, 128]


def test_a_batch_of_the_solver_that_does_not_fit():
    measure, tried = machine(memory=60, item=10, counted=10)
    found = tune_batch.tune(measure, 16, 60 * MIB, 1024, 1e9)
    assert tried[:3] == [16, 8, 4] and found.largest == 4 and found.own == 16
    assert any("A batch of 4 with 4 times the iter_size" in line for line in found.lines())
    measure, _ = machine(memory=5)
    never = tune_batch.tune(measure, 2, 5 * MIB, 1024, 1e9)
    assert never.largest == 0 and "Not even a batch of 1 fits" in never.lines()[-1]


def test_bounds_are_kept():
    measure, tried = machine(memory=10**6)
    assert tune_batch.tune(measure, 8, 10**6 * MIB, 48, 1e9).largest == 48 == max(tried)
    measure, tried = machine(memory=10**6)
    found = tune_batch.tune(measure, 8, 10**6 * MIB, 1024, 40)
    assert found.slow == 64 and found.largest == 32 == max(tried)
    measure, tried = machine(memory=10**6)
    assert tune_batch.tune(measure, 512, 10**6 * MIB, 4, 1e9).largest == 4 == max(tried)


@pytest.mark.parametrize("line, files, expected", [
    ("0::/a", {"a/memory.max": "1000", "a/memory.current": "700"}, 300),
    ("0::/a", {"a/memory.max": "1000", "a/memory.current": "900",
               "a/memory.stat": "anon 5\ninactive_file 400\n"}, 500),
    ("0::/a/b", {"a/b/memory.max": "max", "a/memory.max": "500", "a/memory.current": "100"}, 400),
    ("4:memory:/x", {"memory/x/memory.limit_in_bytes": "800",
                     "memory/x/memory.usage_in_bytes": "300",
                     "memory/x/memory.stat": "inactive_file 1\ntotal_inactive_file 50"}, 550),
    ("4:memory:/x", {"memory/memory.limit_in_bytes": "9000000",
                     "memory/memory.usage_in_bytes": "0"}, 2048 * 1024),
    ("0::/", {}, 2048 * 1024)])
def test_memory_that_is_free(line, files, expected, tmp_path, monkeypatch):
    (tmp_path / "cgroup").write_text(line + "\n")
    (tmp_path / "meminfo").write_text("MemTotal: 9 kB\nMemAvailable:    2048 kB\n")
    for name, text in files.items():
        path = tmp_path / "mount" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.setattr(cores, "GROUPS", str(tmp_path / "cgroup"))
    monkeypatch.setattr(cores, "MOUNT", str(tmp_path / "mount"))
    monkeypatch.setattr(room, "MEMINFO", str(tmp_path / "meminfo"))
    assert room.free() == expected


@pytest.fixture
def solver(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CAFFEPY_ENGINE", "reference")
    write_net(tmp_path, 'layer { name: "big" type: "DummyData" top: "big" include { phase: TEST } '
                        "dummy_data_param { shape { dim: 7 } } }")
    write_solver(tmp_path)
    return "solver.prototxt"


def test_a_step_in_a_process_of_its_own(solver):
    param = trial.solver(solver, 100, tests=True)
    measure = batch_trial.Trial(param, solver, 10**12)
    assert measure.own == 4
    step = measure(300_000, 0)
    assert step.items == 300_000 and step.seconds > 0
    # 3 + 1 numbers of data, 2 of scores and their gradient, 2 of the loss: all counted in it
    assert 4 * 6 <= step.slope <= 4 * 12 and step.peak > 300_000 * 4 * 6
    assert batch_trial.Trial(param, solver, 20 * MIB)(4, 0).peak is None  # ended by us
    param.type = "Unknown"
    with pytest.raises(CaffeError, match="a batch of 4 fails: .*Unknown"):
        measure(4, 0)


def test_the_layers_of_training_get_the_batch(solver):
    net, _ = read_net_param("net.prototxt")
    assert batch_step.set_batch(net, 9) == 4
    assert [list(s.dim) for s in net.layer[0].dummy_data_param.shape] == [[9, 3], [9]]
    assert net.layer[-1].dummy_data_param.shape[0].dim[0] == 7
    net.layer[0].type = "Data"
    net.layer[0].data_param.batch_size = 6
    assert batch_step.set_batch(net, 2) == 6 and net.layer[0].data_param.batch_size == 2
