"""The table of rooms in docs/architecture.md: what may import what, and how big a file may be."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "caffepy"
EVERYWHERE = {"cores", "errors", "forks", "log"}
MOST_LINES = 400


def allowed_imports() -> dict[str, set[str]]:
    """Room to the rooms it may import, from the table in docs/architecture.md."""
    text = (ROOT / "docs" / "architecture.md").read_text()
    rows = re.findall(r"^\| `caffepy/([\w/.]+)` \|.*\| ([^|]*) \|$", text, re.MULTILINE)
    return {
        room.rstrip("/").removesuffix(".py"): set(re.findall(r"`([\w.]+)`", may))
        for room, may in rows
    }


def module_files() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py"))


def imported(path: Path, for_types: bool = False) -> set[str]:
    """The caffepy modules that a file imports; those for type checkers alone if asked for."""
    tree = ast.parse(path.read_text())
    skipped = {
        id(node)
        for guard in ast.walk(tree)
        if isinstance(guard, ast.If) and "TYPE_CHECKING" in ast.unparse(guard.test)
        for node in ast.walk(guard)
        if not for_types
    }
    names = set()
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("caffepy"):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            names |= {a.name for a in node.names if a.name.startswith("caffepy")}
    return names


def room_of(module: str) -> str:
    """``core.memory`` for ``caffepy.core.memory.Place``; ``front`` for what lies on top."""
    parts = module.split(".")[1:]
    if not parts:
        return "front"
    if (PACKAGE / parts[0]).is_dir():
        return ".".join(parts[:2])
    return parts[0]


def may_import(room: str, target: str, table: dict[str, set[str]]) -> bool:
    top, target_top = room.split(".")[0], target.split(".")[0]
    if target_top in EVERYWHERE or top == target_top:
        return True
    allowed = table.get(top, table["front"])
    return "all" in allowed or target_top in allowed or target in allowed


@pytest.mark.parametrize("path", module_files(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_rooms_import_only_what_the_table_allows(path):
    table = allowed_imports()
    assert {"core", "kernels", "layers", "front"} <= set(table)
    module = "caffepy." + ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
    room = room_of(module)
    wrong = {
        target for name in imported(path)
        if not may_import(room, target := room_of(name), table)
    }
    assert not wrong, f"{room} must not import {', '.join(sorted(wrong))}"


SATELLITES = sorted(set((PACKAGE / "solvers").glob("*.py")) - {PACKAGE / "solvers" / "solver.py"})


@pytest.mark.parametrize("path", SATELLITES, ids=lambda p: p.name)
def test_what_serves_the_solver_knows_nothing_of_it(path):
    """It gets the training's state, nets and what else it needs; its owner imports it, and it does
    not import its owner, not even for type checkers, nor is it handed one."""
    front_door = "caffepy.solvers.solver"
    assert not {name for name in imported(path, for_types=True)
                if f"{name}.".startswith(f"{front_door}.")}
    arguments = {node.arg for node in ast.walk(ast.parse(path.read_text()))
                 if isinstance(node, ast.arg)}
    assert "solver" not in arguments


def test_files_stay_small_enough_to_read_in_one_sitting():
    long = {
        str(path.relative_to(ROOT)): lines
        for path in module_files()
        if (lines := path.read_text().count("\n")) > MOST_LINES
    }
    assert not long
