"""Judges answers inside otter-grader, on Gradescope.

otter would run the submission and the tests in one process, and would hang on an endless
loop. Here the submission is repaired, runs in processes of its own with limits, and is
judged outside them; otter is handed the outcome alone, and scores and reports it. What
`grade` has besides, the sandbox, cannot be built in Gradescope's containers.
"""

import json
import shutil
from functools import partial
from pathlib import Path
from typing import Any

from mininet_course.grading import execution, grade, variants
from mininet_course.grading import pack as packs
from mininet_course.grading.otter_format import IN_ZIP
from mininet_course.grading.repair import repair
from mininet_course.grading.sandbox import Sandbox
from mininet_course.notebook import parse

SECONDS = 10.0  # that a cell may run


class Judged:
    """Stands between otter and a submission; otter calls what it finds here by name."""

    def __init__(self, submission_path: str, submission_metadata: dict[str, Any], config: Any) -> None:
        self.submission_path, self.submission_metadata = submission_path, submission_metadata

    def before_execution(self, submission: Any) -> Any:
        """Return, in place of the submission, a notebook that holds what came of judging it."""
        import nbformat

        folder = Path(self.submission_path).parents[1] / "source" / IN_ZIP
        pack = packs.load(folder)
        student = whose(pack, self.submission_metadata)
        (released,) = variants.released(pack, student).values()
        questions = grade.questions(pack, student, released)
        # students' code can read this disk: what is hidden lives on in our memory only
        shutil.rmtree(folder)
        mended, notes = repair(released, parse(json.dumps(submission).encode()))
        with execution.Submission(partial(Sandbox, False), SECONDS) as runner:
            judgements = runner.run(mended, questions).judgements
        told = {
            name: {"right": judgement.state == "right", "report": judgement.report}
            for name, judgement in judgements.items()
        }
        if notes:
            print("Mended before grading:", *notes, sep="\n  ")
        cell = nbformat.v4.new_code_cell(f"judged = {told!r}")
        return nbformat.v4.new_notebook(cells=[cell])


def whose(pack: packs.Pack, metadata: dict[str, Any]) -> str:
    """Return who handed in, as the roster names students: by e-mail, number or name; "" if it has none of them."""
    for user in metadata.get("users", []):
        for key in ("email", "sid", "id", "name"):
            if str(user.get(key)) in pack.students:
                return str(user[key])
    return ""
