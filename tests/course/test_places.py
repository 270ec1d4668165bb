"""Where the course lies: what must know both packages knows them, or learners would see frames of ours as their own."""

import pytest

from mininet_course import calling, places
from tests.support.files import ROOT


def fails_in_mininet() -> None:
    from mininet.neuron import Neuron

    Neuron("no weights")


def fails_in_the_course() -> None:
    from mininet_course.weights import read_weights

    read_weights("nowhere.npz", "plain")


MINE = {fails_in_mininet: 'Neuron("no weights")', fails_in_the_course: 'read_weights("nowhere.npz", "plain")'}


@pytest.mark.parametrize("answer", MINE, ids=lambda f: f.__name__)
def test_an_error_inside_the_packages_is_shown_at_the_learners_own_line(answer) -> None:
    line = calling.run_safely(lambda _: answer(), {}, None).line
    assert line.endswith(f": {MINE[answer]}")


@pytest.mark.parametrize("answer", MINE, ids=lambda f: f.__name__)
def test_a_package_that_is_not_known_as_ours_would_be_shown_as_the_learners(
    answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = [folder for folder in calling._LIBRARIES if not folder.startswith(str(ROOT / "mininet"))]
    monkeypatch.setattr(calling, "_LIBRARIES", tuple(others))
    assert MINE[answer] not in calling.run_safely(lambda _: answer(), {}, None).line


def test_both_packages_and_the_contents_are_where_they_are_said_to_be() -> None:
    assert places.PACKAGES == (ROOT / "mininet", ROOT / "mininet_course")
    assert places.CONTENTS == ROOT / "_toc.yml"
