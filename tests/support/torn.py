"""Work for several processes that goes wrong in several ways; a module of its own, because each imports it."""

import os
from pathlib import Path

from mininet_course.grading.sandbox import Lost


def work(student: str, folder: Path) -> None:
    if student == "crash":
        os._exit(1)
    if student == "fault":
        raise ZeroDivisionError("by zero")
    if student == "lost":
        raise Lost("no sandbox for you")
    (folder / student).touch()
