"""Every registered exercise: the reference passes, each known mistake gets its own hint, right answers pass."""

import dataclasses

import numpy as np
import pytest

from mininet_course.checks import CHAPTERS
from mininet_course.compare import as_numbers
from mininet_course.engine import Outcome, judge
from mininet_course.exercise import Choice, Exercise, Function, Judged, Mistake, Values, Written, as_tuple
from tests.support.reports import check_told

pytestmark = pytest.mark.slow

EXERCISES = [e for exercises in CHAPTERS.values() for e in exercises]
JUDGED = [e for e in EXERCISES if isinstance(e, Judged)]
CHOICES = [e for e in EXERCISES if isinstance(e, Choice)]
MISTAKES = [(e, m) for e in JUDGED for m in e.mistakes]

on_every_judged = pytest.mark.parametrize("exercise", JUDGED, ids=lambda e: e.name)


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_chapter_has_the_exercises_a_chapter_should_have(chapter: str) -> None:
    exercises = CHAPTERS[chapter]
    assert [e.name for e in exercises] == [f"{chapter}.{i}" for i in range(1, len(exercises) + 1)]
    assert 8 <= len(exercises) <= 12
    assert sum(isinstance(e, Function) for e in exercises) >= 4
    predicted = [e for e in exercises if isinstance(e, Choice) or (isinstance(e, Values) and e.cases == [{}])]
    assert len(predicted) >= 3
    assert any(isinstance(e, Written) for e in exercises)
    assert any(isinstance(e, Judged) and e.given is not None for e in exercises), "one bug to find"


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.name)
def test_exercise_is_complete(exercise: Exercise) -> None:
    assert exercise.title and exercise.minutes > 0 and exercise.points > 0
    assert len(exercise.hints) >= 2
    assert len(set(exercise.hints)) == len(exercise.hints)
    assert exercise.after or isinstance(exercise, Written)


@on_every_judged
def test_judged_exercise_has_four_known_mistakes_and_two_right_answers(exercise: Judged) -> None:
    assert len({m.name for m in exercise.mistakes}) == len(exercise.mistakes) >= 4
    assert len(exercise.right) >= 2


@on_every_judged
def test_reference_passes_visible_and_hidden_cases_for_twenty_seeds(exercise: Judged) -> None:
    reference = as_tuple(exercise.reference)
    assert judge(exercise, reference).outcome is Outcome.PASS
    for seed in range(20):
        verdict = judge(exercise, reference, seed)
        assert verdict.outcome is Outcome.PASS, f"seed {seed}\n{verdict}"


@on_every_judged
def test_right_answers_that_look_different_pass(exercise: Judged) -> None:
    for answer in exercise.right:
        for seed in (None, 1, 2, 3):
            verdict = judge(exercise, as_tuple(answer), seed)
            assert verdict.outcome is Outcome.PASS, str(verdict)


@pytest.mark.parametrize(("exercise", "mistake"), MISTAKES, ids=lambda x: x.name)
def test_known_mistake_fails_with_its_own_hint(exercise: Judged, mistake: Mistake) -> None:
    for seed in (None, 1, 2, 3):
        verdict = judge(exercise, as_tuple(mistake.answer), seed)
        assert verdict.outcome in (Outcome.NOT_YET, Outcome.STOPPED)
        check_told(verdict, mistake)


@on_every_judged
def test_a_report_with_another_mistakes_hint_is_noticed(exercise: Judged) -> None:
    one = exercise.mistakes[0]
    others = [m for m in exercise.mistakes if one.hint not in m.hint]  # some are explained in the same words
    verdict = judge(exercise, as_tuple(one.answer))
    check_told(verdict, one)
    assert others
    for other in others:
        lines = [line.replace(one.hint, other.hint) for line in verdict.lines]
        with pytest.raises(AssertionError):
            check_told(dataclasses.replace(verdict, lines=lines), one)
        with pytest.raises(AssertionError, match="taken for"):
            check_told(verdict, other)


@pytest.mark.parametrize("exercise", CHOICES, ids=lambda e: e.name)
def test_every_choice_has_an_explanation_of_its_own(exercise: Choice) -> None:
    assert exercise.right in exercise.options
    assert len(set(exercise.options.values())) == len(exercise.options) >= 3
    for letter, explanation in exercise.options.items():
        verdict = judge(exercise, (letter,))
        assert (verdict.outcome is Outcome.PASS) == (letter == exercise.right)
        assert explanation in verdict.lines[0]
        if letter != exercise.right:
            assert exercise.options[exercise.right] not in str(verdict)


def test_a_choice_may_be_written_loosely_and_anything_else_is_refused_with_the_letters() -> None:
    for choice in CHOICES:
        assert judge(choice, (f" {choice.right.lower()}. ",)).outcome is Outcome.PASS
        for nonsense in ("Z", 1, "", ["A"], np.array(["B"])):
            verdict = judge(choice, (nonsense,))
            assert verdict.outcome is Outcome.NOT_YET
            assert 'Expected one of "A"' in str(verdict)


@on_every_judged
def test_generated_cases_bring_what_the_visible_ones_lack(exercise: Judged) -> None:
    generated = exercise.generate(np.random.default_rng(3))
    if not generated:
        # then the visible cases are all there are: a table, or a prediction without input
        assert isinstance(exercise, Values)
        return

    def size(value):
        return np.shape(value) if as_numbers(value) is not None else len(value)

    def shapes(cases):
        return {
            tuple(size(v) for v in case.values() if as_numbers(v) is not None or isinstance(v, dict))
            for case in cases
        }

    assert shapes(generated) - shapes(exercise.cases)


@pytest.mark.parametrize("exercise", [e for e in JUDGED if e.given is not None], ids=lambda e: e.name)
def test_planted_bug_left_alone_counts_as_not_written(exercise: Judged) -> None:
    for seed in (None, 1):
        assert judge(exercise, as_tuple(exercise.given), seed).outcome is Outcome.NOT_WRITTEN


@pytest.mark.parametrize("exercise", JUDGED, ids=lambda e: e.name)
def test_lists_tuples_and_other_dtypes_are_as_good_as_arrays(exercise: Judged) -> None:
    if isinstance(exercise, Values):
        forms = [list, tuple, np.array]
        answers = [tuple(form(v) if np.ndim(v) else v for v in exercise.reference) for form in forms]
    else:

        def loosely(form):
            def part(value):
                if as_numbers(value) is None:  # a class gives an object: its form is the exercise's own
                    return value
                return form(value) if np.ndim(value) else float(value)

            def answer(*arguments):
                result = exercise.reference(*arguments)
                return [part(r) for r in result] if isinstance(result, tuple) else part(result)

            return (answer,)

        answers = [loosely(np.ndarray.tolist), loosely(lambda a: tuple(a.tolist())), loosely(np.longdouble)]
    for answer in answers:
        verdict = judge(exercise, answer)
        assert verdict.outcome is Outcome.PASS, str(verdict)
