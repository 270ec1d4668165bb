"""What a sandbox is given of the course: both packages and the contents, and nothing else of a clone."""

from pathlib import Path

import pytest

from mininet_course import places
from mininet_course.grading import sandbox
from tests.support.files import ROOT


def test_the_sandbox_is_given_both_packages_and_the_contents_and_nothing_else_of_a_clone() -> None:
    given = {path for path in sandbox._libraries() if path.is_relative_to(ROOT) and ".venv" not in path.parts}
    assert given == {*places.PACKAGES, places.CONTENTS}


INSIDE = """
import mininet, mininet_course.contents, mininet_course.probes.xor
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
        with pytest.raises(
            sandbox.Lost,
            match=f"(?s)does not start: .*({lacking.name}'|{lacking.name}\\.|{lacking} cannot be read)",
        ):
            sandbox.Sandbox()
