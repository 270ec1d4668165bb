"""`python -m mininet.data`: which datasets are here, and fetching them. Built in the chapter "intro"."""

import argparse
import io
import sys
from collections.abc import Sequence

from mininet.data.dataset import Dataset, DatasetUnavailable
from mininet.data.digits import digits
from mininet.data.idx import IdxError
from mininet.data.mnist import SOURCES, load, load_local


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command with these arguments (the command line's if None) and return its exit code.

    >>> main(["fetch", "mnist"])  # doctest: +SKIP
    MNIST: 60,000 training and 10,000 test images of 28×28, from the cache
    0
    """
    parser = argparse.ArgumentParser(
        prog="python -m mininet.data",
        description="Without a command: list the datasets and where they are on this machine.",
        epilog="Environment: MININET_DATA, a folder that holds mnist/ and fashion-mnist/ with their "
        "*-ubyte files, packed or not; MININET_OFFLINE=1, never ask the network.",
    )
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # not every terminal has a ×
    commands = parser.add_subparsers(dest="command", title="commands", metavar="fetch")
    text = "Download datasets into the user's cache; what is there already stays."
    fetch = commands.add_parser("fetch", description=text)
    fetch.add_argument("names", nargs="+", choices=tuple(SOURCES), help=" or ".join(SOURCES))
    options = parser.parse_args(arguments)
    try:
        return _fetch(options.names) if options.command == "fetch" else _list()
    except (DatasetUnavailable, IdxError, OSError) as problem:
        print(problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted; the files that were complete are kept.", file=sys.stderr)
        return 130  # what shells say of a command that Ctrl-C ended


def _fetch(names: Sequence[str]) -> int:
    for name in names:
        print(load(SOURCES[name]))
        if load_local(SOURCES[name], []) is None:
            print(f"{name} could not be kept in the cache.", file=sys.stderr)
            return 1
    return 0


def _list() -> int:
    """Print a table; a damaged file takes a dataset's row, the error goes below."""
    problems = []
    rows = [("name", "where", "images", "size")]
    for name, source in SOURCES.items():
        try:
            rows.append(_row(name, load_local(source, [])))
        except IdxError as problem:
            rows.append((name, "damaged", "", ""))
            problems.append(str(problem))
    rows.append(_row("digits", digits()))
    for name, where, images, size in rows:
        print(f"{name:<15}{where:<22}{images:>8}  {size}".rstrip())
    for text in problems:
        print(text, file=sys.stderr)
    return 1 if problems else 0


def _row(name: str, dataset: Dataset | None) -> tuple[str, str, str, str]:
    if dataset is None:
        return name, "not here", "", ""
    height, width = dataset.x_train.shape[1:]
    n_images = len(dataset.x_train) + len(dataset.x_test)
    return name, dataset.source, f"{n_images:,}", f"{height}×{width}"


if __name__ == "__main__":
    sys.exit(main())
