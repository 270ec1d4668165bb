"""The explorers of the chapter on autograd for arrays: shapes, the way back, the reader's own operation."""

import numpy as np
import pytest

import mininet.functional as F
from mininet.tensor import Tensor, record, unbroadcast
from mininet_course.explorers.tensor import broadcast_explorer, operation_explorer, walk_explorer


def test_sliders_choose_the_shapes_and_a_missing_axis(shown: list[list[str]]) -> None:
    view = broadcast_explorer()
    assert {"a (3, 1)", "b (4,)", "g (3, 4)", "sum over axis 1", "sum over axis 0"} <= set(shown[-1])
    view.controls["b_rows"].value = 3
    assert "b (3, 4)" in shown[-1] and "as it is" in shown[-1]


def test_shapes_that_do_not_fit_are_said_to(shown: list[list[str]]) -> None:
    view = broadcast_explorer()
    view.controls["a_columns"].value = 3
    assert len(shown[-1]) == 1 and "(3, 3) and (4,) do not fit" in shown[-1][0]


def net() -> tuple[Tensor, dict[str, Tensor]]:
    rng = np.random.default_rng(0)
    w1, w2 = (Tensor(rng.standard_normal(shape), requires_grad=True) for shape in ((3, 4), (4, 2)))
    x = Tensor(rng.standard_normal((5, 3)))
    return F.cross_entropy(F.relu(F.linear(x, w1)) @ w2, np.array([0, 1, 0, 1, 1])), {"W1": w1, "W2": w2}


def arrived(words: list[str]) -> list[str]:
    return [word.split("\n")[0] for word in words if "∂" in word]


def test_each_visit_brings_gradients_one_operation_further(shown: list[list[str]]) -> None:
    loss, names = net()
    view = walk_explorer(loss, names)
    assert arrived(shown[-1]) == ["cross_entropy"]
    view.controls["one"].click()
    assert set(arrived(shown[-1])) == {"cross_entropy", "@"}
    assert "visit 1 of 4: cross_entropy" in shown[-1][0] and "out (5, 2)" in shown[-1][0]
    view.controls["one"].click()
    assert {"relu", "W2"} <= set(arrived(shown[-1])) and "W1" not in arrived(shown[-1])
    for _ in range(5):  # at the end it stays there
        view.controls["one"].click()
    assert view.controls["visit"].value == 4
    assert {"W1", "W2"} <= set(arrived(shown[-1]))
    view.controls["again"].click()
    assert view.controls["visit"].value == 0


def test_the_walk_leaves_graph_and_gradients_alone(shown: list[list[str]]) -> None:
    loss, names = net()
    walk_explorer(loss, names)
    assert all(leaf.grad is None for leaf in names.values())
    loss.backward()  # not freed
    assert all(leaf.grad is not None for leaf in names.values())


def test_a_leaf_used_twice_is_drawn_once(shown: list[list[str]]) -> None:
    x = Tensor([1.0, 2.0], requires_grad=True)
    view = walk_explorer((x * x).sum(), {"x": x})
    view.controls["visit"].value = 2
    assert len([word for word in shown[-1] if word.startswith("x\n")]) == 1
    assert "out (2,),  (2,)" in shown[-1][0]


def test_what_cannot_be_walked_is_refused(shown: list[list[str]]) -> None:
    loss, names = net()
    loss.backward()
    with pytest.raises(ValueError, match="no backward\\(\\) has freed"):
        walk_explorer(loss, names)
    with pytest.raises(ValueError, match=r"a single number with a graph, got shape \(2,\), without a graph"):
        walk_explorer(Tensor([1.0, 2.0]), {})
    x = total = Tensor(1.0, requires_grad=True)
    for _ in range(25):
        total = total + 1
    with pytest.raises(ValueError, match="at most 24 operations that no backward"):
        walk_explorer(total, {"x": x})


def distance(a: Tensor, b: Tensor, factor: float = 1.0, summed: bool = True) -> Tensor:
    x, y = a.data, b.data
    out = np.hypot(x, y)

    def vjp(g: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        by_b = factor * g * y / out
        return unbroadcast(g * x / out, x.shape), unbroadcast(by_b, y.shape) if summed else by_b

    return record("distance", out, (a, b), vjp)


SHAPES = {"a": (3, 1), "b": (4,)}


def test_a_right_operation_is_ticked_at_every_place(shown: list[list[str]]) -> None:
    view = operation_explorer(distance, SHAPES)
    first = shown[-1]
    view.controls["another"].click()
    assert shown[-1] != first
    for words in (first, shown[-1]):
        assert words.count("✓") == 7 and "✗" not in words


def test_a_wrong_factor_is_crossed_at_its_input_alone(shown: list[list[str]]) -> None:
    operation_explorer(lambda a, b: distance(a, b, factor=2.0), SHAPES)
    assert shown[-1].count("✗") == 4 and shown[-1].count("✓") == 3


def test_what_the_engine_catches_is_written_in_the_picture(shown: list[list[str]]) -> None:
    operation_explorer(lambda a, b: distance(a, b, summed=False), SHAPES)
    assert len(shown[-1]) == 1 and "backward of distance: expected a gradient" in shown[-1][0]


def test_an_input_that_is_not_used_has_gradient_zero(shown: list[list[str]]) -> None:
    operation_explorer(lambda a, b: a * 2, SHAPES)
    assert shown[-1].count("✓") == 7


def test_positive_places_suit_roots(shown: list[list[str]]) -> None:
    operation_explorer(lambda a: a.log() + a.sqrt(), {"a": (2, 2)}, positive=True)
    assert shown[-1].count("✓") == 4


def test_an_operation_without_a_tensor_is_refused(shown: list[list[str]]) -> None:
    with pytest.raises(TypeError, match="expected a tensor from your operation, got NoneType"):
        operation_explorer(lambda a: None, {"a": (2,)})  # type: ignore[arg-type,return-value]


@pytest.mark.parametrize("wrong", [np.float32, np.ndarray.tolist], ids=["float32", "lists"])
def test_gradients_of_a_wrong_type_are_written_in_the_picture(shown: list[list[str]], wrong) -> None:  # type: ignore[no-untyped-def]
    operation_explorer(lambda a: record("twice", 2 * a.data, (a,), lambda g: (wrong(2 * g),)), {"a": (2,)})
    assert len(shown[-1]) == 1 and shown[-1][0].startswith("TypeError:\nbackward of twice: ")


def test_what_the_operation_raises_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        operation_explorer(lambda a: a * (1 / 0), {"a": (2,)})


def test_a_result_that_is_nan_is_said_to_be(shown: list[list[str]]) -> None:
    operation_explorer(lambda a: (a - 100).log(), {"a": (2,)})
    assert len(shown[-1]) == 1 and "gave NaN or infinity" in shown[-1][0] and "positive=True" in shown[-1][0]


def test_a_single_number_is_drawn_as_an_array_of_one(shown: list[list[str]]) -> None:
    operation_explorer(lambda a, b: a * b, {"a": (), "b": (3,)})
    assert shown[-1].count("✓") == 4


@pytest.mark.parametrize("shape", [(6, 7), (0,)])
def test_shapes_that_cannot_be_read_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"expected shapes of 1 to 40 numbers, got a \("):
        operation_explorer(lambda a: a * 2, {"a": shape})


def test_an_operation_that_writes_into_its_input_does_not_move_the_place(shown: list[list[str]]) -> None:
    def shifted(a: Tensor) -> Tensor:
        a.data += 1
        x = a.data
        return record("square of a + 1", x * x, (a,), lambda g: (2 * g * x,))

    operation_explorer(shifted, {"a": (3,)})
    assert shown[-1].count("✓") == 3
