"""What the instructors' page promises about safety has tests, sentence by sentence."""

import ast
import re
from collections.abc import Mapping, Sequence

import pytest

from tests.support.files import ROOT

PAGE = ROOT / "book" / "instructors" / "grading.md"
# the beginning of each sentence, and the tests that show it
PROMISES: Mapping[str, Sequence[str]] = {
    "Every submission gets a sandbox of its own": [
        "test_the_network_is_out_of_reach",
        "test_an_abstract_socket_of_the_host_is_out_of_reach",
        "test_two_submissions_share_nothing",
    ],
    "Of your files it sees Python": [
        "test_files_of_the_host_are_out_of_sight",
        "test_nothing_outside_its_temporary_folder_can_be_written",
        "test_the_course_itself_cannot_be_changed",
        "test_the_sandbox_is_given_both_packages_and_the_contents_and_nothing_else_of_a_clone",
    ],
    "What it writes lies in a small temporary folder": [
        "test_two_submissions_share_nothing",
        "test_a_hostile_answer_gets_nothing_and_the_others_get_theirs",
    ],
    "It finds no process and no mount": ["test_nothing_of_the_host_is_in_proc"],
    "Memory, processes, files and time have limits": [
        "test_a_fork_bomb_is_held_small_while_it_burns",
        "test_memory_of_many_processes_is_limited_together",
        "test_what_does_not_stop_is_ended_with_all_that_it_started",
        "test_it_is_nobody_and_sees_nobody",
    ],
    "Where the system gives a control group": ["test_memory_that_nobody_has_mapped_is_counted"],
    "Where it gives none": [
        "test_without_a_control_group_it_is_refused",
        "test_without_a_control_group_full_sockets_count",
    ],
    "Namespaces, mounts, tracing": [
        "test_neither_namespaces_nor_tracing_nor_mounting",
        "test_nothing_can_be_left_in_a_keyring_for_the_next",
    ],
    "`grade` says when it begins": ["test_which_walls_apply_is_said"],
    "Each answer is tried in a process of its own": ["test_verdict_outside_is_the_learners"],
    "What is right is not in the sandbox": [
        "test_what_knows_the_answers_is_not_there",
        "test_what_is_handed_to_an_answer_does_not_lead_to_what_is_right",
        "test_nothing_that_the_sandbox_is_told_says_what_is_right",
    ],
    "Functions that belong to a case stay outside": [
        "test_functions_stay_outside_and_can_be_called",
        "test_thresholds_that_are_asked_for_are_not_handed_over",
    ],
    "So a submission gains nothing": [
        "test_a_wrong_answer_is_wrong_whatever_is_replaced_beside_it",
        "test_a_hostile_answer_gets_nothing_and_the_others_get_theirs",
        "test_replies_sent_ahead_belong_to_no_question",
        "test_a_changed_check_is_put_back",
        "test_damage_is_mended",
    ],
    "An input that was changed": ["test_an_input_that_was_changed_is_seen_from_outside"],
    "How many parameters a network has": ["test_how_many_parameters_a_network_has_is_counted_and_not_asked"],
    "A submission cannot set a grade": [
        "test_nbgrader_gets_the_scores_and_runs_no_code_whatever_its_settings_say",
        "test_nothing_that_the_sandbox_is_told_says_what_is_right",
        "test_two_submissions_share_nothing",
    ],
    "Endless loops, crashes": [
        "test_a_hostile_answer_gets_nothing_and_the_others_get_theirs",
        "test_what_does_not_stop_is_ended_with_all_that_it_started",
        "test_too_many_crashes_end_the_notebook_not_the_grading",
    ],
    "Without a verdict there are no points": [
        "test_without_a_verdict_there_are_no_points_and_the_report_says_so",
        "test_a_gradebook_never_gives_points_without_a_verdict",
        "test_without_the_released_checks_nothing_is_graded",
    ],
    "Zips that want to write elsewhere": [
        "test_paths_that_lead_out_are_named_and_nobody_else_is_affected",
        "test_links_are_not_followed",
        "test_bombs_do_not_go_off",
        "test_an_entry_that_lies_about_its_size_is_refused",
    ],
    "Every sentence of these two paragraphs": ["test_every_sentence_that_promises_safety_has_its_tests"],
}


def promised(page: str) -> list[str]:
    """Return the sentences of what the page calls stopped."""
    stopped = page.split("**Stopped.**")[1].split("**Only seen.**")[0]
    return [sentence for sentence in re.split(r"(?<=[.:])\s+(?=[A-Z`])", stopped.strip()) if sentence]


def unkept(sentences: Sequence[str]) -> list[str]:
    """Return the sentences that no entry of the table begins."""
    return [s for s in sentences if not any(s.startswith(beginning) for beginning in PROMISES)]


def test_every_sentence_that_promises_safety_has_its_tests() -> None:
    sentences = promised(PAGE.read_text(encoding="utf-8"))
    assert unkept(sentences) == []
    assert [b for b in PROMISES if not any(s.startswith(b) for s in sentences)] == [], "no longer on the page"
    there = {
        node.name
        for file in (ROOT / "tests" / "course").rglob("test_*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
    }
    assert {test for tests in PROMISES.values() for test in tests} - there == set()


@pytest.mark.parametrize("more", ["Nothing can ever happen.", "`grade` never fails."])
def test_a_promise_without_a_test_is_noticed(more: str) -> None:
    page = PAGE.read_text(encoding="utf-8").replace("**Only seen.**", f"{more}\n\n**Only seen.**")
    assert unkept(promised(page)) == [more]
