"""What is different where Python runs in a browser: smaller experiments, no downloads. Built in the chapter "xor"."""

import sys


def in_browser() -> bool:
    """Return whether this Python runs in a web page, where it is many times slower and has no network.

    >>> in_browser()
    False
    """
    return sys.platform == "emscripten"


def budget(usual: int, browser: int, what: str) -> int:
    """Return how many of ``what`` a cell can afford: ``usual``, or in a browser ``browser``, and say so there.

    For cells that would take longer in a browser than anybody waits.
    Errors: `ValueError` unless ``browser`` is at least 1 and less than ``usual``.

    >>> budget(1000, browser=200, what="images")
    1000
    """
    if not 1 <= browser < usual:
        raise ValueError(
            f"budget: expected for a browser at least 1 and fewer than {usual:,} {what}, got {browser:,}."
        )
    if not in_browser():
        return usual
    print(f"In your browser: {browser:,} {what} instead of {usual:,}, so that this takes seconds.")
    return browser
