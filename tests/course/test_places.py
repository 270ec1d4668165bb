"""Where the course lies: what must know both packages knows them, or learners and sandboxes would see the wrong thing."""

from pathlib import Path

import pytest

from mininet_course import calling, places
from mininet_course.grading import sandbox
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


def test_the_sandbox_is_given_both_packages_and_the_contents_and_nothing_else_of_a_clone() -> None:
    given = {path for path in sandbox._libraries() if path.is_relative_to(ROOT) and ".venv" not in path.parts}
    assert given == {*places.PACKAGES, places.CONTENTS}


INSIDE = """
import mininet, mininet_course.contents, mininet_course.checks.xor
print(*mininet_course.contents.CHAPTERS)
"""


@pytest.mark.parametrize("lacking", [None, *places.PACKAGES, places.CONTENTS], ids=lambda p: p and p.name)
def test_in_the_sandbox_both_packages_can_be_imported(
    walls: None, lacking: Path | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And where one is not given, it cannot even be started."""
    given = [path for path in sandbox._libraries() if path != lacking]
    monkeypatch.setattr(sandbox, "_libraries", lambda: given)
    if lacking is None:
        with sandbox.Sandbox() as inside:
            inside.open()
            said = inside.ask({"do": "run", "source": INSIDE, "seconds": 20}, 30)
        assert "neuron xor" in str(said)
    else:
        with pytest.raises(sandbox.Lost, match=r"does not start: .*(mininet|_toc)"):
            sandbox.Sandbox()
