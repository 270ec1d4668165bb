"""An assignment for Gradescope, made by otter-grader.

Gradescope's autograder takes one notebook, so the chapters come one after the other in
it. otter makes the zip that is uploaded; our plugin in it judges the answers as `grade` does.
"""

import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from mininet_course.exercise import CourseError, Written
from mininet_course.grading import content
from mininet_course.grading.content import Cell, Notebook
from mininet_course.grading.pack import EXERCISES, EXTRA, Pack
from mininet_course.places import CONTENTS, PACKAGES

CONFIG = """\
# ASSIGNMENT CONFIG
init_cell: false
check_all_cell: false
export_cell: false
run_tests: false
requirements:
    - numpy>=2.0
    - psutil
tests:
    files: true
    ok_format: false
generate:
    pdf: false
    plugins:
        - mininet_course.grading.otter_plugin.Judged
"""
# all that the plugin has found is in `judged`; what was handed in is not executed here
TEST = '''\
""" # BEGIN TEST CONFIG
points: {points:g}
""" # END TEST CONFIG
def test_{mark}(judged):
    assert judged["{name}"]["right"], judged["{name}"]["report"]
'''
IN_ZIP = "pack"  # the folder in the zip that the plugin reads, and removes before students' code runs


def make(pack: Pack) -> None:
    """Write ``release/``, let otter make ``autograder.zip``, and try it on the right answers."""
    content.write(notebook(pack), pack.folder / "release" / pack.name / f"{pack.name}.ipynb")
    source = pack.folder / "source" / f"{pack.name}.ipynb"
    content.write(master(pack), source)
    pack.save()
    with tempfile.TemporaryDirectory() as made:
        _otter("assign", str(source), made)
        archive = next(Path(made, "autograder").glob("*.zip"))
        _complete(pack, archive, pack.folder / "autograder.zip")
        _try(pack, Path(made, "autograder", f"{pack.name}.ipynb"), Path(made))


def notebook(pack: Pack, kind: str = "exercises") -> Notebook:
    """Return the students' notebooks of all chapters as one, or with ``kind`` "solutions" the answers."""
    of_chapter = content.students if kind == "exercises" else content.solution
    notebooks = [of_chapter(pack, chapter) for chapter in pack.chapters]
    cells = [
        cell | {"id": f"{chapter}-{cell['id']}"}
        for chapter, made in zip(pack.chapters, notebooks, strict=True)
        for cell in made["cells"]
    ]
    return notebooks[0] | {
        "cells": cells,
        "metadata": notebooks[0]["metadata"] | {"mininet": {"assignment": pack.name}},
    }


def master(pack: Pack) -> Notebook:
    """Return the notebook that `otter assign` reads: our cells between its marks, and a test for each judged answer."""
    made = notebook(pack, "solutions")
    cells = [_raw(CONFIG)]
    for cell in made["cells"]:
        name, role = content.about(cell)
        judged = name and not isinstance(EXERCISES[name], Written)
        mark = name.replace(".", "_").replace("-", "_")
        if role == "task" and judged:
            cells += [_raw(f"# BEGIN QUESTION\nname: {mark}\npoints: {pack.points[name]:g}"), cell]
        elif role == "answer":
            cells += [_raw("# BEGIN SOLUTION"), cell, _raw("# END SOLUTION")]
            test: Cell = {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": []}
            test["source"] = TEST.format(mark=mark, name=name, points=pack.points[name])
            cells += [_raw("# BEGIN TESTS"), test, _raw("# END TESTS"), _raw("# END QUESTION")]
        else:
            cells.append(cell)
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    return made | {"cells": cells}


def _complete(pack: Pack, archive: Path, out: Path) -> None:
    """Copy otter's zip and put the course's package and the assignment in, so that an image needs nothing of ours."""
    with zipfile.ZipFile(archive) as source, zipfile.ZipFile(out, "x", zipfile.ZIP_DEFLATED) as made:
        for entry in source.infolist():
            made.writestr(entry, source.read(entry))
        for package in PACKAGES:
            for file in sorted(package.rglob("*")):
                path = file.relative_to(package)
                # compiled files and the answers' notebooks stay here
                if file.is_file() and not {"__pycache__", "book"} & set(path.parts):
                    made.write(file, Path(package.name, path))
        made.write(CONTENTS, Path("mininet_course", "book", CONTENTS.name))
        for file in (pack.folder / "pack.json", pack.folder / EXTRA):
            if file.is_file():
                made.write(file, Path(IN_ZIP, file.name))
        for file in sorted((pack.folder / "release").rglob("*.ipynb")):
            made.write(file, Path(IN_ZIP, file.relative_to(pack.folder)))


def _try(pack: Pack, right: Path, folder: Path) -> None:
    """Let otter run the finished zip on the right answers; CourseError unless all points come of it."""
    _otter("run", "-a", str(pack.folder / "autograder.zip"), "-o", str(folder), "--no-logo", str(right))
    results = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    # the first entry is a summary, without a score
    lost = [test["name"] for test in results["tests"] if test.get("score", 0) < test.get("max_score", 0)]
    if lost:
        raise CourseError(f"otter gives no points to the right answers of {', '.join(lost)}.")


def _otter(*arguments: str) -> None:
    try:
        import otter  # noqa: F401
    except ImportError:
        raise CourseError('This takes otter-grader: pip install "mininet-course[gradescope]"') from None
    done = subprocess.run([sys.executable, "-m", "otter", *arguments], capture_output=True, text=True)
    if done.returncode:
        words = "\n".join((done.stdout + done.stderr).strip().splitlines()[-8:])
        raise CourseError(f"otter {arguments[0]} failed:\n{words}")


def _raw(text: str) -> Cell:
    return {"cell_type": "raw", "metadata": {}, "source": text}
