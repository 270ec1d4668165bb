"""The explorers of the chapter on digits answer to their controls."""

from collections.abc import Iterator

import numpy as np
import pytest

from mininet.arrays import Array, Floats
from mininet.data import DataLoader, digits, to_unit
from mininet.layers import mlp
from mininet.losses import cross_entropy
from mininet.optim import SGD
from mininet.training import train_step
from mininet_course.explorers import mnist
from mininet_course.explorers.mnist import (
    BOX,
    EXAMPLE,
    draw_digit,
    mistake_browser,
    strokes_to_image,
    training_stepper,
    weights_explorer,
)

DIGITS = digits()
X, Y = to_unit(DIGITS.x_train[:200].reshape(-1, 64)), DIGITS.y_train[:200]


@pytest.fixture(autouse=True)
def no_reading_in_mid_stroke(monkeypatch: pytest.MonkeyPatch) -> None:
    # how often a stroke is read while it is drawn depends on the clock
    monkeypatch.setattr(mnist, "REFRESH", 3600)


# -- training step by step


def training() -> Iterator[tuple[float, Array]]:
    rng = np.random.default_rng(0)
    net = mlp([64, 10], rng)
    optimizer = SGD(net.parameters(), lr=0.5)
    while True:
        for x, y in DataLoader(X, Y, 100, rng):
            loss, _ = train_step(net, cross_entropy, optimizer, x, y)
            yield loss, net.parameters()[0].data.T.reshape(10, 8, 8)


def test_the_buttons_train_the_readers_own_loop() -> None:
    explorer = training_stepper(training, steps=2)
    assert len(explorer.losses) == 2
    still = explorer.still
    explorer.controls["1"].click()
    assert len(explorer.losses) == 3
    assert explorer.still != still
    explorer.controls["10"].click()
    assert len(explorer.losses) == 13
    assert explorer.losses[-1] < explorer.losses[0] / 1.5


def test_start_again_repeats_the_same_training() -> None:
    explorer = training_stepper(training, steps=5)
    first = list(explorer.losses)
    explorer.controls["again"].click()
    assert explorer.losses == first[:1]
    explorer.controls["10"].click()
    assert explorer.losses[:5] == first


def test_a_training_loop_that_ends_stops_the_counter_without_an_error() -> None:
    def three() -> Iterator[tuple[float, Floats]]:
        for loss in (3.0, 2.0, 1.0):
            yield loss, np.ones((2, 4, 4))

    explorer = training_stepper(three, steps=2)
    explorer.controls["10"].click()
    assert explorer.losses == [3.0, 2.0, 1.0]


def test_a_training_loop_that_yields_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"expected training\(\) to yield \(loss, weights\) at least once"):
        training_stepper(lambda: iter(()))


@pytest.mark.parametrize(
    ("function", "error", "message"),
    [
        (lambda: None, TypeError, "to be a generator, got NoneType. Is there a `yield` in it"),
        (training(), TypeError, r"expected a function, got generator. Pass training, not training\(\)"),
        (lambda: iter([0.5]), TypeError, r"to yield \(loss, weights\), a number and an array, got 0.5"),
        (lambda: iter([(np.ones(3), np.ones((2, 4, 4)))]), TypeError, r"to yield \(loss, weights\)"),
        (lambda: iter([(1.0, np.ones((64, 10)))]), ValueError, r"\(units, H, W\), got \(64, 10\)"),
        (lambda: iter([(np.nan, np.ones((2, 4, 4)))]), ValueError, "diverged. Try a lower learning rate"),
        (lambda: iter([(1.0, np.full((2, 4, 4), np.inf))]), ValueError, "diverged"),
    ],
)
def test_a_training_loop_that_does_not_fit_is_told_why(function, error, message) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(error, match=message):
        training_stepper(function)


def test_an_error_of_the_readers_loop_is_shown_and_start_again_recovers() -> None:
    def fragile() -> Iterator[tuple[float, Floats]]:
        yield 1.0, np.ones((2, 4, 4))
        raise KeyError("my own mistake")

    explorer = training_stepper(fragile, steps=1)
    explorer.controls["1"].click()
    assert "my own mistake" in explorer.picture.value
    explorer.controls["again"].click()
    assert "<img" in explorer.picture.value
    assert explorer.losses == [1.0]


# -- weights and mistakes


def test_the_epoch_slider_changes_the_weights_on_show() -> None:
    rng = np.random.default_rng(0)
    explorer = weights_explorer([rng.normal(size=(16, 20)) for _ in range(3)], [0.1, 0.8, 0.9], (4, 4))
    last = explorer.still
    assert (explorer.controls["epoch"].value, explorer.controls["epoch"].max) == (2, 2)
    explorer.controls["epoch"].value = 0
    assert explorer.still != last


def test_a_network_without_mistakes_can_be_shown() -> None:
    assert weights_explorer([np.zeros((16, 3)), np.ones((16, 3))], [0.5, 1.0], (4, 4)).still


def test_every_snapshot_needs_its_accuracy() -> None:
    with pytest.raises(ValueError, match="one accuracy for each snapshot, got 1 for 2"):
        weights_explorer([np.zeros((16, 3)), np.ones((16, 3))], [0.1], (4, 4))


def test_snapshots_of_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match=r"expected weights of shape \(16, units\).*got \(3, 16\)"):
        weights_explorer([np.zeros((3, 16))], [0.1], (4, 4))


def test_the_mistake_slider_shows_one_image_after_the_other() -> None:
    explorer = mistake_browser(DIGITS.x_test[:3], DIGITS.y_test[:3], np.eye(10)[:3])
    stills = [explorer.still]
    explorer.controls["number"].value = 2
    stills.append(explorer.still)
    assert len(set(stills)) == 2


def test_browsing_arrays_of_different_lengths_is_an_error() -> None:
    with pytest.raises(ValueError, match="mistake_browser: expected images"):
        mistake_browser(DIGITS.x_test[:3], DIGITS.y_test[:2], np.eye(10)[:3])
    with pytest.raises(ValueError, match="mistake_browser: expected images"):
        mistake_browser(DIGITS.x_test[:0], DIGITS.y_test[:0], np.eye(10)[:0])


# -- drawing


def ink_box(image: Floats) -> tuple[int, int]:
    rows, columns = np.nonzero(image > 0.1)
    return int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1


def centre_of_mass(image: Floats) -> tuple[float, float]:
    rows, columns = np.indices(image.shape)
    return float((image * rows).sum() / image.sum()), float((image * columns).sum() / image.sum())


STROKES = [
    EXAMPLE,
    [[(10.0, 10.0), (10.0, 260.0)]],  # a one
    [[(0.0, 0.0), (250.0, 0.0), (100.0, 270.0)]],  # a seven
    [[(30.0, 10.0), (10.0, 60.0), (60.0, 60.0)], [(50.0, 20.0), (50.0, 100.0)]],  # a four, small, in a corner
]


@pytest.mark.parametrize("strokes", STROKES)
def test_a_drawing_becomes_an_image_as_mnist_makes_them(strokes: list[list[tuple[float, float]]]) -> None:
    image = strokes_to_image(strokes)
    assert image.shape == (28, 28)
    assert image.dtype == np.float32
    assert 0 <= image.min() <= image.max() == pytest.approx(1)
    assert max(ink_box(image)) in (BOX - 1, BOX, BOX + 1)
    assert centre_of_mass(image) == pytest.approx((13.5, 13.5), abs=0.1)


def test_size_and_place_of_the_drawing_do_not_matter() -> None:
    small = [[(x / 3 + 150, y / 3 + 20) for x, y in stroke] for stroke in EXAMPLE]
    np.testing.assert_allclose(strokes_to_image(small), strokes_to_image(EXAMPLE), atol=1e-4)


def test_ink_is_thickest_on_the_stroke_and_soft_at_its_edge() -> None:
    image = strokes_to_image([[(0.0, 0.0), (0.0, 100.0)]])
    row = image[14]
    assert row.max() == 1
    assert 2 <= row.sum() <= 3.2
    assert ((row > 0) & (row < 1)).any()


def test_a_dot_and_an_empty_sheet_are_images_too() -> None:
    dot = strokes_to_image([[(5.0, 5.0)]])
    assert 0 < dot.sum() < 12
    assert centre_of_mass(dot) == pytest.approx((13.5, 13.5), abs=0.1)
    assert not strokes_to_image([]).any()
    assert not strokes_to_image([[]]).any()


class Reader:
    """A predict function that remembers what it was shown."""

    def __init__(self) -> None:
        self.seen: list[Floats] = []

    def __call__(self, image: Floats) -> Floats:
        self.seen.append(image)
        return np.full(10, 0.1)


def send(explorer, event: str, x: float = 0, y: float = 0) -> None:  # type: ignore[no-untyped-def]
    """Send what the browser sends when the mouse or a finger moves on the canvas."""
    touches = [] if event in ("touch_end", "touch_cancel") else [{"x": x, "y": y}]
    message = (
        {"event": event, "touches": touches}
        if event.startswith("touch")
        else {"event": event, "x": x, "y": y}
    )
    explorer.controls["canvas"]._handle_frontend_event(None, message, [])


@pytest.mark.parametrize(
    "events", [("mouse_down", "mouse_move", "mouse_up"), ("touch_start", "touch_move", "touch_end")]
)
def test_a_stroke_by_mouse_or_finger_is_read_by_the_readers_function(events: tuple[str, str, str]) -> None:
    reader, (down, move, up) = Reader(), events
    explorer = draw_digit(reader)
    np.testing.assert_array_equal(reader.seen[0], strokes_to_image(EXAMPLE))
    still = explorer.still
    send(explorer, down, 50, 20)
    for y in range(40, 200, 20):
        send(explorer, move, 50, y)
    send(explorer, up, 50, 180)
    np.testing.assert_allclose(reader.seen[-1], strokes_to_image([[(50, 20), (50, 180)]]), atol=1e-6)
    assert explorer.still != still


def test_moving_without_pressing_draws_nothing() -> None:
    explorer = draw_digit(Reader())
    still = explorer.still
    send(explorer, "mouse_move", 10, 10)
    send(explorer, "mouse_out", 10, 10)
    assert explorer.still == still


def test_a_second_stroke_is_added_to_the_first() -> None:
    reader = Reader()
    explorer = draw_digit(reader)
    for x in (50, 150):
        send(explorer, "mouse_down", x, 20)
        send(explorer, "mouse_move", x, 200)
        send(explorer, "mouse_out")
    both = strokes_to_image([[(50, 20), (50, 200)], [(150, 20), (150, 200)]])
    np.testing.assert_allclose(reader.seen[-1], both, atol=1e-6)


def test_clear_wipes_the_sheet_and_the_example_comes_back() -> None:
    reader = Reader()
    explorer = draw_digit(reader)
    still, calls = explorer.still, len(reader.seen)
    explorer.controls["clear"].click()
    assert explorer.still != still
    assert len(reader.seen) == calls  # nothing to read on an empty sheet
    explorer.controls["example"].click()
    assert explorer.still == still


def test_drawing_does_not_spoil_the_example() -> None:
    before = [list(stroke) for stroke in EXAMPLE]
    explorer = draw_digit(Reader())
    send(explorer, "mouse_down", 1, 1)
    explorer.controls["example"].click()
    send(explorer, "mouse_down", 1, 1)
    send(explorer, "mouse_move", 9, 9)
    assert before == EXAMPLE


def test_a_long_stroke_is_read_while_it_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mnist, "REFRESH", 0)
    reader = Reader()
    explorer = draw_digit(reader)
    send(explorer, "mouse_down", 1, 1)
    send(explorer, "mouse_move", 9, 9)
    send(explorer, "mouse_move", 90, 9)
    assert len(reader.seen) == 3


@pytest.mark.parametrize(
    ("answer", "error", "message"),
    [
        (np.full((1, 10), 0.1), ValueError, r"\(10,\), got \(1, 10\) float64. For a batch of one image"),
        (None, TypeError, "got None. Is a `return` missing"),
        (["a"] * 10, ValueError, r"\(10,\), got \(10,\) <U1"),
        (np.arange(10) - 5.0, ValueError, "got -5 to 4, sum -5. Scores become probabilities by softmax"),
        (np.full(10, np.nan), ValueError, "got nan to nan"),
    ],
)
def test_a_predict_that_returns_something_else_is_told_what_to_return(answer, error, message) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(error, match=message):
        draw_digit(lambda image: answer)
