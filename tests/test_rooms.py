"""The rooms of docs/architecture.md: what may import what, what is whose, how big a file may be."""

import ast
import re
from pathlib import Path

import pytest

from caffepy.core import registry

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "caffepy"
EVERYWHERE = {"columns", "cores", "errors", "forks", "log", "settings", "__version__"}
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


# Look-ups at run time that go against the arrows, of which docs/architecture.md tells.
BY_NAME = {("core/context.py", "kernels"), ("core/registry.py", "layers"),
           ("layers/__init__.py", "net_spec"), ("layers/common/_user_class.py", "standins")}
# Files that import what they are told: by a user's file, an entry point, a table of their own room.
TOLD = {"cli/gflags.py", "core/registry.py", "exchange/files.py", "exchange/out/table.py", "io.py",
        "exchange/into/table.py", "exchange/weights/table.py", "kernels/table.py",
        "layers/common/_user_class.py", "services/doctor.py", "standins/__init__.py"}


def looked_up(path: Path) -> list[str | None]:
    """The modules that a file imports by name at run time, as far as the names are written down: of
    f"caffepy.kernels.{name}" the beginning. None for one that is not."""
    tree = ast.parse(path.read_text())
    constants = {target.id: node.value for node in tree.body if isinstance(node, ast.Assign)
                 for target in node.targets if isinstance(target, ast.Name)}

    def beginning(node: ast.AST) -> str | None:
        if isinstance(node, ast.FormattedValue):
            node = node.value
        if isinstance(node, ast.Name):
            node = constants.get(node.id, node)
        if isinstance(node, ast.JoinedStr):
            return beginning(node.values[0])
        return node.value if isinstance(node, ast.Constant) else None

    return [beginning(node.args[0]) for node in ast.walk(tree)
            if isinstance(node, ast.Call)
            and ast.unparse(node.func).split(".")[-1] in ("import_module", "__import__")]


def test_rooms_look_up_at_run_time_only_what_they_may_import():
    table, against, told = allowed_imports(), set(), set()
    for path in module_files():
        file = path.relative_to(PACKAGE).as_posix()
        room = room_of("caffepy." + file.removesuffix(".py").replace("/", "."))
        for name in looked_up(path):
            if name is None:
                told.add(file)
            elif name.startswith("caffepy") and not may_import(room, room_of(name), table):
                against.add((file, room_of(name).split(".")[0]))
    assert against == BY_NAME
    assert told == TOLD


def test_cupy_is_imported_by_the_gpu_s_room_alone():
    found = {path.relative_to(PACKAGE).parent.as_posix() for path in module_files()
             if any((name or "").split(".")[0] == "cupy" for name in
                    [*looked_up(path), *imports_from_outside(path)])}
    assert found == {"kernels/cuda"}


def imports_from_outside(path: Path) -> set[str]:
    """What a file imports that is not caffepy's."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return {name for name in names if name.split(".")[0] != "caffepy"}


def test_services_know_nothing_of_a_command_line():
    """Scripts, MATLAB and pages call them as well: click belongs to cli and tools."""
    services = sorted((PACKAGE / "services").rglob("*.py"))
    assert len(services) > 20
    for path in services:
        for node in ast.walk(ast.parse(path.read_text())):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not any(name.split(".")[0] == "click" for name in names), path


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


# -- names that belong to a room, and circles ------------------------------------------------------

# Rooms whose modules import each other in circles, counted with imports inside functions and for
# type checkers, and why they still do.
CIRCLES = {
    "core": "a net is made of parts that are given the net; layers are built by the registry that "
            "asks their class",
    "kernels": "an engine looks its kernels up in a table whose entries are its own contract's",
}


def modules() -> dict[str, Path]:
    """Name to file of all modules of the package."""
    found = {}
    for path in module_files():
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports_of(path: Path) -> list[tuple[str, str]]:
    """Module and name (or "") of all imports of caffepy in a file, wherever they stand."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            assert not node.level or PACKAGE not in path.parents, f"{path}: write imports out"
            if node.module and node.module.split(".")[0] == "caffepy":
                found += [(node.module, alias.name) for alias in node.names]
        elif isinstance(node, ast.Import):
            found += [(a.name, "") for a in node.names if a.name.split(".")[0] == "caffepy"]
    return found


def owner(name: str) -> str:
    """The room that a module or name lies in; the importable ``caffe`` is part of the front."""
    room = room_of(name).split(".")[0]
    return room if (PACKAGE / room).is_dir() and room != "_front" else "front"


def strangers(user: str, path: Path) -> list[str]:
    """The underscored names that a file imports, and that belong neither to the room ``user`` nor
    to a family of that name in another (``data`` of ``layers``)."""
    found = []
    for module, name in imports_of(path):
        words = [word for word in f"{module}.{name}".split(".") if word]
        private = any(word.startswith("_") and not word.startswith("__") for word in words)
        if private and user not in (owner(".".join(words)), *words[2:-1]):
            found.append(".".join(words))
    return found


def test_underscored_names_stay_in_their_room():
    wrong = {name: found for name, path in modules().items()
             if (found := strangers(owner(name), path))}
    assert not wrong


def test_tests_and_scripts_take_underscored_names_of_the_room_they_test_alone():
    wrong = {}
    for folder in ("tests", "scripts", "data", "models"):
        for path in (ROOT / folder).rglob("*.py"):
            user = path.relative_to(ROOT).parts[1] if folder == "tests" else ""
            if found := strangers(user, path):
                wrong[str(path.relative_to(ROOT))] = found
    assert not wrong


PRIVATE = re.compile(r"_[^_]")
# a named tuple's, Python's own, and the one name under which pycaffe's objects hold ours
NOT_PRIVATE = {"_replace", "_getframe", "_caffepy"}


def given_names(tree: ast.Module) -> set[str]:
    """What a file defines, gives its own objects as attributes, or lists as their slots."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign) and "__slots__" in ast.unparse(node.targets[0]):
            found |= {n.value for n in ast.walk(node.value) if isinstance(n, ast.Constant)}
        elif isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store) and (
                isinstance(node, ast.Name) or ast.unparse(node.value) in ("self", "cls")):
            found.add(node.id if isinstance(node, ast.Name) else node.attr)
    return found


def reached_for(text: str) -> list[str]:
    """The underscored attributes of other files' objects that a file reads or sets."""
    tree = ast.parse(text)
    mine = given_names(tree) | NOT_PRIVATE
    return [
        ast.unparse(node) for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and PRIVATE.match(node.attr) and node.attr not in mine
        and ast.unparse(node.value) not in ("self", "cls", "super()", "caffepy")
    ]


def test_underscored_attributes_stay_in_their_file():
    assert reached_for("memory._valid = 1\nmemory._store[0]") == ["memory._valid", "memory._store"]
    assert not reached_for("class A:\n    __slots__ = ('_a',)\n    def b(self, o):\n        o._a")
    assert not reached_for("class A:\n    def b(self, o):\n        self._a = o._a")
    wrong = {name: found for name, path in modules().items()
             if (found := reached_for(path.read_text()))}
    assert not wrong


def test_tests_and_scripts_ask_memories_what_they_have_to_say():
    inside = {name for file in ("memory", "tensor")
              for name in given_names(ast.parse((PACKAGE / "core" / f"{file}.py").read_text()))
              if PRIVATE.match(name)}
    assert {"_valid", "_store", "_last_shape", "_one_order"} <= inside
    wrong = {}
    for folder in ("tests", "scripts", "data", "models"):
        for path in (ROOT / folder).rglob("*.py"):
            if found := [text for text in reached_for(path.read_text())
                         if text.rpartition(".")[2] in inside]:
                wrong[str(path.relative_to(ROOT))] = found
    assert not wrong


def circles(arrows: dict[str, set[str]]) -> list[set[str]]:
    """The sets of modules from each of which one comes to each other (Tarjan's algorithm)."""
    number: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    found = []

    def visit(node: str) -> None:
        number[node] = lowest[node] = len(number)
        stack.append(node)
        for other in sorted(arrows[node]):
            if other not in number:
                visit(other)
                lowest[node] = min(lowest[node], lowest[other])
            elif other in stack:
                lowest[node] = min(lowest[node], number[other])
        if lowest[node] == number[node]:
            circle = set(stack[stack.index(node):])
            del stack[stack.index(node):]
            if len(circle) > 1:
                found.append(circle)

    for node in arrows:
        if node not in number:
            visit(node)
    return found


def test_modules_do_not_import_each_other_in_circles():
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"a"}}) == [{"b", "c"}]
    known = modules()
    arrows = {
        name: {f"{module}.{part}" if f"{module}.{part}" in known else module
               for module, part in imports_of(path)}.intersection(known) - {name}
        for name, path in known.items()
    }
    wrong = [
        sorted(circle) for circle in circles(arrows)
        if len(rooms := {owner(name) for name in circle}) > 1
        or not rooms <= set(CIRCLES)
    ]
    assert not wrong


# -- layer types -----------------------------------------------------------------------------------

# The files outside of layers and kernels that may name a type: nets are rewritten with Split and
# Input, old formats are upgraded, the words of forks and of mistakes are told, and rules say what a
# type is in other programs, OpenCV among them.
NAME_TYPES = re.compile(r"core/(upgrade\w*|graph)\.py|proto/(fork\w*|other_words|\w*hints)\.py|"
                        r"exchange/.*|dnn/opencv_\w+\.py")
OTHER_WORDS = {
    ("net_spec.py", "Parameter"),      # how the schema's messages end
    ("services/doctor.py", "Python"),  # the language
    ("board/families.py", "Data"), ("board/data/routes.py", "Data"),  # a page's heading
}


def test_layer_types_are_named_by_layers_alone():
    """Who wants to know something of a type asks what its class declares (core.traits)."""
    types = {entry.type for entry in registry.entries()
             if not entry.cls.foreign}
    assert {"Convolution", "Split", "Python"} <= types
    wrong = []
    for path in module_files():
        name = path.relative_to(PACKAGE).as_posix()
        if name.startswith(("layers/", "kernels/")) or NAME_TYPES.fullmatch(name):
            continue
        wrong += [
            f"{name}:{node.lineno}: {node.value}" for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
            and node.value in types and (name, node.value) not in OTHER_WORDS
        ]
    assert not wrong
