"""The pictures of fooled classifiers show what they were given, and refuse what they cannot show."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from mininet_course.plots.adversarial import (
    against_epsilon,
    anatomy,
    flipped,
    four_pixels,
    growth,
    transfer,
    walk,
)
from mininet_course.plots.palette import VERMILLION
from tests.support.drawing import texts

# -- four pixels


def test_four_pixels_write_out_the_change_and_the_scores_before_and_after() -> None:
    figure = Figure()
    x, w = np.array([[0.8, 0.2], [0.4, 0.6]]), np.array([[2.0, -1.0], [-2.0, 1.0]])
    four_pixels(x, w, x - 0.25 * np.sign(w), figure=figure, names=("/", "\\"))
    image, weights, change, result = figure.axes
    assert texts(image) == ["0.80", "0.20", "0.40", "0.60", "score +1.20: \\"]
    assert texts(weights) == ["+2.00", "−1.00", "−2.00", "+1.00"]
    assert texts(change) == ["−0.25", "+0.25", "+0.25", "−0.25"]
    assert texts(result)[-1] == "score −0.30: /"


def test_four_pixels_adds_the_bias_and_wants_four_pixels() -> None:
    figure = Figure()
    four_pixels(np.ones((2, 2)), np.ones((2, 2)), np.ones((2, 2)), b=-5.0, figure=figure)
    assert texts(figure.axes[0])[-1] == "score −1.00: no"
    with pytest.raises(ValueError, match=r"expected changed of shape \(2, 2\), got \(4,\)"):
        four_pixels(np.ones((2, 2)), np.ones((2, 2)), np.ones(4))


def test_growth_draws_each_series_on_logarithmic_axes() -> None:
    ax = Figure().subplots()
    growth([4, 16], {"in step": [0.2, 0.1], "tossed": [0.3, 0.3]}, ax)
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    assert [list(line.get_ydata()) for line in ax.lines] == [[0.2, 0.1], [0.3, 0.3]]
    assert len({line.get_linestyle() for line in ax.lines} | {line.get_marker() for line in ax.lines}) == 4


# -- one image in full


def test_anatomy_names_both_guesses_and_the_largest_change() -> None:
    figure = Figure()
    image = np.zeros((2, 2))
    changed = np.array([[0.1, 0.0], [0.0, 0.05]])
    anatomy(image, changed, np.eye(10)[3], np.eye(10)[8], label=3, figure=figure, wanted=8)
    above = figure.axes[:3]
    assert [ax.get_title() for ax in above] == ["image: “3”", "change, at most 0.10", "result: “8”"]
    np.testing.assert_array_equal(above[1].images[0].get_array(), changed)
    assert above[1].images[0].get_clim() == (-0.1, 0.1)
    assert "label: 3\nwanted: 8" in texts(figure.axes[4])
    hatched = [bool(bar.get_hatch()) for bar in figure.axes[5].patches]
    assert hatched.index(True) == 3  # the label, missed


def test_anatomy_of_an_unchanged_image_can_be_drawn() -> None:
    anatomy(np.ones((2, 2)), np.ones((2, 2)), np.eye(3)[0], np.eye(3)[0], label=0, figure=Figure())
    with pytest.raises(ValueError, match=r"two images of one shape \(H, W\), got \(2, 2\) and \(4,\)"):
        anatomy(np.ones((2, 2)), np.ones(4), np.eye(3)[0], np.eye(3)[0], label=0)


def test_only_misread_images_are_framed_and_say_what_they_became() -> None:
    figure = Figure()
    thresholds = np.array([0.05, np.inf, 0.0])
    flipped(np.ones((3, 4, 4)), np.array([8, 3, 1]), np.array([3, 3, 2]), thresholds, figure)
    axes = figure.axes[:3]
    assert [ax.get_title() for ax in axes] == ["3 → 8", "3", "2 → 1"]
    framed = [any(to_hex(p.get_edgecolor()) == VERMILLION.lower() for p in ax.patches) for ax in axes]
    assert framed == [True, False, True]
    assert [texts(ax)[0] for ax in axes] == ["flips at 0.050", "never flips", "flips at 0.000"]
    with pytest.raises(ValueError, match=r"flipped: expected images .* got \(3, 4, 4\), \(2,\) and \(3,\)"):
        flipped(np.ones((3, 4, 4)), np.zeros(2), np.zeros(3))


# -- many images


def test_accuracy_is_the_mean_of_the_seeds_in_a_band_of_all() -> None:
    ax = Figure().subplots()
    against_epsilon([0, 0.1], {"one": np.array([0.9, 0.2]), "two": np.array([[1.0, 0.4], [0.8, 0.2]])}, ax)
    np.testing.assert_allclose([line.get_ydata() for line in ax.lines], [[0.9, 0.2], [0.9, 0.3]])
    (band,) = ax.collections
    corners = band.get_paths()[0].vertices
    assert {round(float(y), 3) for x, y in corners if x == 0} == {1.0, 0.8}
    with pytest.raises(ValueError, match="expected 2 values for 'bad', got 3"):
        against_epsilon([0, 0.1], {"bad": np.zeros(3)}, ax)


def test_a_walk_shows_path_square_and_only_the_steps_that_were_sent_back() -> None:
    ax = Figure().subplots()
    path = np.array([[0.1, 0.5], [0.2, 0.5]])
    returns = np.array([[[0.3, 0.5], [0.2, 0.5]], [[0.15, 0.5], [0.15, 0.5]]])
    walk(lambda p: p.sum(axis=1), {"steps": path}, np.array([0.1, 0.5]), 0.1, ax, returns)
    np.testing.assert_array_equal(ax.lines[0].get_xydata(), path)
    square = ax.patches[0]
    assert square.get_xy() == pytest.approx((0.0, 0.4))
    assert square.get_width() == pytest.approx(0.2)
    assert len(ax.texts) == 1  # one arrow
    with pytest.raises(ValueError, match=r"walk: expected a start of two pixels, \(2,\), got \(1, 2\)"):
        walk(lambda p: p.sum(axis=1), {}, np.zeros((1, 2)), 0.1)


def test_the_loss_is_drawn_on_the_paper_only() -> None:
    asked = []

    def loss(places: Any) -> Any:
        asked.append(places)
        return np.ones(len(places)) * places[:, 0]

    ax = Figure().subplots()
    walk(loss, {}, np.array([0.05, 0.5]), 0.1, ax)
    filled = np.concatenate([path.vertices for path in ax.collections[0].get_paths()])
    assert (asked[0][:, 0] < -0.05).any()  # the window goes beyond the paper
    assert filled[:, 0].min() >= 0  # the field does not


def test_transfer_writes_every_share_with_the_white_box_in_bold() -> None:
    ax = Figure().subplots()
    transfer(np.array([[0.07, 0.5], [0.456, 0.1]]), ["a", "b"], ax)
    assert texts(ax) == ["7 %", "50 %", "46 %", "10 %"]
    assert [text.get_fontweight() for text in ax.texts] == ["bold", "normal", "normal", "bold"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("read by", "made on")
    with pytest.raises(ValueError, match=r"expected a table \(3, 3\), got \(2, 2\)"):
        transfer(np.eye(2), ["a", "b", "c"])


def test_each_picture_opens_a_figure_where_none_is_given() -> None:
    growth([4, 16], {"a": [0.2, 0.1]})
    transfer(np.eye(2), ["a", "b"])
    against_epsilon([0, 1], {"a": np.zeros(2)})
    flipped(np.ones((1, 2, 2)), np.zeros(1), np.zeros(1))
    assert len(plt.get_fignums()) == 4
