"""Shapes drawn by hypothesis: broadcasting, axes, axis orders and indices of every kind, empty ones among them."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import (
    BroadcastableShapes,
    array_shapes,
    basic_indices,
    integer_array_indices,
    mutually_broadcastable_shapes,
)

from mininet import functional as F
from mininet.tensor import Tensor, concatenate, stack, unbroadcast, where
from tests.support.tensors import check_by_nudging

quick = settings(max_examples=40, deadline=None)
shapes = array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=3)
BINARY = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
}


def values(shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    """Return different entries from 0.5 to 2: nothing ties, nothing is near 0."""
    size = math.prod(shape)
    return np.random.default_rng(seed).permutation(np.linspace(0.5, 2, size)).reshape(shape)


def summed_back(grad: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return what `unbroadcast` should, the slow way: each entry of grad is added where its number came from."""
    out = np.zeros(math.prod(shape))
    np.add.at(out, np.broadcast_to(np.arange(out.size).reshape(shape), grad.shape).ravel(), grad.ravel())
    return out.reshape(shape)


def check_against(tensors: list[Tensor], out: Tensor, value: np.ndarray, gradients: Any) -> None:
    """Compare the value, and each gradient with ``gradients(cotangent)``'s."""
    assert out.shape == value.shape
    assert out.dtype == value.dtype
    np.testing.assert_allclose(out.data, value, rtol=1e-12)
    cotangent = np.asarray(np.random.default_rng(1).standard_normal(out.shape))
    out.backward(cotangent)
    for x, expected in zip(tensors, gradients(cotangent), strict=True):
        assert type(x.grad) is np.ndarray
        assert x.grad.shape == x.shape
        np.testing.assert_allclose(x.grad, expected, rtol=1e-9, atol=1e-12)


@given(mutually_broadcastable_shapes(num_shapes=2, max_dims=4, min_side=0, max_side=3))
@quick
def test_unbroadcast_adds_what_was_copied(shapes: BroadcastableShapes) -> None:
    shape, grad = shapes.input_shapes[0], values(shapes.result_shape)
    np.testing.assert_allclose(unbroadcast(grad, shape), summed_back(grad, shape), rtol=1e-12)


@pytest.mark.parametrize("sign", BINARY)
@given(mutually_broadcastable_shapes(num_shapes=2, max_dims=4, min_side=0, max_side=3))
@quick
def test_arithmetic_of_any_two_shapes_that_fit(sign: str, shapes: BroadcastableShapes) -> None:
    a, b = (values(shape, seed) for seed, shape in enumerate(shapes.input_shapes))
    x, y = Tensor(a, requires_grad=True), Tensor(b, requires_grad=True)
    slopes = {"+": (1, 1), "-": (1, -1), "*": (b, a), "/": (1 / b, -a / b**2)}[sign]

    def gradients(grad: np.ndarray) -> list[np.ndarray]:
        return [summed_back(grad * slope, array.shape) for array, slope in zip((a, b), slopes, strict=True)]

    check_against([x, y], BINARY[sign](x, y), np.asarray(BINARY[sign](a, b)), gradients)


@given(mutually_broadcastable_shapes(num_shapes=3, max_dims=4, min_side=0, max_side=3))
@quick
def test_where_of_any_three_shapes_that_fit(shapes: BroadcastableShapes) -> None:
    condition = np.asarray(values(shapes.input_shapes[0]) > 1.2)
    a, b = values(shapes.input_shapes[1], 1), values(shapes.input_shapes[2], 2)
    x, y = Tensor(a, requires_grad=True), Tensor(b, requires_grad=True)
    check_against(
        [x, y],
        where(condition, x, y),
        np.where(condition, a, b),
        lambda g: (summed_back(g * condition, a.shape), summed_back(g * ~condition, b.shape)),
    )


@given(mutually_broadcastable_shapes(signature="(n?,k),(k,m?)->(n?,m?)", max_dims=2, min_side=0, max_side=3))
@quick
def test_matrix_products_of_any_two_shapes_that_fit(shapes: BroadcastableShapes) -> None:
    a, b = (values(shape, seed) for seed, shape in enumerate(shapes.input_shapes))
    x, y = Tensor(a, requires_grad=True), Tensor(b, requires_grad=True)
    out = x @ y
    np.testing.assert_allclose(out.data, a @ b, rtol=1e-12)
    assert out.shape == (a @ b).shape
    check_by_nudging(lambda x, y: x @ y, [a, b], np.random.default_rng(0))


@pytest.mark.parametrize("name", ["sum", "mean", "var", "max"])
@given(shape=shapes, keepdims=st.booleans(), data=st.data())
@quick
def test_reductions_over_any_axes(
    name: str, shape: tuple[int, ...], keepdims: bool, data: st.DataObject
) -> None:
    axis = data.draw(axes_of(len(shape)))
    a = values(shape)
    x = Tensor(a, requires_grad=True)
    if entries_each(axis, shape) == 0 and name != "sum":
        with pytest.raises(ValueError, match=f"{name}: there is nothing to take it of"):
            getattr(x, name)(axis=axis, keepdims=keepdims)
        return
    expected = np.asarray(getattr(np, name)(a, axis=axis, keepdims=keepdims))
    out = getattr(x, name)(axis=axis, keepdims=keepdims)
    assert out.shape == expected.shape
    np.testing.assert_allclose(out.data, expected, rtol=1e-9)
    check_by_nudging(lambda x: getattr(x, name)(axis=axis, keepdims=keepdims), [a], np.random.default_rng(0))


def axes_of(ndim: int) -> st.SearchStrategy[Any]:
    """Draw None, one axis, or several in any order, each counted from either end."""
    if ndim == 0:
        return st.sampled_from([None, ()])
    one = st.integers(-ndim, ndim - 1)
    several = st.lists(one, max_size=ndim, unique_by=lambda i: i % ndim).map(tuple)
    return st.none() | one | several


def entries_each(axis: Any, shape: tuple[int, ...]) -> int:
    """Return how many entries go into one of the result."""
    axes = range(len(shape)) if axis is None else [axis] if isinstance(axis, int) else axis
    return math.prod(shape[i] for i in axes)


@given(shapes.filter(len), st.data())
@quick
def test_transposes_of_any_order(shape: tuple[int, ...], data: st.DataObject) -> None:
    order = data.draw(st.permutations(range(len(shape))))
    signs = data.draw(st.lists(st.booleans(), min_size=len(shape), max_size=len(shape)))
    order = [i - len(shape) if negative else i for i, negative in zip(order, signs, strict=True)]
    a = values(shape)
    x = Tensor(a, requires_grad=True)
    check_against(
        [x],
        x.transpose(*order),
        a.transpose(order),
        lambda g: [np.einsum(g, [i % len(shape) for i in order], range(len(shape)))],
    )


@given(shapes.filter(len), st.data())
@quick
def test_indices_of_slices_numbers_none_and_dots(shape: tuple[int, ...], data: st.DataObject) -> None:
    check_index(shape, data.draw(basic_indices(shape, allow_newaxis=True, allow_ellipsis=True)))


@given(array_shapes(min_dims=1, max_dims=3, max_side=4), st.data())
@quick
def test_indices_of_arrays_with_entries_named_twice(shape: tuple[int, ...], data: st.DataObject) -> None:
    check_index(shape, data.draw(integer_array_indices(shape)))


@given(array_shapes(min_dims=1, max_dims=3, max_side=4), st.randoms(use_true_random=False))
@quick
def test_indices_of_masks(shape: tuple[int, ...], random: Any) -> None:
    leading = random.randint(1, len(shape))
    check_index(
        shape,
        np.array([random.random() < 0.5 for _ in range(math.prod(shape[:leading]))]).reshape(shape[:leading]),
    )


def check_index(shape: tuple[int, ...], index: Any) -> None:
    a = values(shape)
    x = Tensor(a, requires_grad=True)

    def gradients(grad: np.ndarray) -> list[np.ndarray]:
        out = np.zeros(a.size)
        np.add.at(out, np.arange(a.size).reshape(shape)[index], grad)
        return [out.reshape(shape)]

    check_against([x], x[index], np.asarray(a[index]), gradients)


@given(shapes.filter(len), st.lists(st.integers(0, 3), min_size=1, max_size=4), st.data())
@quick
def test_concatenating_along_any_axis(shape: tuple[int, ...], sizes: list[int], data: st.DataObject) -> None:
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    parts = []
    for seed, size in enumerate(sizes):
        own = list(shape)
        own[axis] = size
        parts.append(values(tuple(own), seed))
    tensors = [Tensor(a, requires_grad=True) for a in parts]
    check_against(
        tensors,
        concatenate(tensors, axis),
        np.concatenate(parts, axis),
        lambda g: np.split(g, np.cumsum(sizes)[:-1], axis),
    )


@given(shapes, st.integers(1, 3), st.data())
@quick
def test_stacking_along_any_axis(shape: tuple[int, ...], n: int, data: st.DataObject) -> None:
    axis = data.draw(st.integers(-len(shape) - 1, len(shape)))
    parts = [values(shape, seed) for seed in range(n)]
    tensors = [Tensor(a, requires_grad=True) for a in parts]
    check_against(
        tensors,
        stack(tensors, axis),
        np.stack(parts, axis),
        lambda g: [np.take(g, i, axis) for i in range(n)],
    )


@given(shapes.filter(len), st.data())
@quick
def test_padding_by_any_widths(shape: tuple[int, ...], data: st.DataObject) -> None:
    pair = st.tuples(st.integers(0, 2), st.integers(0, 2))
    widths = data.draw(st.lists(pair, min_size=len(shape), max_size=len(shape)))
    a = values(shape)
    x = Tensor(a, requires_grad=True)
    inside = tuple(slice(before, before + n) for (before, _), n in zip(widths, shape, strict=True))
    expected = np.zeros([before + n + after for (before, after), n in zip(widths, shape, strict=True)])
    expected[inside] = a
    check_against([x], F.pad(x, widths), expected, lambda g: [g[inside]])


@given(st.lists(st.integers(0, 4), min_size=0, max_size=4))
@quick
def test_reshaping_to_a_line_and_back(shape: list[int]) -> None:
    a = values(tuple(shape))
    x = Tensor(a, requires_grad=True)
    check_against([x], x.reshape(a.size), a.ravel(), lambda g: [g.reshape(shape)])
