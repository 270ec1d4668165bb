"""An assignment as plain notebooks, for any platform or none."""

from mininet_course.grading import content
from mininet_course.grading.pack import Pack


def make(pack: Pack) -> None:
    """Write the students' notebooks to ``release/``; assign adds the zip, the solutions and the rubric."""
    for chapter in pack.chapters:
        content.write(
            content.students(pack, chapter), pack.folder / "release" / pack.name / f"{chapter}.ipynb"
        )
