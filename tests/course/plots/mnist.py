"""The pictures of the chapter on digits show what they were given, and refuse what they cannot show."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure

from mininet_course.plots.images import bars, confusion, images, pixels, reading
from mininet_course.plots.mnist import valley
from tests.support.drawing import texts


def test_each_image_is_drawn_under_its_title_in_rows() -> None:
    figure = Figure()
    stack = np.arange(5 * 4).reshape(5, 2, 2)
    images(stack, titles=list("abcde"), columns=3, figure=figure)
    (ax,) = figure.axes
    assert texts(ax) == list("abcde")
    for drawn, title, image in zip(ax.images, ax.texts, stack, strict=True):
        np.testing.assert_array_equal(drawn.get_array(), image)
        left, right, bottom, top = drawn.get_extent()
        x, y = title.get_position()
        assert left < x < right
        assert y < top < bottom  # the axis points down
    tops = [drawn.get_extent()[3] for drawn in ax.images]
    assert tops[0] == tops[1] == tops[2] < tops[3] == tops[4]
    lefts = [drawn.get_extent()[0] for drawn in ax.images]
    assert lefts[0] == lefts[3] < lefts[1] == lefts[4] < lefts[2]


def test_images_share_one_scale_so_that_they_can_be_compared() -> None:
    figure = Figure()
    images(np.stack([np.full((2, 2), 10.0), np.full((2, 2), 200.0)]), figure=figure)
    assert [drawn.get_clim() for drawn in figure.axes[0].images] == [(0, 200), (0, 200)]


def test_weights_are_drawn_symmetric_around_zero() -> None:
    figure = Figure()
    images(np.array([[[-3.0, 0.0], [1.0, 2.0]]]), figure=figure, diverging=True)
    picture = figure.axes[0].images[0]
    low, high = picture.get_clim()
    assert low == -high
    assert 2.9 < high <= 3
    assert picture.cmap(picture.norm(0.0))[:3] == pytest.approx((1, 1, 1), abs=0.02)


def test_one_extreme_weight_does_not_make_the_others_pale() -> None:
    figure = Figure()
    weights = np.ones((1, 40, 40))
    weights[0, 0, 0] = 1000
    images(weights, figure=figure, diverging=True)
    assert figure.axes[0].images[0].get_clim()[1] == pytest.approx(1)


@pytest.mark.parametrize("diverging", [False, True])
def test_a_blank_image_is_white_paper_with_an_edge(diverging: bool) -> None:
    figure = Figure()
    images(np.zeros((1, 3, 3)), figure=figure, diverging=diverging)
    (ax,) = figure.axes
    (picture,), (frame,) = ax.images, ax.patches
    assert picture.get_clim() == (-1.0 if diverging else 0.0, 1.0)  # no scale from 0 to 0
    painted = picture.cmap(picture.norm(picture.get_array()))
    np.testing.assert_allclose(painted, 1, atol=0.01)
    assert (frame.get_width(), frame.get_height()) == (3, 3)


def test_images_opens_a_figure_where_none_is_given() -> None:
    images(np.ones((2, 3, 3)))
    assert len(plt.get_fignums()) == 1


@pytest.mark.parametrize("shape", [(28, 28), (5, 784), (0, 28, 28), (2, 3, 4, 5)])
def test_images_needs_a_stack_of_images(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"images: expected an array \(N, H, W\), got"):
        images(np.zeros(shape))


def test_images_needs_a_title_for_each() -> None:
    with pytest.raises(ValueError, match="a title for each of 3 images, got 2"):
        images(np.zeros((3, 2, 2)), titles=["a", "b"])


def test_pixels_writes_every_value_readable_on_its_grey() -> None:
    figure = Figure()
    ax = figure.subplots()
    pixels(np.array([[0, 255], [64, 7]]), ax)
    assert texts(ax) == ["0", "255", "64", "7"]
    assert [text.get_color() for text in ax.texts] == ["black", "white", "black", "black"]
    with pytest.raises(ValueError, match=r"pixels: expected one image \(H, W\), got \(1, 2, 2\)"):
        pixels(np.zeros((1, 2, 2)))


def test_confusion_shows_every_count_and_colours_mistakes_only() -> None:
    ax = Figure().subplots()
    confusion(np.array([[1000, 2], [0, 7]]), ax, names=["cat", "dog"])
    assert texts(ax) == ["1,000", "2", "·", "7"]
    np.testing.assert_array_equal(ax.images[0].get_array(), [[0, 2], [0, 0]])
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("the guess", "the truth")
    assert [label.get_text() for label in ax.get_yticklabels()] == ["cat", "dog"]


def test_a_perfect_confusion_matrix_is_grey_on_the_diagonal_and_white_beside_it() -> None:
    ax = Figure().subplots()
    confusion(np.eye(3, dtype=int) * 5, ax)
    assert texts(ax) == ["5", "·", "·", "·", "5", "·", "·", "·", "5"]
    (mistakes,) = ax.images
    np.testing.assert_allclose(mistakes.cmap(mistakes.norm(mistakes.get_array())), 1)
    assert [cell.get_center().tolist() for cell in ax.patches] == [[0, 0], [1, 1], [2, 2]]


def test_confusion_needs_a_square() -> None:
    with pytest.raises(ValueError, match=r"confusion: expected a square matrix \(C, C\), got \(2, 3\)"):
        confusion(np.zeros((2, 3)))


def test_bars_mark_the_guess_and_the_missed_truth_in_different_ways() -> None:
    ax = Figure().subplots()
    bars(np.array([0.7, 0.296, 0.004]), ax, label=1)
    assert [round(bar.get_width(), 3) for bar in ax.patches] == [0.7, 0.296, 0.004]
    assert texts(ax) == ["70 %", "30 %", "<1 %"]
    assert [bool(bar.get_hatch()) for bar in ax.patches] == [False, True, False]
    assert ax.patches[0].get_facecolor() != ax.patches[2].get_facecolor()
    assert [label.get_fontweight() for label in ax.get_yticklabels()] == ["normal", "bold", "normal"]


def test_a_right_guess_is_not_hatched() -> None:
    ax = Figure().subplots()
    bars(np.array([0.7, 0.3]), ax, label=0)
    assert not any(bar.get_hatch() for bar in ax.patches)
    with pytest.raises(
        ValueError, match=r"bars: expected the probabilities of one image, \(C,\), got \(1, 2\)"
    ):
        bars(np.ones((1, 2)))


def test_reading_shows_the_image_beside_its_bars() -> None:
    figure = Figure()
    reading(np.eye(4), np.array([0.2, 0.8]), label=0, figure=figure, names=["cat", "dog"])
    left, right = figure.axes
    np.testing.assert_array_equal(left.images[0].get_array(), np.eye(4))
    assert left.get_title() == "guess dog, label cat"
    assert len(right.patches) == 2
    with pytest.raises(ValueError, match="reading: expected one image"):
        reading(np.zeros(16), np.ones(2))


def test_valley_draws_each_path_where_it_went() -> None:
    ax = Figure().subplots()
    paths = {"plain": np.array([[4.0, 1.0], [3.0, -0.5]]), "other": np.array([[4.0, 1.0], [0.0, 0.0]])}
    valley(paths, steepness=20, ax=ax)
    for line, (name, path) in zip(ax.lines, paths.items(), strict=False):
        np.testing.assert_array_equal(line.get_xydata(), path)
        assert line.get_label() == name
    assert ax.lines[0].get_linestyle() != ax.lines[1].get_linestyle()
    np.testing.assert_array_equal(ax.lines[2].get_xydata(), [[0, 0]])
    assert ax.get_xlim()[1] >= 4


@pytest.mark.parametrize("paths", [{}, {"a": np.zeros(3)}, {"a": np.zeros((3, 3))}])
def test_valley_needs_paths_in_the_plane(paths: dict[str, np.ndarray]) -> None:
    with pytest.raises(ValueError, match=r"valley: expected at least one path of shape \(T, 2\)"):
        valley(paths, steepness=2)
