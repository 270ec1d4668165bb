"""The engine's contract: graphs of any form, what is refused, what is freed, and who sees what."""

import copy
import sys
import threading
from collections.abc import Iterator

import numpy as np
import pytest

from mininet import functional as F
from mininet.tensor import Node, Tensor, concatenate, no_grad, record, topological_order, where


def leaf(*values: float, dtype: type = np.float64) -> Tensor:
    return Tensor(np.array(values, dtype=dtype), requires_grad=True)


# graphs


def test_a_diamond_adds_both_ways() -> None:
    x = leaf(2, 3)
    y = x * 2
    ((y + 1) * (y - 1)).sum().backward()  # 4x² - 1
    assert x.grad is not None and x.grad.tolist() == [16, 24]


def test_a_reused_node_is_complete_before_it_is_used() -> None:
    # the naive recursion goes on from b once for each use, with half of its gradient
    a = leaf(1)
    b = a + a
    c = b + b
    (c * c).sum().backward()  # 16a²
    assert a.grad is not None and a.grad.tolist() == [32]


def test_a_ladder_of_diamonds_is_visited_once_for_each_node() -> None:
    # 2^60 ways lead through it
    x = leaf(1)
    y = x
    for _ in range(60):
        y = y + y
    assert y.node is not None and len(topological_order(y.node)) == 60
    y.sum().backward()
    assert x.grad is not None and x.grad.tolist() == [2.0**60]


def test_x_times_x() -> None:
    x = leaf(3, -4)
    (x * x).sum().backward()
    assert x.grad is not None and x.grad.tolist() == [6, -8]


def test_x_at_its_transpose() -> None:
    x = Tensor(np.array([[1.0, 2], [3, 4]]), requires_grad=True)
    (x @ x.T).sum().backward()
    assert x.grad is not None and x.grad.tolist() == [[8, 12], [8, 12]]


def test_branches_that_share_an_input_and_join() -> None:
    x, w = leaf(1, 2), leaf(3, 5)
    h = (x * w).tanh()
    (concatenate([h, h * x, x]) * 2).sum().backward()
    slope = 1 - np.tanh(x.data * w.data) ** 2
    np.testing.assert_allclose(w.grad, 2 * slope * x.data * (1 + x.data))
    np.testing.assert_allclose(x.grad, 2 * (slope * w.data * (1 + x.data) + h.data + 1))


def test_the_gradient_of_a_neighbour_is_not_changed_by_adding() -> None:
    # "+" hands one and the same array to both of its inputs
    x, y = leaf(1, 2), leaf(3, 4)
    z = x + y
    (x * z).sum().backward()
    assert x.grad is not None and x.grad.tolist() == [5, 8]
    assert y.grad is not None and y.grad.tolist() == [1, 2]
    (x + y).sum().backward()
    (x * 1).sum().backward()
    assert x.grad.tolist() == [7, 10]
    assert y.grad.tolist() == [2, 3]


def test_topological_order_puts_each_node_after_its_parents() -> None:
    x = leaf(1)
    a = x * 2
    b = a.exp()
    c = (b + a) * b
    assert c.node is not None
    order = topological_order(c.node)
    assert [node.operation for node in order].count("*") == 2
    for i, node in enumerate(order):
        for parent in node.parents:
            assert not isinstance(parent, Node) or parent in order[:i]
    assert order[-1] is c.node


def test_a_chain_of_100_000_operations_goes_through_and_is_dropped_without_recursion(
    no_collector: None,
) -> None:
    for length, use in ((100_000, True), (20_000, False)):
        x = leaf(1)
        y = x
        for _ in range(length):
            y = y + 1
        if use:
            y.sum().backward()
            assert x.grad is not None and x.grad.tolist() == [1]
        del y  # a graph that nobody went back through is freed as well


# what is refused


def test_a_second_backward_says_what_to_do() -> None:
    x = leaf(2)
    y = (x * x).sum()
    y.backward()
    with pytest.raises(
        RuntimeError, match=r"freed by an earlier backward.*Run the forward pass again.*retain_graph"
    ):
        y.backward()
    assert x.grad is not None and x.grad.tolist() == [4]


def test_a_second_loss_over_a_freed_part_is_refused_before_anything_changes() -> None:
    x = leaf(2)
    shared = x * x
    first, second = shared.sum(), (shared + x).sum()
    first.backward()
    with pytest.raises(RuntimeError, match="freed"):
        second.backward()
    assert x.grad is not None and x.grad.tolist() == [4]


def test_a_kept_graph_gives_the_same_again() -> None:
    x = leaf(2, 3)
    y = (x * x.exp()).sum()
    y.backward(retain_graph=True)
    assert x.grad is not None
    once = x.grad.copy()
    y.backward()
    np.testing.assert_array_equal(x.grad, 2 * once)
    with pytest.raises(RuntimeError, match="freed"):
        y.backward()


def test_backward_of_several_numbers_is_refused() -> None:
    with pytest.raises(
        ValueError, match=r"shape \(2,\), not a single number\. Call \.mean\(\) or \.sum\(\) first"
    ):
        (leaf(1, 2) * 2).backward()


@pytest.mark.parametrize("shape", [(), (1,), (1, 1)])
def test_backward_of_one_number_of_any_shape(shape: tuple[int, ...]) -> None:
    x = Tensor(np.full(shape, 3.0), requires_grad=True)
    (x * x).backward()
    assert type(x.grad) is np.ndarray
    np.testing.assert_array_equal(x.grad, np.full(shape, 6.0))


@pytest.mark.parametrize(
    ("grad", "error", "message"),
    [
        (np.ones(3), ValueError, r"shape \(2,\), got \(3,\)"),
        (np.ones((1, 2)), ValueError, r"got \(1, 2\)"),
        (1.0, ValueError, "got a float"),
        ([1.0, 1.0], ValueError, "got a list"),
        (Tensor([1.0, 1.0]), ValueError, "got a Tensor"),
        (np.ones(2, dtype=np.float32), TypeError, "this tensor is float64, grad is float32"),
        (np.ones(2, dtype=int), TypeError, "grad is int64"),
    ],
)
def test_a_gradient_that_does_not_fit_is_refused(grad: object, error: type[Exception], message: str) -> None:
    x = leaf(1, 2)
    with pytest.raises(error, match=message):
        (x * 2).backward(grad)
    assert x.grad is None


def test_backward_without_a_graph_asks_why() -> None:
    with pytest.raises(RuntimeError, match=r"nothing was recorded.*requires_grad=True.*outside no_grad"):
        (Tensor([1.0]) * 2).backward()


def test_backward_of_a_leaf_is_its_own_gradient() -> None:
    x = leaf(5)
    x.backward()
    x.backward(np.array([2.0]))
    assert x.grad is not None and x.grad.tolist() == [3]


def test_the_callers_gradient_is_neither_kept_nor_locked() -> None:
    x, grad = leaf(1, 2), np.ones(2)
    x.backward(grad)
    grad[:] = 7
    assert x.grad is not None and x.grad.tolist() == [1, 1]


# errors on the way


def failing(x: Tensor) -> Tensor:
    def vjp(grad: np.ndarray) -> tuple[np.ndarray]:
        raise ZeroDivisionError("no way back")

    return record("cliff", x.data.copy(), (x,), vjp)


def test_an_error_on_the_way_leaves_every_grad_as_it_was() -> None:
    x, y, z = leaf(1), leaf(2), leaf(3)
    z.backward()
    before = z.grad
    out = z * 2 + y + failing(x) + z
    with pytest.raises(
        RuntimeError, match="backward of cliff: its vjp raised ZeroDivisionError: no way back"
    ):
        out.backward()
    assert x.grad is None
    assert y.grad is None
    assert z.grad is before


@pytest.mark.parametrize("strange", [np.zeros(3), np.zeros(2, dtype=np.float64), Tensor([1.0, 1.0]), "text"])
def test_a_strange_grad_that_somebody_put_there_is_refused_before_any_leaf_changes(strange: object) -> None:
    x, y = leaf(1, 2, dtype=np.float32), leaf(3, 4, dtype=np.float32)
    y.grad = strange  # type: ignore[assignment]
    with pytest.raises((ValueError, TypeError)):
        (x * y).sum().backward()
    assert x.grad is None
    assert y.grad is strange


# stored gradients


def test_a_stored_gradient_may_be_written_into_and_is_nobody_elses() -> None:
    x, y, z = leaf(1, 2), leaf(3, 4), leaf(5, 6)
    # "+" hands on one array, a transpose and a reshape a view of it, and an operation may hand on its own
    kept = np.ones(2)
    own = record("own", z.data.copy(), (z,), lambda g: (kept,))
    loss = (x + y).sum() + (x.reshape(2, 1).T + own).sum()
    loss.backward(retain_graph=True)
    for leaf_ in (x, y, z):
        assert leaf_.grad is not None
        leaf_.grad *= 0.1  # clipping
    assert [a.grad.tolist() for a in (x, y, z)] == [[0.2, 0.2], [0.1, 0.1], [0.1, 0.1]]  # type: ignore[union-attr]
    assert kept.tolist() == [1, 1]
    loss.backward()
    np.testing.assert_allclose(x.grad, [2.2, 2.2])


def test_only_leaves_that_require_one_get_a_gradient() -> None:
    x, constant = leaf(1, 2), Tensor(np.array([3.0, 4.0]))
    y = x * constant
    y.sum().backward()
    assert constant.grad is None
    assert x.grad is not None
    with pytest.raises(RuntimeError, match=r"the result of \*, .*kept for leaves.*grad\(loss, \[x\]\)"):
        y.grad  # noqa: B018


def test_gradients_add_up_until_they_are_set_to_none() -> None:
    x = Tensor(np.array(3.0), requires_grad=True)
    for expected in (6, 12):
        (x * x).backward()
        assert type(x.grad) is np.ndarray and x.grad == expected
    x.grad = None
    (x * x).backward()
    assert x.grad == 6


# what is not recorded


def test_no_grad_as_a_block_and_as_a_decorator() -> None:
    x = leaf(1)

    @no_grad()
    def measure(factor: float) -> Tensor:
        """Return the product."""
        return x * factor

    with no_grad():
        y = x * 2
    for out in (y, measure(2), measure(3)):
        assert not out.requires_grad and out.node is None
    assert measure.__name__ == "measure" and measure.__doc__ == "Return the product."
    assert (x * 2).requires_grad


def test_recording_is_as_before_after_an_exception() -> None:
    x = leaf(1)

    @no_grad()
    def fails() -> None:
        raise KeyError("inside")

    with pytest.raises(KeyError), no_grad():
        raise KeyError("inside")
    with pytest.raises(KeyError):
        fails()
    assert (x * 2).requires_grad


def test_no_grad_inside_no_grad_ends_with_the_outer_one() -> None:
    x = leaf(1)

    @no_grad()
    def inner(depth: int) -> Tensor:
        return inner(depth - 1) if depth else x * 2

    with no_grad():
        assert not inner(3).requires_grad
        assert not (x * 2).requires_grad
    assert (x * 2).requires_grad


def test_backward_works_inside_no_grad() -> None:
    x = leaf(3)
    y = (x * x).sum()
    with no_grad():
        y.backward()
    assert x.grad is not None and x.grad.tolist() == [6]


def test_no_grad_without_brackets_is_an_error() -> None:
    with pytest.raises(TypeError):

        @no_grad
        def measure() -> None: ...


def test_a_thread_that_measures_does_not_stop_the_recording_of_another() -> None:
    x = leaf(1)
    inside, done = threading.Event(), threading.Event()
    seen = []

    def measure() -> None:
        with no_grad():
            inside.set()
            done.wait(10)
            seen.append((x * 2).requires_grad)

    thread = threading.Thread(target=measure)
    thread.start()
    assert inside.wait(10)
    seen.append((x * 2).requires_grad)
    with no_grad():
        other = threading.Thread(target=lambda: seen.append((x * 2).requires_grad))
        other.start()
        other.join()
    done.set()
    thread.join()
    if getattr(sys.flags, "thread_inherit_context", 0):  # where threads start with their maker's context
        assert seen[0] and not seen[2]
    else:
        assert seen == [True, True, False]


def test_detach_shares_the_data_and_ends_the_history() -> None:
    x = leaf(2, 3)
    y = x * x
    constant = y.detach()
    assert constant.data is y.data
    assert not constant.requires_grad and constant.node is None
    (y * constant).sum().backward()
    assert x.grad is not None and x.grad.tolist() == [2 * 2 * 4, 2 * 3 * 9]


def test_a_tensor_frozen_after_its_use_still_gets_the_gradient_that_was_recorded() -> None:
    x = leaf(2)
    y = x * x
    x.requires_grad = False
    assert not (x * 3).requires_grad
    y.sum().backward()
    assert x.grad is not None and x.grad.tolist() == [4]


# writing into what the way back needs


@pytest.mark.parametrize(
    "operation",
    [
        lambda x: x.exp(),
        lambda x: x.tanh(),
        lambda x: x.sqrt(),
        lambda x: x + 1,
        lambda x: x.reshape(2, 1),
        lambda x: x[:],
        F.relu,
        F.sigmoid,
    ],
)
def test_a_recorded_result_is_read_only(operation: object) -> None:
    y = operation(leaf(1, 4))  # type: ignore[operator]
    with pytest.raises(ValueError, match="read-only"):
        y.data += 1
    with pytest.raises(ValueError, match="read-only"):
        y.data[0] = 1


def test_leaves_and_what_was_not_recorded_stay_writable() -> None:
    x = leaf(1, 4)
    same = record("gradient reversed", x.data, (x,), lambda g: (-g,))
    assert same.data is x.data
    x.data -= 0.1
    with no_grad():
        y = x * 2
    y.data += 1


def test_data_that_is_replaced_after_the_forward_pass_does_not_reach_back_into_it() -> None:
    x, y = leaf(2, 3), leaf(5, 7)
    loss = (x * y).sum()
    x.data = x.data - 100
    loss.backward()
    assert y.grad is not None and y.grad.tolist() == [2, 3]


def test_indices_and_conditions_that_are_changed_later_count_as_they_were() -> None:
    x, rows, mask = leaf(1, 2, 3), np.array([0, 0]), np.array([True, False, False])
    loss = x[rows].sum() + where(mask, x, 0.0).sum() + x[mask].sum()
    rows[:], mask[:] = 2, True
    loss.backward()
    assert x.grad is not None and x.grad.tolist() == [4, 0, 0]


def test_data_of_another_shape_is_noticed() -> None:
    x, y = leaf(2, 3), leaf(5, 7)
    loss = (x * y).sum()
    x.data = np.zeros((2, 2))
    with pytest.raises(
        ValueError, match=r"backward of \*: expected a gradient of the parent's shape \(2, 2\)"
    ):
        loss.backward()


def test_a_copy_of_a_result_leads_back_to_the_same_leaves() -> None:
    x = leaf(2)
    y = copy.deepcopy((x * x).sum())
    y.backward()
    assert x.grad is not None and x.grad.tolist() == [4]


def test_a_copy_of_a_leaf_is_a_leaf_of_its_own() -> None:
    x = leaf(2)
    twin = copy.deepcopy(x)
    twin.data += 1
    assert x.data.tolist() == [2]
    (twin * x).sum().backward()
    assert x.grad is not None and x.grad.tolist() == [3]
    assert twin.grad is not None and twin.grad.tolist() == [2]


def test_a_generator_records_what_its_user_records() -> None:
    x = leaf(1, 2, 3)

    def rows() -> Iterator[Tensor]:
        yield from x

    total = sum(row * row for row in rows())
    assert isinstance(total, Tensor)
    total.backward()
    assert x.grad is not None and x.grad.tolist() == [2, 4, 6]
