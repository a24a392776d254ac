"""What is written on a report's pictures: as much as fits, in the letters that there are."""

import numpy as np
import pytest

from caffepy.services.report import sheet
from caffepy.services.report.judging import Item
from caffepy.services.sheets import page
from caffepy.services.sheets.words import ascii_of, shortened, width_of


def test_long_words_keep_their_beginning_or_their_end():
    long = "a class with a very long name"
    for words in (shortened(long, 100), shortened(long, 100, end=True)):
        assert width_of(words) <= 100
    assert shortened(long, 100).startswith("a class")
    assert shortened(long, 100, end=True).endswith("name")
    assert shortened("short", 100) == "short"


@pytest.mark.parametrize("words, written", [
    ("Käfer", "Kafer"), ("façade", "facade"), ("Ångström", "Angstrom"), ("cat", "cat"),
    ("犬", "?")])
def test_letters_lose_what_the_font_does_not_have(words, written):
    assert ascii_of(words) == written


def test_a_long_name_leaves_room_for_how_sure_the_net_is(monkeypatch):
    lines = []
    monkeypatch.setattr(page, "text", lambda picture, words, *_: lines.append(words))
    item = Item(probability=0.1, number=3, name="a/3.png", truth=0, answer=1, confidence=0.67,
                right=0, picture=np.zeros((8, 8, 3), np.uint8))
    sheet.sheet([item], ["one", "another class with a very long name"])
    answer = next(words for words in lines if words.startswith("another"))
    assert answer.endswith(".. 67%") and width_of(answer) <= sheet.SIDE
