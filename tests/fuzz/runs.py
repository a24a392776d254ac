"""Runs of workers on the instruction sets that the machine has, and what they found."""

from __future__ import annotations

import functools
import json
import os
import queue
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from caffepy.kernels.onednn.library import load

TESTS = Path(__file__).parent.parent
ROOT = TESTS.parent
VARIABLE = "ONEDNN_MAX_CPU_ISA"
# oneDNN's names, from the least on; a machine has some of them. "DEFAULT" is all that it has.
ISAS = ("SSE41", "AVX", "AVX2", "AVX2_VNNI", "AVX2_VNNI_2", "AVX512_CORE", "AVX512_CORE_VNNI",
        "AVX512_CORE_BF16", "AVX512_CORE_FP16", "AVX512_CORE_AMX", "AVX512_CORE_AMX_FP16",
        "DEFAULT")
PATIENCE = 120  # seconds that a case may take


@dataclass
class Run:
    """What one worker did, or several in a row.

    Attributes:
        cases: how many, by family.
        faults: (name, text, what is wrong) of each.
        first: seconds until the first.
    """

    isa: str
    seed: int
    cases: Counter[str] = field(default_factory=Counter)
    faults: list[tuple[str, str, list[str]]] = field(default_factory=list)
    first: float | None = None

    def report(self) -> str:
        """Each fault, and the line that makes it again."""
        return "\n".join(
            f"\n{text}\n" + "\n".join(f"    {line}" for line in wrong[:6])
            + f"\nagain: {VARIABLE}={self.isa} scripts/fuzz_kernels.py -case '{name}'"
            for name, text, wrong in self.faults)


def environment(isa: str) -> dict[str, str]:
    """Of a worker: nothing of this machine's own settings, and threads that do not spin."""
    return os.environ | {
        VARIABLE: isa, "CAFFEPY_TUNE": "off", "PYTHONPATH": os.pathsep.join(
            [str(TESTS), str(ROOT)]), "OPENBLAS_NUM_THREADS": "1", "GOMP_SPINCOUNT": "1000",
        "OMP_NUM_THREADS": "1"}


@functools.cache
def isas() -> tuple[str, ...]:
    """The names that stand for different sets on this machine."""
    path = load().path
    code = f"import ctypes; print(ctypes.CDLL({path!r}).dnnl_get_effective_cpu_isa())"
    found: dict[str, str] = {}
    for name in ISAS:
        asked = subprocess.run([sys.executable, "-S", "-c", code], env=environment(name),
                               capture_output=True, text=True, check=True)
        found.setdefault(asked.stdout.strip(), name)
    return tuple(found.values())


def run(isa: str, seconds: float, seed: int, families: Sequence[str] = (),
        faults: int = 100, heard: Callable[[Run], None] = lambda run: None) -> Run:
    """Cases for so many seconds; a worker that dies or hangs is a fault, and another goes on.

    Args:
        faults: after so many it ends.
        heard: called after every line of a worker.
    """
    begin, done = monotonic(), Run(isa, seed)
    while (left := begin + seconds - monotonic()) > 0 and len(done.faults) < faults:
        if _work(done, left, seed + sum(done.cases.values()), families, faults, begin, heard):
            break
    return done


def _work(done: Run, seconds: float, seed: int, families: Sequence[str], faults: int,
          begin: float, heard: Callable[[Run], None]) -> bool:
    """One worker; whether it came to its end."""
    case, line, stopped = "before the first case", None, ""
    lines: queue.Queue[str | None] = queue.Queue()
    words: list[str] = []
    with subprocess.Popen(
            [sys.executable, "-m", "fuzz.worker", str(seconds), str(seed), *families],
            env=environment(done.isa), cwd=ROOT, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE) as worker:

        def listen() -> None:
            for line in worker.stdout:
                lines.put(line)
            lines.put(None)

        threads = [threading.Thread(target=listen),
                   threading.Thread(target=lambda: words.extend(worker.stderr))]
        for thread in threads:
            thread.start()
        while len(done.faults) < faults:
            try:
                line = lines.get(timeout=PATIENCE)
            except queue.Empty:
                stopped = f"nothing happened for {PATIENCE} s"
                break
            if line is None:
                break
            told = json.loads(line)
            if "case" in told:
                case = told["case"]
                done.cases[case.rsplit(":", 1)[0]] += 1
            if "fault" in told:
                done.faults.append((told["fault"], told["text"], told["wrong"]))
                done.first = done.first or monotonic() - begin
            heard(done)
        if line is not None:
            worker.kill()
        code = worker.wait()
        for thread in threads:
            thread.join()
    if stopped or (line is None and code):
        reason = stopped or f"the process ended with {code}: {''.join(words)[-2000:]}"
        done.faults.append((case, "", [reason]))
        done.first = done.first or monotonic() - begin
        return False
    return True
