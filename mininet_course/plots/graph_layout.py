"""Where to put the boxes of a graph that flows from left to right.

The usual three steps: a column for every node, an order in every column that crosses few
lines, then heights near the neighbours'. A line over several columns gets a place in each of them.
"""

from collections.abc import Sequence
from itertools import pairwise

Edge = tuple[int, int]  # (from which node, to which node)
_SWEEPS = 12


def columns(parents: Sequence[Sequence[int]]) -> list[int]:
    """Return a column for each node: right of all its parents; a leaf stands just left of its first user.

    ``parents[i]`` are the positions of node i's parents, all below i.

    >>> columns([[], [], [0, 1], [], [2, 3]])
    [0, 0, 1, 1, 2]
    """
    found = [0] * len(parents)
    for i, above in enumerate(parents):
        found[i] = 1 + max((found[p] for p in above), default=-1)
    for i, above in enumerate(parents):
        users = [found[j] for j, ps in enumerate(parents) if i in ps]
        if not above and users:
            found[i] = min(users) - 1
    return found


def place(
    parents: Sequence[Sequence[int]], height: float, gap: float, lane: float
) -> tuple[list[int], list[float], dict[Edge, list[float]]]:
    """Return each node's column and height on the page, and for long lines the heights between.

    Nodes are ``height`` tall and ``gap`` apart, a passing line needs ``lane``, all in the same
    unit; heights are of centres, from 0 down. The third result maps (from, to) to one height
    for each column that the line passes through.
    """
    column = columns(parents)
    edges = sorted({(p, i) for i, above in enumerate(parents) for p in above})
    # every line is cut into pieces from one column to the next; the places between are extra nodes
    tall, pieces, chains = [height] * len(parents), [], {}
    for start, end in edges:
        chain = [start]
        for passed in range(column[start] + 1, column[end]):
            column.append(passed)
            tall.append(lane)
            chain.append(len(column) - 1)
        chain.append(end)
        chains[start, end] = chain[1:-1]
        pieces += list(pairwise(chain))
    rows = _ordered(column, pieces, first=_as_written(parents, chains))
    heights = _heights(rows, pieces, tall, gap)
    between = {edge: [heights[i] for i in chain] for edge, chain in chains.items() if chain}
    return column[: len(parents)], heights[: len(parents)], between


def _neighbours(count: int, pieces: Sequence[Edge]) -> list[list[int]]:
    near: list[list[int]] = [[] for _ in range(count)]
    for a, b in pieces:
        near[a].append(b)
        near[b].append(a)
    return near


def _as_written(parents: Sequence[Sequence[int]], chains: dict[Edge, list[int]]) -> list[int]:
    """Return all nodes as one meets them from the last one back, parents in their order."""
    met: dict[int, None] = {}
    stack = [len(parents) - 1]
    while stack:
        i = stack.pop()
        if i in met:
            continue
        met[i] = None
        for p in reversed(parents[i] if i < len(parents) else ()):
            stack += [p, *chains[p, i]]
    return list(met)


def _ordered(column: Sequence[int], pieces: Sequence[Edge], first: Sequence[int]) -> list[list[int]]:
    """Return the nodes of each column from top to bottom, sorted by the mean place of their neighbours."""
    rows = [[i for i in first if column[i] == k] for k in range(max(column) + 1)]
    near = _neighbours(len(column), pieces)
    best, fewest = [list(row) for row in rows], _crossings(rows, pieces)
    for sweep in range(_SWEEPS):
        forward = sweep % 2 == 1  # the first sweep goes back from the single output
        for k in range(1, len(rows)) if forward else range(len(rows) - 2, -1, -1):
            beside = rows[k - 1 if forward else k + 1]
            place = {i: at for at, i in enumerate(beside)}
            wanted = {}
            for at, i in enumerate(rows[k]):
                found = [place[j] for j in near[i] if j in place]
                wanted[i] = sum(found) / len(found) if found else at
            rows[k].sort(key=lambda i, wanted=wanted: wanted[i])  # type: ignore[misc]
        if (crossed := _crossings(rows, pieces)) < fewest:
            best, fewest = [list(row) for row in rows], crossed
    return best


def _crossings(rows: Sequence[Sequence[int]], pieces: Sequence[Edge]) -> int:
    place = {i: (k, at) for k, row in enumerate(rows) for at, i in enumerate(row)}
    ends = [(*place[a], place[b][1]) for a, b in pieces]
    return sum(
        k == m and (a - c) * (b - d) < 0 for n, (k, a, b) in enumerate(ends) for m, c, d in ends[n + 1 :]
    )


def _heights(
    rows: Sequence[Sequence[int]], pieces: Sequence[Edge], tall: Sequence[float], gap: float
) -> list[float]:
    near = _neighbours(len(tall), pieces)
    y = [0.0] * len(tall)
    for row in rows:
        _stack(row, [0.0] * len(row), tall, gap, y)
    for sweep in range(_SWEEPS):
        for row in rows if sweep % 2 else reversed(rows):
            wanted = [sum(y[j] for j in near[i]) / len(near[i]) if near[i] else y[i] for i in row]
            _stack(row, wanted, tall, gap, y)
    return y


def _stack(
    row: Sequence[int], wanted: Sequence[float], tall: Sequence[float], gap: float, y: list[float]
) -> None:
    """Put a column's nodes as near as possible to the wanted heights, in order and not overlapping.

    Nodes that would overlap are pooled into a block, which stands at the mean of their wishes.
    """
    offsets = [0.0]
    for a, b in pairwise(row):
        offsets.append(offsets[-1] + (tall[a] + tall[b]) / 2 + gap)
    blocks: list[tuple[float, int]] = []  # (mean wish less offset, how many nodes)
    for wish, offset in zip(wanted, offsets, strict=True):
        mean, count = wish - offset, 1
        while blocks and blocks[-1][0] > mean:
            before, number = blocks.pop()
            mean, count = (before * number + mean * count) / (number + count), number + count
        blocks.append((mean, count))
    starts = [mean for mean, count in blocks for _ in range(count)]
    for i, start, offset in zip(row, starts, offsets, strict=True):
        y[i] = start + offset
