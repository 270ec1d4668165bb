"""Frames: a plain slider over pictures that were drawn beforehand, as a page holds them."""

import base64
import html
import io
import json
import re

import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

from mininet_course.plots.film import frames
from mininet_course.plots.frames import MOST_BYTES, Frame, value_text
from mininet_course.plots.frames import html as frames_html
from mininet_course.plots.palette import CYCLE

SLOPES = [0.5, 1.0, 2.0]


def line(slope: float) -> None:
    plt.figure(figsize=(3, 2))
    plt.plot([0, 1], [0, slope], color=CYCLE[1])
    plt.title(f"rises to {slope}")


def rows(text: str) -> list[list[str]]:
    """Return value, words, alt text and picture of every frame in a page's text."""
    found: list[list[str]] = json.loads(html.unescape(re.search(r'data-frames="([^"]*)"', text)[1]))  # type: ignore[index]
    return found


def images(text: str) -> list[Image.Image]:
    return [Image.open(io.BytesIO(base64.b64decode(row[3].split(",")[1]))) for row in rows(text)]


def test_every_value_has_its_picture_its_number_and_its_words() -> None:
    text = frames(line, SLOPES, "slope", "A line that rises.").html
    assert [row[0] for row in rows(text)] == ["0.5", "1", "2"]
    assert rows(text)[2][1] == "rises to 2.0"
    assert rows(text)[2][2] == "A line that rises. slope 2. rises to 2.0"
    assert len({row[3] for row in rows(text)}) == 3


def test_the_frame_seen_first_is_the_one_asked_for() -> None:
    text = frames(line, SLOPES, "slope", "A line that rises.", start=2).html
    shown = re.search(r'<img alt="([^"]*)" src="([^"]*)"', text)
    assert shown is not None
    assert list(shown.groups()) == rows(text)[2][2:]
    assert 'value="2"' in text
    assert "<output>2</output>" in text


def test_all_pictures_are_cut_alike_with_a_palette_and_in_their_colours() -> None:
    def shifting(
        digits: int,
    ) -> None:  # labels of different widths would shift a picture that is cut by itself
        plt.figure(figsize=(3, 2))
        plt.plot([0, 10**digits], "s", color=CYCLE[1])

    pictures = images(frames(shifting, [0, 3, 6], "digits", "Two marks.").html)
    assert len({picture.size for picture in pictures}) == 1
    assert {picture.mode for picture in pictures} == {"P"}
    for picture in pictures:
        colours = np.array(picture.convert("RGB")).reshape(-1, 3).astype(int)
        mark = np.array([int(CYCLE[1][i : i + 2], 16) for i in (1, 3, 5)])
        assert np.abs(colours - mark).sum(axis=1).min() <= 12, "the small marks have lost their colour"
        assert (colours == 255).all(axis=1).mean() > 0.5, "the paper is no longer white"


def test_the_same_call_gives_the_same_text_without_ids() -> None:
    first, second = (frames(line, SLOPES, "slope", "A line that rises.").html for _ in range(2))
    assert first == second
    assert " id=" not in first
    assert "http" not in first


def test_no_figure_is_left_for_the_cell_to_show() -> None:
    before = plt.figure()
    frames(line, SLOPES, "slope", "A line that rises.")
    assert plt.get_fignums() == [before.number]


def test_words_with_quotes_and_angles_stay_words() -> None:
    text = frames_html([Frame("<1>", b"x", 'a "b"'), Frame("2", b"y")], "<ε>", '"alt" & more')
    assert rows(text)[0][:3] == ["<1>", 'a "b"', '"alt" & more <ε> <1>. a "b"']
    assert "<1>" not in text
    assert "<ε>" not in text


def test_values_are_written_as_a_slider_would() -> None:
    assert value_text(0.1 + 0.2) == "0.3"
    assert value_text(np.float32(0.25), ".0%") == "25%"
    assert value_text("ReLU") == "ReLU"
    assert value_text(3, "d") == "3"


@pytest.mark.parametrize("values", [[], [1.0], list(range(61))], ids=["none", "one", "61"])
def test_too_few_or_too_many_values_are_refused_before_anything_is_drawn(values: list[float]) -> None:
    with pytest.raises(ValueError, match=f"expected 2 to 60 values, one for each picture, got {len(values)}"):
        frames(lambda value: pytest.fail("was called"), values, "slope", "A line that rises.")


def test_a_start_beyond_the_values_is_refused() -> None:
    with pytest.raises(ValueError, match="a place among 3 values, from 0, got 3"):
        frames(line, SLOPES, "slope", "A line that rises.", start=3)


def test_a_function_that_draws_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match=re.escape("to draw one new figure for 0.5, got 0 figures.")):
        frames(lambda slope: None, SLOPES, "slope", "A line that rises.")
    with pytest.raises(ValueError, match="got an empty one"):
        frames(lambda slope: plt.figure(), SLOPES, "slope", "A line that rises.")
    assert plt.get_fignums() == []


def test_a_function_that_draws_two_figures_is_refused() -> None:
    with pytest.raises(ValueError, match="got 2 figures"):
        frames(lambda slope: (line(slope), line(slope)), SLOPES, "slope", "A line that rises.")
    assert plt.get_fignums() == []


def test_a_set_too_large_for_a_page_is_refused() -> None:
    heavy = [Frame("1", bytes(MOST_BYTES // 2)), Frame("2", bytes(MOST_BYTES // 2))]
    with pytest.raises(ValueError, match=r"at most 400,000 bytes, got [\d,]+ for 2 pictures. Take fewer"):
        frames_html(heavy, "slope", "A line that rises.")
