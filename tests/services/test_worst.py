"""The few that are kept: the worst, of equally bad ones the first, and the worst first."""

from dataclasses import dataclass

from caffepy.services.report.worst import Worst


@dataclass
class Record:
    number: int
    name: str = ""


def test_the_worst_are_kept():
    worst: Worst[Record] = Worst(3, None)
    badness = [0.2, 0.9, 0.2, 0.5, 0.9, 0.1, 0.5]
    for number, value in enumerate(badness):
        if worst.takes((value,), number):
            worst.keep((value,), Record(number))
    assert [record.number for record in worst.items()] == [1, 4, 3]


def test_what_is_not_bad_enough_need_not_be_made():
    worst: Worst[Record] = Worst(1, None)
    worst.keep((2.0, 0.5), Record(7))
    assert worst.takes((2.0, 0.6), 8) and worst.takes((3.0, 0.0), 8)
    assert not worst.takes((2.0, 0.5), 8) and not worst.takes((1.0, 0.9), 8)


def test_names_are_asked_for_once():
    class Seen:
        def called(self, numbers):
            return [f"picture {number}" for number in numbers]

    worst: Worst[Record] = Worst(2, Seen())
    for number in (4, 5):
        worst.keep((float(number),), Record(number))
    assert [record.name for record in worst.items()] == ["picture 5", "picture 4"]
