"""The gradient microscope: a small graph of numbers as SVG, box by box.

Each box holds a number's value, its gradient, the same gradient measured by nudging, and when
the backward pass visited it. The picture is text that this module writes: no other program is needed.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from mininet_course.plots.graph import ancestors, nudged, operation_of, parents_of, rounding, single, value_of
from mininet_course.plots.graph_layout import place
from mininet_course.plots.palette import BLUE, GREY, VERMILLION

_TOLERANCE = 1e-6  # relative above 1; rounding of large values comes on top
_SYMBOLS = {"add": "+", "sub": "−", "mul": "×", "truediv": "÷", "neg": "−", "sigmoid": "σ"}

# sizes in the picture's own unit, about a pixel
_WIDE, _LINE, _PAD, _ABOVE, _BELOW = 90, 16, 7, 18, 8
_ROOM = 9  # characters in a line of a box
_FONT = "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace"
_HALO = 'paint-order="stroke" stroke="#fff" stroke-width="3"'


@dataclass(frozen=True)
class Drawing:
    """A picture that a notebook shows; ``svg`` is its text."""

    svg: str
    words: str

    def _repr_svg_(self) -> str:
        return self.svg

    def __repr__(self) -> str:
        return self.words


def microscope(
    output: Any,
    visits: Iterable[Any] | None = None,
    *,
    gradients: bool = True,
    current: Any = None,
    title: str = "",
) -> Drawing:
    """Return a drawing of the graph that ends in ``output``: see `autograd.Node` for what its numbers must have.

    ``visits`` are the nodes in the order in which a backward pass came to them, and may repeat; each box
    shows its numbers in this list. Without ``gradients`` only values and operations are drawn. A gradient
    that differs from its nudge gets a thick dashed frame; where ``visits`` are given only those visited
    are judged, the others may still be waiting for something. ``current`` is a node to highlight.

    >>> from types import SimpleNamespace
    >>> class Box(SimpleNamespace):
    ...     __hash__ = object.__hash__
    >>> a = Box(value=3.0, grad=2.0, parents=(), operation=None, name="a")
    >>> microscope(Box(value=6.0, grad=1.0, parents=(a, a), operation="+"))
    a graph of 2 numbers
    """
    nodes = ancestors(output)[::-1]
    measured = nudged(output) if gradients else {}
    times: dict[Any, list[int]] = {}
    for number, node in enumerate(visits or (), start=1):
        times.setdefault(node, []).append(number)
    slopes = gradients and any(getattr(node, "slopes", None) for node in nodes)
    page = _page(nodes, gradients, slopes, above=_ABOVE + (22 if title else 0))
    parts = [*_arrows(nodes, page, slopes), _text(_BELOW, 22, title, size=14, weight="bold")]
    slack = _TOLERANCE + rounding(nodes)
    wrong = False
    for node, x, y in zip(nodes, page.x, page.y, strict=True):
        judged = gradients and (visits is None or node in times)
        box = _Box(node, measured.get(node), times.get(node, []), gradients, judged, slack)
        wrong = wrong or box.wrong
        parts += box.draw(x, y - page.tall / 2, page.tall, node is output, node is current)
    width = max(page.width, 8.6 * len(title) + 2 * _BELOW)
    unmeasured = None in measured.values()
    legend = _legend(gradients, bool(times), slopes, wrong, unmeasured)
    return _picture(parts, width, page.height, legend, f"a graph of {len(nodes)} numbers")


@dataclass
class _Page:
    """Where everything goes: boxes by their left edge and middle height, long arrows by their heights."""

    parents: list[list[int]]
    x: list[float]
    y: list[float]
    between: dict[tuple[int, int], list[float]]
    tall: float
    gap: float

    @property
    def width(self) -> float:
        return max(self.x) + _WIDE + _BELOW + 6

    @property
    def height(self) -> float:
        lowest = [y + self.tall / 2 for y in self.y] + [y for ys in self.between.values() for y in ys]
        return max(lowest) + _BELOW


def _page(nodes: Sequence[Any], gradients: bool, slopes: bool, above: float) -> _Page:
    at = {node: i for i, node in enumerate(nodes)}
    parents = [[at[p] for p in parents_of(node)] for node in nodes]
    tall = (4 if gradients else 2) * _LINE + _PAD
    gap = 56 if slopes else 34
    column, y, between = place(parents, height=tall, gap=16, lane=14)
    top = min([h - tall / 2 for h in y] + [h for heights in between.values() for h in heights]) - above
    x = [float(_BELOW + c * (_WIDE + gap)) for c in column]
    moved = {edge: [h - top for h in heights] for edge, heights in between.items()}
    return _Page(parents, x, [h - top for h in y], moved, tall, gap)


@dataclass
class _Box:
    """What is written into one box."""

    node: Any
    measured: float | None
    times: Sequence[int]
    gradients: bool
    judged: bool
    slack: float

    @property
    def wrong(self) -> bool:
        grad = single(self.node.grad) if self.judged else None
        if grad is None or self.measured is None:
            return False
        return not math.isclose(grad, self.measured, rel_tol=_TOLERANCE, abs_tol=self.slack)

    def draw(self, x: float, y: float, tall: float, last: bool, current: bool) -> list[str]:
        leaf = not parents_of(self.node)
        fill = "#fff3b0" if current else "#e6f0f7" if leaf else "#fff"
        stroke, wide, dash = (
            (VERMILLION, 3.0, ' stroke-dasharray="7 3"') if self.wrong else ("#222", 2.2 if last else 1.2, "")
        )
        parts = [
            f'<rect x="{x:g}" y="{y:.1f}" width="{_WIDE}" height="{tall}" rx="{12 if leaf else 3}" '
            f'fill="{fill}" stroke="{stroke}" stroke-width="{wide}"{dash}/>'
        ]
        name = _shortened(str(getattr(self.node, "name", "") or ""), _ROOM)
        symbol = _shortened(_symbol(self.node), _ROOM - 1 - len(name))
        parts.append(_text(x + _PAD, y + _LINE, name, weight="bold", colour=BLUE))
        parts.append(_text(x + _WIDE - _PAD, y + _LINE, symbol, anchor="end", colour=GREY))
        rows = [("", _number(value_of(self.node)))]
        if self.gradients:
            rows += [("∂", _number(self.node.grad)), ("≈", _number(self.measured))]
        for k, (mark, number) in enumerate(rows, start=2):
            parts.append(_text(x + _PAD, y + k * _LINE, mark, colour=GREY))
            weight = "bold" if k == 2 else "normal"
            parts.append(_text(x + _WIDE - _PAD, y + k * _LINE, number, anchor="end", weight=weight))
        return parts + self._badge(x, y)

    def _badge(self, x: float, y: float) -> list[str]:
        if not self.times:
            return []
        shown = [str(n) for n in self.times[:4]] + ["…"] * (len(self.times) > 4)
        label = ",".join(shown)
        wide = 9 + 7 * len(label)
        left = x + _WIDE - wide + 6
        return [
            f'<rect x="{left:g}" y="{y - 14:.1f}" width="{wide}" height="17" rx="8.5" fill="#222"/>',
            _text(left + wide / 2, y - 1, label, size=11.5, anchor="middle", weight="bold", colour="#fff"),
        ]


def _arrows(nodes: Sequence[Any], page: _Page, slopes: bool) -> list[str]:
    lines, labels = [], []
    x, y, between = page.x, page.y, page.between
    for i, above in enumerate(page.parents):
        # arrows enter from top to bottom in the order in which they come in, so that they need not cross
        entries = sorted(range(len(above)), key=lambda k: (between.get((above[k], i), [y[above[k]]])[-1], k))
        apart = min(20, (page.tall - 12) / max(1, len(above) - 1))
        for rank, k in enumerate(entries):
            p = above[k]
            end = y[i] + (rank - (len(above) - 1) / 2) * apart
            points = [(x[p] + _WIDE, y[p])]
            for step, height in enumerate(between.get((p, i), ()), start=1):
                left = x[p] + step * (_WIDE + page.gap)
                points += [(left, height), (left + _WIDE, height)]
            points.append((x[i] - 5, end))
            lines.append(_curve(points, twin=above.count(p) > 1, rank=rank))
            lines.append(f'<path d="M{x[i]:g} {end:.1f}l-8 -4v8z" fill="#777"/>')
            if slopes and getattr(nodes[i], "slopes", None):
                slope = _number(nodes[i].slopes[k], digits=3)
                look: Any = {"size": 11, "anchor": "end", "colour": VERMILLION, "halo": True}
                labels.append(_text(x[i] - 9, end - 4, slope, **look))
    return lines + labels


def _curve(points: Sequence[tuple[float, float]], twin: bool, rank: int) -> str:
    (x, y), path = points[0], ""
    # two arrows from one box to another leave it at different heights, or they would look like one
    y += (rank - 0.5) * 10 if twin else 0
    path = f"M{x:g} {y:.1f}"
    for n, (x_next, y_next) in enumerate(points[1:]):
        if n % 2:  # straight past a column
            path += f"H{x_next:g}"
        else:
            middle = (x + x_next) / 2
            path += f"C{middle:.1f} {y:.1f} {middle:.1f} {y_next:.1f} {x_next:g} {y_next:.1f}"
        x, y = x_next, y_next
    return f'<path d="{path}" fill="none" stroke="#999" stroke-width="1.4"/>'


def _legend(gradients: bool, visits: bool, slopes: bool, wrong: bool, unmeasured: bool) -> list[str]:
    words = ["bold: the value"]
    words += ["∂: its gradient", "≈: the same by nudging"] * gradients
    words += ["≈ –: cannot be nudged"] * unmeasured
    words += ["on an arrow: local derivative"] * slopes
    words += ["white on black: visit"] * visits
    words += ["dashed frame: ∂ and ≈ differ"] * wrong
    return words


def _picture(parts: Sequence[str], width: float, height: float, legend: Sequence[str], words: str) -> Drawing:
    width = max(width, 260)
    rows = [""]
    for word in legend:
        longer = f"{rows[-1]} · {word}" if rows[-1] else word
        if rows[-1] and 6.7 * len(longer) > width - 2 * _BELOW:
            rows.append(word)
        else:
            rows[-1] = longer
    notes = [_text(_BELOW, height + 14 + 15 * k, row, size=11, colour=GREY) for k, row in enumerate(rows)]
    height += 12 + 15 * len(rows)
    size = f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"'
    # a ground of its own: a notebook may be dark
    ground = f'<rect width="{width:.0f}" height="{height:.0f}" rx="6" fill="#fff"/>'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" font-family="{_FONT}">'
    return Drawing("\n".join([head, ground, *parts, *notes, "</svg>"]), words)


def _text(
    x: float,
    y: float,
    text: str,
    size: float = 13,
    anchor: str = "start",
    weight: str = "normal",
    colour: str = "#222",
    halo: bool = False,
) -> str:
    if not text:
        return ""
    look = f'font-size="{size:g}" fill="{colour}"'
    look += f' text-anchor="{anchor}"' if anchor != "start" else ""
    look += ' font-weight="bold"' if weight == "bold" else ""
    look += f" {_HALO}" if halo else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" {look}>{escape(text)}</text>'


def _shortened(text: str, room: int) -> str:
    return text if len(text) <= room else text[: max(0, room - 1)] + "…"


def _symbol(node: Any) -> str:
    operation = operation_of(node)
    if operation is None:
        return ""
    name = operation if isinstance(operation, str) else getattr(operation, "__name__", "?")
    return _SYMBOLS.get(name, name)


def _number(value: Any, digits: int = 4) -> str:
    """Return a number in at most eight characters, an array's shape, or a dash for nothing."""
    if value is not None and getattr(value, "size", 1) != 1:
        return str(value.shape)
    number = single(value)
    if number is None:
        return "–"
    if not math.isfinite(number):
        return str(number)
    size = abs(number)
    places = digits - (size >= 10) - (size >= 100)
    if abs(number - round(number, places)) < 1e-9 and size < 1e5:  # as good as exact
        text = f"{number:.{places}f}".rstrip("0").rstrip(".")
        text = "0" if text == "-0" else text
    elif 10**-digits <= size < 1000:
        text = f"{number:.{places}f}"
    else:
        text = f"{number:.1e}"
    return text.replace("-", "−")
