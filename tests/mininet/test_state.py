"""What both halves inherit: one walk that finds parameters, and states that fit or are refused."""

from typing import Any

import numpy as np
import pytest

from mininet import layers, nn
from mininet.optim import SGD

HALVES = [layers, nn]


def drawers(half: Any, rng: np.random.Generator) -> Any:
    """Return a network of one half with layers in a list, a tuple, a dictionary, and lists of these."""

    class Drawers(half.Layer if half is layers else half.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            self.rows = [half.Linear(2, 2, rng), [half.Linear(2, 2, rng)]]
            self.pair = (half.Linear(2, 2, rng), half.Dropout(0.5, rng))
            self.named = {"a": half.Linear(2, 1, rng), "b": [half.BatchNorm1d(1)]}
            self.scale = half.Parameter(np.ones(1, dtype=np.float32))
            self.notes = ["no layer", 3, None]

    return Drawers()


@pytest.mark.parametrize("half", HALVES)
def test_layers_in_lists_tuples_and_dictionaries_are_found(half: Any, rng: np.random.Generator) -> None:
    net = drawers(half, rng)
    assert list(net.state_dict()) == [
        *(
            f"{place}.{p}"
            for place in ("rows.0", "rows.1.0", "pair.0", "named.a")
            for p in ("weight", "bias")
        ),
        *("named.b.0.weight", "named.b.0.bias", "scale", "named.b.0.running_mean", "named.b.0.running_var"),
    ]
    assert [part.training for part in net.eval().modules()] == [False] * 7
    assert all(p.data.dtype == np.float64 for p in net.astype(np.float64).parameters())


def test_the_state_of_one_half_with_drawers_loads_into_the_other(rng: np.random.Generator) -> None:
    hand, auto = drawers(layers, rng), drawers(nn, rng)
    auto.load_state_dict(hand.state_dict())
    assert all(
        np.array_equal(a, b) for a, b in zip(hand._state().values(), auto._state().values(), strict=True)
    )


@pytest.mark.parametrize("half", HALVES)
def test_a_shared_parameter_is_counted_and_stepped_once(half: Any, rng: np.random.Generator) -> None:
    net = drawers(half, rng)
    net.again, net.more = net.rows[0], [net.scale, {"w": net.rows[0].weight}]
    assert len(net.parameters()) == 11 and "again.weight" not in net.state_dict()
    for p in net.parameters():
        p.grad = np.ones_like(p.data)
    before = net.scale.data.copy()
    SGD([*net.parameters(), net.scale], lr=0.25).step()
    np.testing.assert_array_equal(net.scale.data, before - 0.25)


@pytest.mark.parametrize("half", HALVES)
def test_a_layer_that_knows_the_house_it_stands_in_is_walked_once(
    half: Any, rng: np.random.Generator
) -> None:
    net = drawers(half, rng)
    net.rows[0].house = net
    assert len(net.parameters()) == 11


@pytest.mark.parametrize("half", HALVES)
def test_a_set_of_layers_is_refused(half: Any, rng: np.random.Generator) -> None:
    net = drawers(half, rng)
    net.rows = {half.Linear(2, 2, rng)}
    with pytest.raises(TypeError, match="'rows' is a set of layers, which has no order; make it a list"):
        net.parameters()


# -- states that do not fit


@pytest.mark.parametrize("half", HALVES)
@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (np.ones((2, 1), dtype=np.complex64), "holds complex64 in the given state, and no real numbers"),
        (np.array([["1"], ["2"]]), "holds <U1 in the given state"),
        (np.array([[b"1"], [b"2"]]), "holds |S1 in the given state"),
        (np.zeros((2, 1), dtype="datetime64[s]"), "holds datetime64"),
        (np.zeros((2, 1), dtype="timedelta64[s]"), "holds timedelta64"),
        (np.zeros((2, 1), dtype=[("a", "f4")]), "holds [('a', '<f4')]"),
        (np.array([[None], [1.0]], dtype=object), "holds object"),
        ([[1.0], [1.0, 2.0]], "is an array here and list in the given state"),
        (
            nn.Parameter(np.ones((2, 1), dtype=np.float32)),
            "is an array here and Parameter in the given state",
        ),
        (np.ones((1, 2), dtype=np.float32), "is (2, 1) here and (1, 2) in the given state"),
    ],
)
def test_a_state_takes_real_numbers_only_and_changes_nothing_else(
    half: Any, wrong: Any, said: str, rng: np.random.Generator
) -> None:
    net = half.Linear(2, 1, rng)
    before = net.state_dict()
    for strict in (True, False):
        with pytest.raises(ValueError) as refused:
            net.load_state_dict({"bias": np.full(1, 7.0), "weight": wrong}, strict=strict)
        assert f"load_state_dict: 'weight' {said}" in str(refused.value)
    assert all(np.array_equal(before[name], array) for name, array in net.state_dict().items())


@pytest.mark.parametrize("half", HALVES)
def test_whole_numbers_and_wider_ones_are_converted(half: Any, rng: np.random.Generator) -> None:
    net = half.Linear(2, 1, rng)
    for dtype in (np.int64, np.uint8, bool, np.float16, np.float64):
        net.load_state_dict({"weight": np.ones((2, 1), dtype=dtype), "bias": np.ones(1, dtype=dtype)})
        assert net.weight.data.dtype == np.float32 and (net.weight.data == 1).all()


@pytest.mark.parametrize("half", HALVES)
@pytest.mark.parametrize("given", ["net.npz", None, [1.0], np.ones(3)])
def test_what_is_no_dictionary_of_arrays_is_refused(half: Any, given: Any, rng: np.random.Generator) -> None:
    with pytest.raises(TypeError, match=r"expected a dictionary of arrays by name, got .*checkpoint\.load"):
        half.Linear(2, 1, rng).load_state_dict(given)


@pytest.mark.parametrize("half", HALVES)
def test_without_strict_other_names_are_passed_over(half: Any, rng: np.random.Generator) -> None:
    net = half.Linear(2, 1, rng)
    net.load_state_dict({"bias": np.ones(1), "head.weight": np.ones(1)}, strict=False)
    assert net.bias.data[0] == 1


@pytest.mark.parametrize("half", HALVES)
@pytest.mark.parametrize("dtype", [int, "complex64", np.float16, bool])
def test_a_network_is_converted_to_the_two_floats_only(
    half: Any, dtype: Any, rng: np.random.Generator
) -> None:
    with pytest.raises(TypeError, match=r"astype: expected np\.float32 or np\.float64, got"):
        half.Linear(2, 1, rng).astype(dtype)
