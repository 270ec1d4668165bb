"""What a report must say, however its lines are wrapped."""

from mininet_course.engine import Verdict
from mininet_course.exercise import Mistake


def check_told(verdict: Verdict, mistake: Mistake) -> None:
    """Check that a verdict recognises a mistake and gives its whole hint."""
    assert verdict.mistake is mistake, f"taken for {verdict.mistake}\n{verdict}"
    # lines are broken at spaces and hyphens
    assert "".join(f"Hint: {mistake.hint}".split()) in "".join(str(verdict).split()), verdict
