"""What is right and what is not, one module a chapter; a chapter of the table of contents is found by its name."""

from collections.abc import Mapping, Sequence
from importlib import import_module

from mininet_course import contents
from mininet_course.exercise import Exercise

CHAPTERS: Mapping[str, Sequence[Exercise]] = {
    chapter: import_module(f"{__name__}.{chapter}").EXERCISES for chapter in contents.CHAPTERS
}
