"""What stands beside a learner's answer while it is tried, one module a chapter: probes, and what they hand to it.

A probe applies an answer to one case and returns what came of it, raw: it judges nothing, and
nothing here knows what is right. These modules go into the sandbox in which submissions are
graded; those of `mininet_course.checks`, which compare, stay outside. What a probe needs of
NumPy and Python is bound here by name, before an answer could put something else in its place.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from mininet_course import contents
from mininet_course.exercise import call

_CHAPTERS = {chapter: import_module(f"{__name__}.{chapter}") for chapter in contents.CHAPTERS}


def name_of(probe: Callable[..., Any]) -> str:
    """Return the name by which the sandbox finds a probe; ValueError for a function that it would not have.

    >>> name_of(call)
    'call'
    """
    if probe is call:
        return "call"
    name = f"{probe.__module__.rpartition('.')[2]}.{probe.__name__}"
    if probe.__module__.rpartition(".")[0] != __name__ or find(name) is not probe:
        raise ValueError(f"name_of: expected a function of a module in {__name__}, got {probe!r}.")
    return name


def find(name: str) -> Callable[..., Any]:
    """Return the probe of this name."""
    chapter, _, function = name.partition(".")
    probe: Callable[..., Any] = getattr(_CHAPTERS[chapter], function) if function else call
    return probe
