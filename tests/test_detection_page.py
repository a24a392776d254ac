"""docs/detection.md, done as a reader would."""

import pages


def test_the_page(tmp_path):
    folder = tmp_path / "there"
    folder.mkdir()
    pages.walk(pages.DOCS / "detection.md", folder, pages.environment(tmp_path / "bin"))
