"""Makes `nbgrader autograde` refuse when it is typed by hand."""

from typing import Any

from nbgrader.preprocessors import NbGraderPreprocessor


class NotByHand(NbGraderPreprocessor):  # type: ignore[misc]
    """Stands where nbgrader would run the students' code; our grading puts its own step in its place."""

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        raise RuntimeError(
            "This would run students' code without a sandbox. Type `python -m mininet_course grade` with the "
            "assignment's folder instead; the gradebook is the same."
        )
