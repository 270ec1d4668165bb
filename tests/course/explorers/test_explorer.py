"""What all pictures and explorers share: the course's style, stills, and an answer to every control."""

import re

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from ipywidgets import Button, Dropdown, FloatLogSlider, FloatSlider, IntSlider

from mininet_course.explorers.explorer import MOST_STOPS, explorer, stops, svg_explorer
from mininet_course.explorers.intro import browse
from mininet_course.plots.frames import FRAMES
from mininet_course.plots.style import new_axes, new_figure, png, style


def test_style_is_undone_after_the_block_and_leaves_interactive_mode_alone() -> None:
    before = mpl.rcParams["font.size"]
    with style():
        plt.ion()
        assert mpl.rcParams["axes.spines.top"] is False
    assert mpl.rcParams["font.size"] == before
    # rc_context would switch it off again, and a notebook would show no further figure
    assert plt.isinteractive()
    plt.ioff()


def test_new_axes_and_figure_have_the_size_asked_for() -> None:
    assert tuple(new_axes(3, 2).figure.get_size_inches()) == (3, 2)
    assert tuple(new_figure(5, 4).get_size_inches()) == (5, 4)


def test_png_draws_without_leaving_a_figure_open() -> None:
    assert png(lambda figure: figure.subplots().plot([0, 1])).startswith(b"\x89PNG")
    assert plt.get_fignums() == []


def line(figure, slope: float) -> None:
    figure.subplots().plot([0, 1], [0, slope])


def test_a_moved_control_changes_the_picture_and_the_still() -> None:
    slider = FloatSlider(1.0)
    widget = explorer(line, {"slope": slider}, "A line that rises with the slider.")
    still, html = widget.still, widget.picture.value
    slider.value = 3.0
    assert widget.still != still
    assert widget.picture.value != html
    assert 'alt="A line that rises with the slider."' in widget.picture.value


def test_a_control_without_value_is_shown_and_not_passed_on() -> None:
    button = Button(description="again")
    widget = explorer(line, {"slope": FloatSlider(1.0), "again": button}, "A line.")
    assert button in widget.children[0].children


def test_an_error_in_the_first_drawing_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        explorer(lambda figure, slope: line(figure, 1 / slope), {"slope": FloatSlider(0.0)}, "A line.")


def test_a_later_error_is_shown_in_place_of_the_picture_and_forgotten_when_it_is_gone() -> None:
    slider = FloatSlider(1.0)
    widget = explorer(lambda figure, slope: line(figure, 1 / slope), {"slope": slider}, "A line.")
    slider.value = 0.0
    assert "ZeroDivisionError: float division by zero" in widget.picture.value
    assert "<img" not in widget.picture.value
    slider.value = 2.0
    assert "<img" in widget.picture.value


def test_notebook_output_holds_the_still_and_its_words() -> None:
    bundle = explorer(line, {"slope": FloatSlider(1.0)}, "A line.")._repr_mimebundle_()
    assert bundle["image/png"].startswith("iVBOR")
    assert bundle["text/plain"] == "A line."
    assert "application/vnd.jupyter.widget-view+json" in bundle


def test_frames_are_drawn_only_where_the_book_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    drawings = []

    def counted(figure, slope: float, offset: float) -> None:
        drawings.append((slope, offset))
        figure.subplots().plot([0, 1], [offset, slope])
        figure.suptitle(f"slope {slope}")

    controls = {"slope": IntSlider(1, min=0, max=3, description="rise"), "offset": FloatSlider(0.5)}
    widget = explorer(counted, controls, "A line.", frames="slope")
    assert set(widget._repr_mimebundle_()) >= {"image/png"}
    assert drawings == [(1, 0.5)]
    monkeypatch.setenv(FRAMES, "1")
    bundle = widget._repr_mimebundle_()
    assert drawings[1:] == [(0, 0.5), (1, 0.5), (2, 0.5), (3, 0.5)]
    assert "image/png" not in bundle
    assert 'alt="A line. rise 1. slope 1"' in bundle["text/html"]
    assert bundle["text/plain"] == "A line."


def test_an_explorer_without_frames_keeps_its_still_in_the_book(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FRAMES, "1")
    bundle = explorer(line, {"slope": FloatSlider(1.0)}, "A line.")._repr_mimebundle_()
    assert "image/png" in bundle
    assert "text/html" not in bundle


def test_drawings_become_frames_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FRAMES, "1")
    box = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="{0}" height="9"><rect width="{0}" height="9"/></svg>'
    )
    widget = svg_explorer(lambda w: box.format(w), {"w": IntSlider(5, min=1, max=9)}, "A bar.", frames="w")
    text = widget._repr_mimebundle_()["text/html"]
    assert text.count("data:image/svg+xml;base64,") == 9 + 1  # the one seen first stands there twice


def test_stops_of_a_control_are_its_own_values_and_hold_the_present_one() -> None:
    assert stops(FloatSlider(0.3, min=0, max=0.4, step=0.1)) == ([0.0, 0.1, 0.2, 0.3, 0.4], 3)
    assert stops(Dropdown(options=["ReLU", "tanh"], value="tanh")) == (["ReLU", "tanh"], 1)
    values, now = stops(FloatLogSlider(1.0, min=-1, max=1, step=0.5))
    assert now == 2
    np.testing.assert_allclose(values, [0.1, 10**-0.5, 1, 10**0.5, 10])


def test_a_fine_slider_has_few_stops_both_ends_among_them() -> None:
    values, now = stops(IntSlider(123, min=0, max=1000))
    assert len(values) == MOST_STOPS + 1
    assert (values[0], values[now], values[-1]) == (0, 123, 1000)
    assert stops(IntSlider(0, min=0, max=1000), 3)[0] == [0, 500, 1000]


def test_browsing_shows_another_image() -> None:
    rng = np.random.default_rng(0)
    widget = browse(rng.random((3, 8, 8)), np.array([0, 1, 2]), np.eye(3))
    before = widget.still
    widget.controls["image"].value = 2
    assert widget.still != before


def test_browsing_refuses_lists_of_different_lengths() -> None:
    with pytest.raises(ValueError, match=re.escape("got 3, 2 and 3")):
        browse(np.zeros((3, 8, 8)), np.array([0, 1]), np.eye(3))
