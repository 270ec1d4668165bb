"""A Dask cluster grades what one machine would, to the same result, also when a worker is lost."""

import os
import signal
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mininet_course.exercise import CourseError
from mininet_course.grading import cluster, collect, content, grade, records
from mininet_course.grading.pack import Pack
from tests.support import submissions as kinds
from tests.support.graded import assignment
from tests.support.sandboxed import needs_sandbox

distributed = pytest.importorskip("distributed", reason="distributed is missing")
pytestmark = [
    needs_sandbox,
    pytest.mark.slow,
    # of Dask's own, when workers come and go
    pytest.mark.filterwarnings("ignore"),
]
CLASS = 12


@pytest.fixture(scope="module")
def workers() -> Iterator[Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
        ) as made:
            yield made


def handed_in(folder: Path) -> Pack:
    """Return an assignment with submissions of several kinds, one of which has to be mended."""
    folder.mkdir()
    pack = assignment(folder, "neuron.3", "neuron.4", "neuron.5")
    names = ["right", "partly wrong", "checks deleted", "crash in a function"]
    for number in range(CLASS):
        for file, notebook in kinds.of_kind(pack, kinds.KINDS[names[number % 4]]).items():
            content.write(notebook, folder / "in" / f"s{number:02}" / file)
    assert not collect.collect(pack, folder / "in", "plain").problems
    return pack


def verdicts(pack: Pack) -> dict[str, Any]:
    found = {student: records.load(pack, student) for student in records.students(pack)}
    return {
        student: record and (record.judgements, record.outputs, record.incidents)
        for student, record in found.items()
    }


def test_a_cluster_grades_as_one_machine_does_and_a_lost_worker_loses_nothing(
    workers: Any, tmp_path: Path
) -> None:
    alone, together = handed_in(tmp_path / "alone"), handed_in(tmp_path / "together")
    grade.grade_pack(alone.folder, jobs=2, progress=False)
    taken: list[str] = []
    killed: list[int] = []
    real = cluster._take

    def take(pack: Pack, student: str, made: cluster.Files) -> None:
        real(pack, student, made)
        taken.append(student)
        if len(taken) == 3:  # half-way: one is ended as the kernel would end it
            doomed = next(iter(workers.scheduler_info["workers"].values()))
            killed.append(workers.workers[doomed["id"]].pid)
            os.kill(killed[0], signal.SIGKILL)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cluster, "_take", take)
        report = grade.grade_pack(together.folder, cluster=workers.scheduler_address, progress=False)
    assert killed and not Path(f"/proc/{killed[0]}").exists()
    assert report.unfinished == {} and len(report.graded) == CLASS
    assert sorted(taken) == sorted(set(taken)) == report.graded
    assert verdicts(together) == verdicts(alone)
    again = grade.grade_pack(together.folder, cluster=workers.scheduler_address, progress=False)
    assert again.graded == [] and len(again.kept) == CLASS


def test_what_a_worker_may_send_back_is_one_student_s(tmp_path: Path) -> None:
    pack = assignment(tmp_path, "neuron.3")
    for path in ("../x.ipynb", "pack.json", "submitted/bob/hw1/neuron.ipynb", "grading/bob.json", "/tmp/x"):
        with pytest.raises(CourseError, match="does not belong to ann"):
            cluster._take(pack, "ann", {path: "e30="})


def test_where_no_cluster_answers_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pack = assignment(tmp_path, "neuron.3")
    content.write(kinds.right(pack)["neuron.ipynb"], records.submitted(pack, "ann") / "neuron.ipynb")
    monkeypatch.setattr(cluster, "CONNECT", 1)
    with pytest.raises(CourseError, match=r"No cluster answers at tcp://127\.0\.0\.1:9 .*dask scheduler"):
        grade.grade_pack(pack.folder, cluster="tcp://127.0.0.1:9", progress=False)


def test_a_worker_with_another_version_is_said(tmp_path: Path) -> None:
    with pytest.raises(CourseError, match="comes from 99"):
        cluster.graded({}, {}, "ann", {"version": "99", "walls": True, "seconds": 3})
