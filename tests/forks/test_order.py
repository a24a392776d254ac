"""Who is asked before and after a fork, and in which order."""


from forking import forked

from caffepy import forks

from .conftest import forking

pytestmark = forking


def test_who_fails_around_a_fork_keeps_nobody_else_from_being_asked(caplog):
    class Failing:
        def before_fork(self):
            raise ValueError

    class Witness:
        asked = 0

        def before_fork(self):
            self.asked += 1

    things = Witness(), Failing(), Witness()
    for thing in things:
        forks.watch(thing)
    for _ in range(2):
        assert forked(lambda: things[0].asked) == things[2].asked
    assert things[0].asked == things[2].asked == 2
    assert "before_fork of Failing failed" in caplog.text


def test_who_came_last_is_asked_first_before_and_who_is_gone_is_not_asked():
    said = []

    class Witness:
        def __init__(self, name):
            self.name = name
            forks.watch(self)

        def before_fork(self):
            said.append(f"before {self.name}")

        def after_fork_in_parent(self):
            said.append(f"parent {self.name}")

        def after_fork_in_child(self):
            said.append(f"child {self.name}")

    one, two, three = (Witness(name) for name in "abc")
    del two
    assert forked(lambda: said) == ["before c", "before a", "child a", "child c"]
    assert said == ["before c", "before a", "parent a", "parent c"]
    assert one and three
