#!/usr/bin/env python3
"""Compare fast kernels with the reference kernels over random cases, on each instruction set.

    scripts/fuzz_kernels.py                           # a minute on each that this machine has
    scripts/fuzz_kernels.py -minutes 10 -isa AVX2,AVX512_CORE
    scripts/fuzz_kernels.py -families 'LRN kernel; Pooling kernel, special numbers'
    scripts/fuzz_kernels.py -case 'LRN kernel:17'     # one case again, and what it is
    CAFFEPY_ONEDNN=/some/libdnnl.so.3 scripts/fuzz_kernels.py

What is wrong is printed as it is found, with the line that makes it again. A table ends the run;
exit code 1 if anything differs. tests/fuzz holds the cases: operations, layers of each type, nets.
"""

from __future__ import annotations

import argparse
import os
import secrets
import sys
from collections import Counter
from pathlib import Path
from time import monotonic

ROOT = Path(__file__).resolve().parent.parent
# in front of this folder, which has another `fuzz`
sys.path[:0] = [str(ROOT / "tests"), str(ROOT)]

from fuzz import runs  # noqa: E402


def known() -> list[str]:
    """The names of all families."""
    os.environ["CAFFEPY_TUNE"] = "off"
    from fuzz import cases

    return list(cases.families())


def again(name: str) -> int:
    """Play one case here."""
    os.environ["CAFFEPY_TUNE"] = "off"
    from fuzz import cases, worker

    print(cases.make(name).text)
    wrong = worker.wrongs(name, ["onednn"])
    print("\n".join(wrong) or "equal")
    return bool(wrong)


class Shown:
    """Prints what a run finds, as it does."""

    def __init__(self) -> None:
        self.count, self.begin = 0, monotonic()

    def __call__(self, run: runs.Run) -> None:
        new = run.faults[self.count :]
        if new:
            print(runs.Run(run.isa, run.seed, faults=new).report(), flush=True)
            print(f"({run.isa}, after {monotonic() - self.begin:.1f} s)", flush=True)
            self.count += len(new)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-minutes", type=float, default=1, help="on each instruction set")
    parser.add_argument("-isa", help="names, with commas; all that differ on this machine")
    parser.add_argument("-families", default="", help="names, with semicolons; all of them")
    parser.add_argument("-seed", type=int, help="new ones every time")
    parser.add_argument("-case", help="play this one alone")
    parser.add_argument("-first", action="store_true", help="end at the first difference")
    arguments = parser.parse_args()
    if arguments.case:
        return again(arguments.case)
    seed = secrets.randbits(31) if arguments.seed is None else arguments.seed
    names = arguments.isa.split(",") if arguments.isa else runs.isas()
    families = [name for word in arguments.families.split(";") if (name := word.strip())]
    if unknown := sorted(set(families) - set(known())):
        parser.error(f"no such family: {'; '.join(unknown)}. There are: {'; '.join(known())}")
    print(f"seed {seed}; {', '.join(names)}", flush=True)
    done = []
    for isa in names:
        shown = Shown()
        done.append(runs.run(isa, 60 * arguments.minutes, seed, families,
                             1 if arguments.first else 1000, shown))
        shown(done[-1])
    print_tables(done)
    return any(run.faults for run in done)


def print_tables(done: list[runs.Run]) -> None:
    cases: Counter[str] = Counter()
    for run in done:
        cases += run.cases
    print(f"\n{'family':36}{'cases':>9}")
    for family in sorted(cases):
        print(f"{family:36}{cases[family]:9}")
    print(f"\n{'instruction set':20}{'cases':>9}{'differences':>13}")
    for run in done:
        print(f"{run.isa:20}{sum(run.cases.values()):9}{len(run.faults):13}")


if __name__ == "__main__":
    sys.exit(main())
