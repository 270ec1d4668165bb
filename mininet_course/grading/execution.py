"""Runs a submission's notebooks in a sandbox, whatever happens in them.

After a cell or an answer that ends its process or does not stop, the notebook is begun
again in a new sandbox, without that cell. So an answer that crashes loses its own points
and no others.
"""

import ast
import base64
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mininet_course.grading.content import Cell, Notebook, about
from mininet_course.grading.judging import ENDED, Judgement, Question, judge
from mininet_course.grading.sandbox import Lost, Sandbox

SECONDS = 10.0  # that a cell may run
ALTOGETHER = 600.0  # seconds that a submission may take
RESTARTS = 40
GRACE = 4.0  # seconds after which a cell that cannot be interrupted is ended
SHOWN = ("text/plain", "image/png", "image/jpeg")  # no HTML, no scripts: a grader's browser opens this
LARGEST = 2_000_000  # characters of one output
ROOM = 30_000_000  # of all outputs of a submission

Output = dict[str, Any]


@dataclass
class Ran:
    """What came of a notebook: outputs by the cell's number, judgements by exercise, what went wrong."""

    outputs: dict[int, list[Output]] = field(default_factory=dict)
    judgements: dict[str, Judgement] = field(default_factory=dict)
    incidents: list[str] = field(default_factory=list)


class GaveUp(Exception):
    """The notebook takes too long, or has to be begun again too often."""


class Submission:
    """Runs the notebooks of one submission in one sandbox, which is built anew when it is lost.

    >>> with Submission() as submission:  # doctest: +SKIP
    ...     ran = submission.run(notebook, questions)
    """

    def __init__(
        self, make: Callable[[], Sandbox] = Sandbox, seconds: float = SECONDS, altogether: float = ALTOGETHER
    ) -> None:
        self._make, self._seconds, self._until = make, seconds, time.monotonic() + altogether
        self._sandbox, self._room = make(), ROOM

    def __enter__(self) -> "Submission":
        return self

    def __exit__(self, *problem: object) -> None:
        self._sandbox.close()

    def run(self, notebook: Notebook, questions: Mapping[str, Question]) -> Ran:
        """Run the cells from top to bottom and judge the answers where their checks stand."""
        ran, skipped, restarts = Ran(), set[int](), 0
        cells: Sequence[Cell] = notebook["cells"]
        checks = {n: about(cell)[0] for n, cell in enumerate(cells) if about(cell)[1] == "check"}
        code = [n for n, cell in enumerate(cells) if cell["cell_type"] == "code" and n not in checks]
        try:
            problem = self._begin({}, skipped)
            for number in sorted([*code, *checks]):
                while problem:
                    restarts += 1
                    self._go_on(restarts)
                    self._renew()
                    before = {n: cells[n]["source"] for n in code if n < number and n not in skipped}
                    problem = self._begin(before, skipped)
                self._go_on(restarts)
                if number in code:
                    ran.outputs[number], problem = self._cell(cells[number]["source"])
                    if problem:
                        skipped.add(number)
                        ran.incidents.append(f"cell {number + 1}: {problem}")
                elif checks[number] in questions and checks[number] not in ran.judgements:
                    name = checks[number]
                    ran.judgements[name] = judgement = self._judge(questions[name])
                    ran.outputs[number], problem = [shown(judgement)], judgement.incident
                    if problem:
                        ran.incidents.append(f"{name}: {INCIDENTS[problem]}")
        except GaveUp as reason:
            ran.incidents.append(f"not run to its end: {reason}")
            for number, name in checks.items():
                if name in questions and name not in ran.judgements:
                    ran.judgements[name] = Judgement("wrong", f"Not judged: {reason}.", incident="crash")
                    ran.outputs[number] = [shown(ran.judgements[name])]
        self._end()
        return ran

    def _go_on(self, restarts: int) -> None:
        """Raise GaveUp if it is enough."""
        if restarts > RESTARTS:
            raise GaveUp("its process ended too often")
        if time.monotonic() > self._until:
            raise GaveUp("the submission takes too long")

    def _begin(self, sources: Mapping[int, str], skipped: set[int]) -> str:
        """Open the notebook and run cells again; return what went wrong with one, which is skipped from now on."""
        try:
            self._sandbox.open()
        except Lost as lost:
            return str(lost)
        for number, source in sources.items():
            problem = self._cell(source)[1]
            if problem:
                skipped.add(number)
                return problem
        return ""

    def _renew(self) -> None:
        """Build a new sandbox: in the old one something may still be running."""
        self._sandbox.close()
        self._sandbox = self._make()

    def _judge(self, question: Question) -> Judgement:
        try:
            return judge(self._sandbox, question)
        except Lost as problem:
            return Judgement("wrong", f"{ENDED} ({problem})", incident="crash")

    def _cell(self, source: str) -> tuple[list[Output], str]:
        """Run a cell; return its outputs and what went wrong with the process, if anything did."""
        asked = {"do": "run", "source": source, "seconds": self._seconds}
        try:
            reply = self._sandbox.ask(asked, self._seconds + GRACE)
        except Lost as problem:
            return [_error("ProcessEnded", str(problem))], str(problem)
        outputs = clean(reply.get("outputs"))
        self._room -= sum(len(str(output)) for output in outputs)
        if self._room < 0:
            outputs = []
        if reply.get("late") is True:
            what = f"it ran for more than {self._seconds:g} seconds"
            return [*outputs, _error("OutOfTime", what)], what
        return outputs, ""

    def _end(self) -> None:
        """End the notebook, so that the next one can be opened."""
        try:
            self._sandbox.end_session()
        except Lost:
            self._renew()


INCIDENTS = {"time": "ran out of time", "crash": "ended its process"}


def questions_in(notebook: Notebook) -> dict[str, list[str]]:
    """Return the exercises whose checks are in a released notebook, with the names that hold the answer."""
    found = {}
    for cell in notebook["cells"]:
        name, role = about(cell)
        if role == "check":
            call = next(node for node in ast.walk(ast.parse(cell["source"])) if isinstance(node, ast.Call))
            found[name] = [ast.unparse(argument) for argument in call.args[1:]]
    return found


def shown(judgement: Judgement) -> Output:
    """Return a judgement as the output of its check; nbgrader gives no points where there is an error."""
    if judgement.state == "right":
        return {"output_type": "stream", "name": "stdout", "text": judgement.report + "\n"}
    return _error("CheckFailed", judgement.report)


def clean(made: Any) -> list[Output]:
    """Return outputs as a notebook may hold them; what came out of the sandbox may be anything."""
    outputs: list[Output] = []
    for output in made if isinstance(made, list) else []:
        if not isinstance(output, dict):
            continue
        kind = output.get("output_type")
        if kind == "stream":
            name = "stderr" if output.get("name") == "stderr" else "stdout"
            outputs.append({"output_type": "stream", "name": name, "text": _text(output.get("text"))})
        elif kind == "error":
            trace = output.get("traceback")
            lines = [_text(line) for line in trace[:200]] if isinstance(trace, list) else []
            outputs.append(_error(_text(output.get("ename")), _text(output.get("evalue")), lines))
        elif kind in ("display_data", "execute_result") and isinstance(output.get("data"), dict):
            texts = {mime: _text(output["data"][mime]) for mime in SHOWN if mime in output["data"]}
            data = {mime: text for mime, text in texts.items() if mime == "text/plain" or _is_base64(text)}
            outputs.append({"output_type": "display_data", "data": data, "metadata": {}})
    return outputs[:200]


def _error(name: str, text: str, trace: Sequence[str] = ()) -> Output:
    return {
        "output_type": "error",
        "ename": name,
        "evalue": text,
        "traceback": list(trace) or [f"{name}: {text}"],
    }


UNJUDGED = _error("NotJudged", "There is no verdict on this answer, and so there are no points for it.")


def _text(made: Any) -> str:
    # a lone surrogate cannot be written to a file
    return str(made)[:LARGEST].encode(errors="replace").decode()


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(text, validate=True)
    except ValueError:
        return False
    return True
