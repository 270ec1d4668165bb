"""The pictures of inventories, halves, adapters and files show what they claim."""

import numpy as np
import pytest
from matplotlib.patches import FancyBboxPatch, Rectangle

from mininet import nn
from mininet_course.plots.framework import (
    answers,
    bridge,
    file_layout,
    halves,
    inventory,
    inventory_rows,
    overlaid,
)
from tests.support.drawing import new_ax, texts


def widths(ax) -> list[float]:  # type: ignore[no-untyped-def]
    return [p.get_width() for p in ax.patches if isinstance(p, Rectangle)]


STATE = {
    "first.weight": np.ones((4, 3)),
    "first.bias": np.ones(3),
    "readers.0.weight": np.ones((3, 2)),
    "readers.1.weight": np.ones((3, 2)),
    "mix": np.ones(2),
}


def test_an_inventory_lists_names_at_their_depth_with_shapes_and_counts() -> None:
    rows = [(row.depth, row.label, row.shape, row.count) for row in inventory_rows(STATE)]
    assert rows == [
        (0, "first", None, 15),
        (1, "weight", (4, 3), 12),
        (1, "bias", (3,), 3),
        (0, "readers", None, 12),
        (1, "0", None, 6),
        (2, "weight", (3, 2), 6),
        (1, "1", None, 6),
        (2, "weight", (3, 2), 6),
        (0, "mix", (2,), 2),
    ]


def test_buffers_stand_with_their_layer_though_they_come_last_in_the_state() -> None:
    net = nn.Sequential(nn.Linear(2, 3, np.random.default_rng(0)), nn.BatchNorm1d(3), nn.ReLU())
    labels = [row.label for row in inventory_rows(net.state_dict())]
    assert labels == ["0", "weight", "bias", "1", "weight", "bias", "running_mean", "running_var"]


def test_a_name_that_begins_like_another_is_no_drawer_of_it() -> None:
    rows = inventory_rows({"a.w": np.ones(2), "ab.w": np.ones(3)})
    assert [(row.label, row.count) for row in rows] == [("a", 2), ("w", 2), ("ab", 3), ("w", 3)]


def test_the_drawn_inventory_adds_up_and_its_bars_are_shares() -> None:
    ax = new_ax()
    inventory(STATE, ax=ax, title="a tree")
    written = texts(ax)
    assert "29" in written and written.count("(3, 2)") == 2 and ax.get_title() == "a tree"
    bars = widths(ax)
    assert len(bars) == 5
    np.testing.assert_allclose(np.array(bars) / bars[-1], [6, 1.5, 3, 3, 1])
    with pytest.raises(ValueError, match="at least one array"):
        inventory({}, ax=new_ax())


def test_the_map_names_every_part_of_both_halves() -> None:
    ax = new_ax()
    halves(ax=ax)
    written = " ".join(texts(ax))
    for name in (
        "layers",
        "tensor",
        "functional",
        "nn",
        "OnArrays",
        "optim",
        "training",
        "attacks",
        "kernels",
    ):
        assert name in written, name


def test_the_adapter_has_arrows_both_ways_through_the_module() -> None:
    ax = new_ax()
    bridge(ax=ax)
    assert {"OnArrays", "x", "out", "grad", "dx"} <= set(texts(ax))
    assert sum(isinstance(p, FancyBboxPatch) for p in ax.patches) == 2
    arrows = [a for a in ax.texts if getattr(a, "arrow_patch", None) is not None]
    dashed = [a for a in arrows if a.arrow_patch.get_linestyle() not in ("-", "solid")]
    assert (len(arrows), len(dashed)) == (5, 3)


def test_equal_series_run_one_upon_the_other() -> None:
    ax = new_ax()
    overlaid([3.0, 2.0], [3.0, 2.5], ax=ax, labels=("a", "b"))
    wide, thin = ax.lines
    assert wide.get_linewidth() > 3 * thin.get_linewidth()
    assert list(wide.get_ydata()) == [3.0, 2.0] and list(thin.get_ydata()) == [3.0, 2.5]
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["a", "b"]


@pytest.mark.parametrize(
    ("wide", "thin", "said"),
    [([1.0], [1.0, 2.0], "one length"), ([], [], "one length"), ([1.0], [float("nan")], "finite")],
)
def test_series_that_cannot_be_laid_on_one_another_are_refused(wide, thin, said) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=said):
        overlaid(wide, thin, ax=new_ax())


def test_equal_answers_do_not_hide_one_another() -> None:
    ax = new_ax()
    answers({"train": np.array([0.2, 0.7]), "eval": np.full(3, 0.5)}, ax=ax)
    for line, count in zip(ax.lines, (2, 3), strict=True):
        assert len(set(line.get_ydata())) == count
    assert [t.get_text() for t in ax.get_yticklabels()] == ["train", "eval"]
    with pytest.raises(ValueError, match="at least one row"):
        answers({}, ax=new_ax())


def test_a_file_is_drawn_to_scale() -> None:
    ax = new_ax()
    file_layout({"length": 8, "header": 80, "w": 112}, ax=ax)
    bars = [p for p in ax.patches if isinstance(p, Rectangle)]
    assert [p.get_width() for p in bars] == [8, 80, 112]
    assert [p.get_x() for p in bars] == [0, 8, 88]
    assert "length, 8" in texts(ax) and "w\n112 bytes" in texts(ax)
    with pytest.raises(ValueError, match="at least one byte"):
        file_layout({"empty": 0}, ax=new_ax())
