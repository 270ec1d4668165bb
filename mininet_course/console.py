"""What every command does first: a console that cannot print an arrow shows a ? instead of an error."""

import io
import sys


def forgive() -> None:
    """Let standard output and the error output replace what their encoding lacks; called before any text, help too.

    Encodings without an arrow are those of older Windows consoles, of ``LC_ALL=C`` and of ``PYTHONIOENCODING=ascii``.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a notebook's and a test's take any text
            stream.reconfigure(errors="replace")


def say(*texts: object) -> None:
    """Print, whatever the console can show: for what a learner calls in a program of their own."""
    forgive()
    print(*texts)
