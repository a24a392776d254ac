"""The documentation is true: its links lead somewhere, the files it names are there, the commands
it shows run."""

import codeop
import re
import shutil
from pathlib import Path

import annosets
import cv2
import detected
import numpy as np
import pages
import pytest
from annosets import Folder, thing

from caffepy.cli.gflags import Group
from caffepy.cli.main import main

ALL = [pages.ROOT / "README.md", *pages.DOCS.rglob("*.md"), *pages.ROOT.glob("models/*/readme.md"),
       *pages.ROOT.glob("scripts/*/readme.md")]
IDS = [str(page.relative_to(pages.ROOT)) for page in ALL]
ROOMS = "caffepy|data|docs|models|scripts|tests|tools"
NAMED = re.compile(rf"(?:^    (?:sh |python )?|`|[ (])((?:{ROOMS})/[\w./-]*\w)", re.MULTILINE)
MADE = ("_lmdb", "_leveldb", ".caffemodel", ".solverstate", ".log", ".png", ".binaryproto", ".h5",
        ".npy", ".jsonl", "-ubyte")  # by the scripts that the page is about
# GPUs, the network and measurements have tests of their own
ELSEWHERE = {"device_query", "download_model_binary", "download_model_from_gist", "tune"}
FETCHED = ("data/cats_dogs/", "data/VOCdevkit2007/", "models/034c6ac3865563b69e60")


def anchors(path: Path) -> set[str]:
    """What ``#...`` may say of a page: its headings, as GitHub makes names of them."""
    headings = re.findall(r"^#+ (.*)$", pages.FENCE.sub("", pages.read(path)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(path: Path) -> list[str]:
    text = pages.FENCE.sub("", pages.read(path))
    return [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link]


@pytest.mark.parametrize("page", ALL, ids=IDS)
def test_links_lead_somewhere(page):
    for link in links(page):
        file, _, anchor = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_every_page_can_be_found_from_the_first():
    found, todo = set(), [pages.DOCS / "README.md"]
    while todo:
        page = todo.pop()
        if page.suffix == ".md" and page not in found:
            found.add(page)
            todo += [(page.parent / link.partition("#")[0]).resolve() for link in links(page)]
    assert set(pages.DOCS.rglob("*.md")) <= found


@pytest.mark.parametrize("page", ALL, ids=IDS)
def test_files_it_names_are_there(page):
    # a part whose heading speaks of the original's tree names files that are not here
    text = re.sub(r"^## [^\n]*\b(original's tree|of old)$.*?(?=^## |\Z)", "", pages.read(page),
                  flags=re.MULTILINE | re.DOTALL)
    saved = {step.kind for step in pages.steps(page)} if page.parent.name == "tutorial" else set()
    for name in NAMED.findall(text):
        if not (name.endswith(MADE) or name.startswith(FETCHED) or name in saved or "NAME" in name
                or name == "caffepy/front"):  # a room of the architecture without a folder
            assert (pages.ROOT / name).exists(), name


@pytest.mark.parametrize("page", ALL, ids=IDS)
def test_python_can_be_pasted(page):
    """At a prompt a loop ends at a blank line, and not before."""
    if page.name == "contributing.md":
        return  # shows parts of files
    for block in pages.typed(page):
        compiled, waiting = codeop.CommandCompiler(), list[str]()
        for line in [*block.splitlines(), ""]:
            waiting.append(line)
            try:
                if compiled("\n".join(waiting), symbol="single"):
                    waiting.clear()
            except SyntaxError:
                pytest.fail(f"the prompt stops at {line!r}")
        assert not waiting, block


@pytest.mark.parametrize("page", ALL, ids=IDS)
def test_commands_it_shows_are_known(page):
    for name, *words in pages.commands(page):
        if name == "caffepy":
            name, *words = words
        command = main.get_command(None, name)
        if isinstance(command, Group):
            name, *words = words
            command = command.get_command(None, name)
        assert command, name
        known = set(command.flags()) | set(main.flags())
        for word in words:
            flag = re.match(r"--?([a-z_-]+)", word)
            assert not flag or flag[1].replace("-", "_") in known, f"{name} {word}"


def test_the_page_on_the_command_has_each_flag():
    table = set(re.findall(r"^\| `-(\w+)", pages.read(pages.DOCS / "command.md"), re.MULTILINE))
    assert {flag.name for flag in main.shared} <= table


NET = """
layer {
  name: "data" type: "DummyData" top: "data" top: "label"
  dummy_data_param {
    data_filler { type: "gaussian" } data_filler { value: 1 }
    shape { dim: 4 dim: 1 dim: 6 dim: 6 } shape { dim: 4 }
  }
}
layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
        convolution_param { num_output: 2 kernel_size: 3 weight_filler { type: "xavier" } } }
layer { name: "fc7" type: "InnerProduct" bottom: "conv1" top: "fc7"
        inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
layer { name: "prob" type: "Softmax" bottom: "fc7" top: "prob" }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc7" bottom: "label" top: "loss" }
"""
SOLVER = """
net: "train_val.prototxt" test_iter: 1 test_interval: 2
base_lr: 0.01 lr_policy: "fixed" max_iter: 4 display: 1 snapshot: 2 snapshot_prefix: "lenet"
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A folder with all the files that the pages of reference speak of."""
    folder = tmp_path_factory.mktemp("pages")
    (folder / "models" / "lenet").mkdir(parents=True)
    for name in ("images", "photos", "flowers/daisy", "flowers/rose"):
        (folder / name).mkdir(parents=True)
    for name in ("train_val", "lenet", "models/lenet/lenet_train_test"):
        (folder / f"{name}.prototxt").write_text(NET)
    for name in ("solver", "models/lenet/lenet_solver"):
        (folder / f"{name}.prototxt").write_text(SOLVER)
    for i in range(3):
        picture = np.full((20, 30, 3), 80 * i, np.uint8)
        for file in (f"images/{i}.jpg", f"photos/{i}.jpg", f"flowers/daisy/{i}.jpg",
                     f"flowers/rose/{i}.jpg", "digit.png"):
            cv2.imwrite(str(folder / file), picture)
    (folder / "train.txt").write_text("".join(f"{i}.jpg {i}\n" for i in range(3)))
    cv2.imwrite(str(folder / "labels.png"), np.array([[0, 1, 255], [1, 1, 0]], np.uint8))
    (folder / "pairs.txt").write_text("0.jpg labels.png\n")
    (folder / "VOCdevkit").mkdir()
    voc = Folder(folder / "VOCdevkit")
    voc.add(annosets.voc(thing("cat", 1, 2, 30, 40)))
    for name in ("trainval", "test"):
        shutil.copy(voc.list, folder / f"{name}.txt")
    shutil.copy(voc.map, folder / "labelmap_voc.prototxt")
    (folder / "coco_labels.txt").write_text("1,1,person\n2,2,traffic light\n")
    done = pages.run("caffepy train -solver solver.prototxt".split(), folder)
    shutil.copy(folder / "lenet.jsonl", folder / "sgd.jsonl")
    (folder / "ssd.prototxt").write_text(detected.write(folder=folder))
    for name in ("lenet", "first", "second", "adam"):
        (folder / f"{name}.log").write_text(done.stderr)
    for copy in ("a", "b", "net", "lenet", "lenet_iter_10000", "ssd_iter_5000"):
        shutil.copy(folder / "lenet_iter_4.caffemodel", folder / f"{copy}.caffemodel")
    shutil.copy(folder / "lenet_iter_2.solverstate", folder / "lenet_iter_5000.solverstate")
    return folder


@pytest.mark.parametrize("name, count", [
    ("command", 5), ("tools", 13), ("solver", 3), ("proto", 1), ("standins", 2), ("trust", 1)])
def test_what_a_page_shows_runs(name, count, folder, tmp_path):
    """Its commands and its Python."""
    page = pages.DOCS / f"{name}.md"
    todo = [pages.Step("sh", " ".join(words), 0) for words in pages.commands(page)
            if "|" not in words and not ELSEWHERE & set(words)]
    todo += [pages.Step("python", text, 0) for text in pages.blocks(page, "python")]
    assert len(todo) >= count
    pages.perform(todo, page.name, folder, pages.environment(tmp_path / "bin"))


@pytest.mark.parametrize("shown, complaint", [
    ("```python\nfor i in (1, 2):\n    print(i)\nprint(3)\n```\n", "SyntaxError"),
    ("```python\n6 * 7\n```\n", "does not show what this prints"),
    ("```python\nunknown\n```\n", "NameError"),
    ("```sh\nfalse\necho on\n```\n", "exit code 1"),
    ("```sh\necho 1\n```\n```text\n2\n```\n", "the page shows"),
])
def test_what_would_stop_a_reader_is_noticed(shown, complaint, tmp_path):
    page = tmp_path / "page.md"
    page.write_text(shown)
    with pytest.raises(AssertionError, match=complaint):
        pages.walk(page, tmp_path, pages.environment(tmp_path / "bin"))


def test_ctrl_c_is_pressed_where_the_page_says(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("""Save as `wait.py`:
```python
import signal
try:
    print("I1 1 1 wait.py:1] Iteration 5 (1 iter/s), on", flush=True)
    signal.pause()
except KeyboardInterrupt:
    print("stopped")
```
```sh
python wait.py
```
```text
I1 1 1 wait.py:1] Iteration 5 (1 iter/s), ...
^C
stopped
```
""")
    assert pages.steps(page)[1].pressed == "Iteration 5"
    pages.walk(page, tmp_path, pages.environment(tmp_path / "bin"))


def test_plain_text_is_compared():
    pages.compare("...\na\n...\nb\n...\n", "a\nb\n")
    pages.compare("a\n...\nb 0.5...\n", "a\nx\ny\nb 0.5003 \n")
    log = "I1122 16:29:33.283150 12345 solver.py:29] Iteration 50 (9 iter/s, 5.0e-1s/50 iters), x"
    pages.compare(log, "I0101 01:00:00.000001     7 solver.py:31] Iteration 50 (1.5 iter/s, "
                       "33s/50 iters), x")
    pages.compare("a\nb\n", "a\nI0101 01:00:00.000001     7 r.py:31] Waiting for data\nb\n")
    for printed, output in (("a\n", "b\n"), ("a\n", "a\nb\n"), (log, log.replace("50 it", "5 it")),
                            (log, log.replace("solver.py", "moved.py"))):
        with pytest.raises(AssertionError, match="page.md:3"):
            pages.compare(printed, output, "page.md:3: ")
