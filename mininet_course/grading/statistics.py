"""Where a class failed: a table and a picture of every question."""

import csv
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib.figure import Figure

from mininet_course.exercise import Choice, Written
from mininet_course.grading.pack import EXERCISES, Pack
from mininet_course.grading.records import Record, write

# right on the cases that students see and not on the hidden ones is "partly"
STATES = ("right", "partly", "wrong", "not attempted")
LEGEND = ("right", "right on the cases shown, not on hidden ones", "wrong", "not attempted")
# Okabe and Ito's, told apart by colour-blind readers too
COLOURS = ("#009E73", "#F0E442", "#D55E00", "#DDDDDD")


@dataclass(frozen=True)
class Row:
    """One question: how many are in each state, and the known mistakes that were made, the most common first."""

    exercise: str
    counts: dict[str, int]
    mistakes: Sequence[tuple[str, int]]
    ended: int  # crashed, or ran out of time

    @property
    def common(self) -> str:
        """The most common known mistake, with how often it was made."""
        return f"{self.mistakes[0][0]} ({self.mistakes[0][1]})" if self.mistakes else ""


def table(pack: Pack, records: Sequence[Record]) -> list[Row]:
    """Return a row for every question that is not marked by hand, in the assignment's order."""
    rows = []
    for name in pack.points:
        if isinstance(EXERCISES[name], Written):
            continue
        found = [record.judgements[name] for record in records if name in record.judgements]
        states = Counter(judgement.state for judgement in found)
        mistakes = Counter(judgement.mistake for judgement in found if judgement.mistake)
        if isinstance(EXERCISES[name], Choice):
            mistakes = Counter({f"answer {letter}": times for letter, times in mistakes.items()})
        counts = {state: states[state] for state in STATES}
        rows.append(Row(name, counts, mistakes.most_common(), sum(bool(j.incident) for j in found)))
    return rows


def lines(rows: Sequence[Row]) -> list[str]:
    """Return the table as text."""
    width = max((len(row.exercise) for row in rows), default=0)
    head = f"{'':<{width}}  right  partly  wrong  not attempted  most common mistake"
    texts = [
        "{:<{}}{:>7}{:>8}{:>7}{:>15}  {}".format(
            row.exercise, width, *row.counts.values(), row.common
        ).rstrip()
        for row in rows
    ]
    return [head, *texts]


def save(pack: Pack, records: Sequence[Record]) -> None:
    """Write ``statistics.csv`` and ``statistics.png`` into the assignment's folder."""
    rows = table(pack, records)
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    out.writerow(["exercise", "title", *STATES, "share right", "ended by force", "known mistakes"])
    for row in rows:
        share = row.counts["right"] / max(sum(row.counts.values()), 1)
        known = "; ".join(f"{mistake} ({times})" for mistake, times in row.mistakes)
        title = EXERCISES[row.exercise].title
        out.writerow([row.exercise, title, *row.counts.values(), f"{share:.2f}", row.ended, known])
    write(pack.folder / "statistics.csv", text.getvalue())
    if rows:
        plot(pack, rows, pack.folder / "statistics.png")


def plot(pack: Pack, rows: Sequence[Row], file: Path) -> None:
    """Draw one bar a question: the shares of the states, and the most common mistake beside it."""
    figure = Figure(figsize=(11, 1.3 + 0.34 * len(rows)), layout="constrained")
    axes = figure.add_subplot()
    places = range(len(rows))
    left = [0.0] * len(rows)
    for state, colour, label in zip(STATES, COLOURS, LEGEND, strict=True):
        shares = [row.counts[state] / max(sum(row.counts.values()), 1) for row in rows]
        axes.barh(places, shares, left=left, color=colour, label=label, height=0.72)
        for place, share, start, row in zip(places, shares, left, rows, strict=True):
            if share > 0.04:
                axes.text(
                    start + share / 2, place, str(row.counts[state]), ha="center", va="center", fontsize=8
                )
        left = [start + share for start, share in zip(left, shares, strict=True)]
    for place, row in zip(places, rows, strict=True):
        if row.common:
            axes.text(1.01, place, row.common, va="center", fontsize=8)
    axes.set_yticks(places, [f"{EXERCISES[row.exercise].title}   {row.exercise}" for row in rows], fontsize=8)
    axes.invert_yaxis()
    axes.set_xlim(0, 1)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "", "half", "", "all"])
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(left=False)
    axes.set_title(f"{pack.name}: how many solved it, and the most common mistake", loc="left")
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, -0.9 / len(rows) - 0.12), ncols=4, frameon=False)
    figure.savefig(file, dpi=130)
