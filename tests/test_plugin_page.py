"""The plug-in that docs/contributing.md shows, done as a reader would."""

import re

import pages


def test_the_plugin_of_the_page(tmp_path):
    section = re.search(r"^## A plug-in\n(.*?)^## ", pages.read(pages.DOCS / "contributing.md"),
                        re.MULTILINE | re.DOTALL)
    page, folder = tmp_path / "section.md", tmp_path / "work"
    page.write_text(section[1])
    folder.mkdir()
    kinds = [step.kind for step in pages.steps(page)]
    assert kinds == ["swing.py", "net.prototxt", "sh", "python"]
    pages.walk(page, folder, pages.environment(tmp_path / "bin"))
    assert sorted(path.name for path in folder.iterdir()) == ["net.prototxt", "swing.py"], (
        "no bytecode is left beside them")
