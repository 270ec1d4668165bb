"""Modules: parameters found by looking, state, modes, repr; no trap in ``__init__``, and clear refusals."""

import copy
from typing import Any

import numpy as np
import pytest

from mininet import functional as F
from mininet import nn
from mininet.optim import SGD
from mininet.tensor import Tensor
from tests.support.states import check_equal


def names(module: nn.Module) -> list[str]:
    return [name for name, _ in module.named_parameters()]


class Small(nn.Module):
    """Linear layers in attributes, defined in another order than they are used, without the parent's __init__."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.second = nn.Linear(4, 2, rng)
        self.scale = nn.Parameter(np.ones(2, dtype=np.float32))
        self.first = nn.Linear(3, 4, rng)

    def forward(self, x: Tensor) -> Tensor:
        return self.second(F.relu(self.first(x))) * self.scale


# finding parameters


def test_parameters_are_found_in_the_order_of_definition(rng: np.random.Generator) -> None:
    assert names(Small(rng)) == ["second.weight", "second.bias", "scale", "first.weight", "first.bias"]


def test_lists_tuples_and_dictionaries_are_looked_through(rng: np.random.Generator) -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            self.blocks = [nn.Linear(2, 2, rng), [nn.Parameter(np.zeros(1, np.float32))], F.relu, "text", 7]
            self.pair = (nn.ReLU(), nn.BatchNorm1d(2))
            self.heads = {"b": nn.Linear(2, 1, rng), "a": {"deep": nn.Linear(2, 3, rng)}, 5: None}

    net = Net()
    assert names(net) == [
        "blocks.0.weight",
        "blocks.0.bias",
        "blocks.1.0",
        "pair.1.weight",
        "pair.1.bias",
        "heads.b.weight",
        "heads.b.bias",
        "heads.a.deep.weight",
        "heads.a.deep.bias",
    ]
    assert set(net.state_dict()) == {*names(net), "pair.1.running_mean", "pair.1.running_var"}
    assert [type(m).__name__ for m in net.modules()] == [
        "Net",
        "Linear",
        "ReLU",
        "BatchNorm1d",
        "Linear",
        "Linear",
    ]


def test_what_is_no_parameter_is_none() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            self.constant = Tensor([1.0])
            self.array = np.ones(3)
            self.plain = Tensor([1.0], requires_grad=True)
            self.result = self.plain * 2

    assert names(Net()) == ["plain"]


def test_a_set_of_layers_is_refused(rng: np.random.Generator) -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            self.layers = {nn.Linear(2, 2, rng)}

    with pytest.raises(TypeError, match="'layers' is a set of layers, which has no order; make it a list"):
        Net().parameters()


def test_init_may_do_things_in_any_order_and_call_super_or_not(rng: np.random.Generator) -> None:
    class Late(nn.Module):
        def __init__(self, call: bool) -> None:
            self.weight = nn.Parameter(np.ones(2, dtype=np.float32))
            if call:
                super().__init__()
            self.bias = nn.Parameter(np.ones(2, dtype=np.float32))

        def forward(self, x: Tensor) -> Tensor:
            return x * self.weight + self.bias

    for call in (True, False):
        net = Late(call)
        assert names(net) == ["weight", "bias"]
        assert net.training and not net.eval().training
        assert net(np.ones((1, 2), dtype=np.float32)).shape == (1, 2)


def test_a_layer_that_is_added_or_replaced_later_counts(rng: np.random.Generator) -> None:
    net = Small(rng)
    net.extra = nn.Linear(1, 1, rng)  # type: ignore[attr-defined]
    net.first = nn.Linear(3, 7, rng)
    assert names(net)[-2:] == ["extra.weight", "extra.bias"]
    assert dict(net.named_parameters())["first.weight"].shape == (3, 7)


def test_shared_modules_and_parameters_count_once_under_their_first_name(rng: np.random.Generator) -> None:
    class Tied(nn.Module):
        def __init__(self) -> None:
            self.encode = nn.Linear(3, 3, rng)
            self.decode = nn.Linear(3, 3, rng)
            self.decode.weight = self.encode.weight
            self.again = [self.encode, self.encode]

        def forward(self, x: Tensor) -> Tensor:
            return self.decode(self.encode(x))

    net = Tied()
    assert names(net) == ["encode.weight", "encode.bias", "decode.bias"]
    assert len(list(net.modules())) == 3
    x = Tensor(np.ones((2, 3), dtype=np.float32))
    net(x).sum().backward()
    both = net.encode.weight.grad
    w = net.encode.weight.data
    one = np.ones((2, 3), dtype=np.float32)
    np.testing.assert_allclose(both, x.data.T @ (one @ w.T) + (x.data @ w).T @ one, rtol=1e-5)
    other = Tied()
    other.load_state_dict(net.state_dict())
    assert other.decode.weight is other.encode.weight
    np.testing.assert_array_equal(other.decode.weight.data, w)


def test_modules_that_know_each_other_are_walked_once(rng: np.random.Generator) -> None:
    class Part(nn.Module):
        def __init__(self) -> None:
            self.layer = nn.Linear(2, 2, rng)
            self.other: nn.Module | None = None

    a, b = Part(), Part()
    a.other, b.other = b, a
    assert names(a) == ["layer.weight", "layer.bias", "other.layer.weight", "other.layer.bias"]
    a.eval()
    assert not b.layer.training
    assert "..." in repr(a)
    assert len(a.state_dict()) == 4


def test_two_arrays_of_one_name_are_refused_rather_than_lost(rng: np.random.Generator) -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            self.heads = {1: nn.Linear(2, 2, rng), "1": nn.Linear(2, 2, rng)}

    with pytest.raises(ValueError, match=r"Net: two arrays are called heads\.1\.bias, heads\.1\.weight"):
        Net().state_dict()


def test_a_frozen_parameter_stays_part_of_the_state_and_does_not_move(rng: np.random.Generator) -> None:
    net = Small(rng)
    net.first.weight.requires_grad = False
    before = net.first.weight.data.copy()
    assert "first.weight" in net.state_dict() and len(net.parameters()) == 5
    net(np.ones((2, 3), dtype=np.float32)).sum().backward()
    assert net.first.weight.grad is None
    SGD([p for p in net.parameters() if p.requires_grad], lr=0.1).step()
    np.testing.assert_array_equal(net.first.weight.data, before)
    SGD(net.parameters(), lr=0.1).step()
    np.testing.assert_array_equal(net.first.weight.data, before)


def test_parameters_of_a_sequential_with_attributes_of_its_own(rng: np.random.Generator) -> None:
    class Scaled(nn.Sequential):
        def __init__(self) -> None:
            super().__init__(nn.Linear(2, 2, rng), nn.ReLU())
            self.scale = nn.Parameter(np.ones(1, dtype=np.float32))

    assert names(Scaled()) == ["0.weight", "0.bias", "scale"]


# state


def test_a_state_is_a_copy(rng: np.random.Generator) -> None:
    net = Small(rng)
    state = net.state_dict()
    state["scale"] += 1
    assert net.scale.data.tolist() == [1, 1]
    net.load_state_dict(state)
    state["scale"] += 1
    assert net.scale.data.tolist() == [2, 2]


def test_what_does_not_fit_is_listed_and_nothing_changes(rng: np.random.Generator) -> None:
    net = nn.Sequential(nn.Linear(3, 4, rng), nn.BatchNorm1d(4))
    before = net.state_dict()
    state = {k: v + 1 for k, v in before.items()} | {"0.weight": np.ones((4, 3)), "9.bias": np.ones(2)}
    del state["1.running_var"]
    with pytest.raises(ValueError) as error:
        net.load_state_dict(state)
    assert str(error.value) == (
        "load_state_dict: missing '1.running_var'; unexpected '9.bias'; "
        "'0.weight' is (3, 4) here and (4, 3) in the given state."
    )
    with pytest.raises(ValueError) as error:
        net.load_state_dict(state, strict=False)
    assert str(error.value) == "load_state_dict: '0.weight' is (3, 4) here and (4, 3) in the given state."
    check_equal(net.state_dict(), before)


def test_not_strict_takes_what_there_is(rng: np.random.Generator) -> None:
    net = Small(rng)
    kept = net.first.weight.data.copy()
    net.load_state_dict({"scale": np.full(2, 9.0), "unknown": np.ones(1)}, strict=False)
    assert net.scale.data.tolist() == [9, 9] and net.scale.dtype == np.float32
    np.testing.assert_array_equal(net.first.weight.data, kept)


@pytest.mark.parametrize("bad", ["text", None, Tensor([[1.0] * 2] * 4)])
def test_a_state_that_cannot_be_converted_changes_nothing(rng: np.random.Generator, bad: Any) -> None:
    net = Small(rng)
    state = {name: array + 1 for name, array in net.state_dict().items()}
    state["second.weight"] = np.full((4, 2), bad) if not isinstance(bad, Tensor) else bad
    state["first.bias"] = np.full(4, "text")
    before = net.state_dict()
    with pytest.raises((ValueError, TypeError)):
        net.load_state_dict(state)
    check_equal(net.state_dict(), before)


def test_loading_drops_gradients(rng: np.random.Generator) -> None:
    net = Small(rng)
    net(np.ones((2, 3), dtype=np.float32)).sum().backward()
    net.load_state_dict(net.state_dict())
    assert all(p.grad is None for p in net.parameters())


def test_astype_converts_parameters_and_buffers(rng: np.random.Generator) -> None:
    net = nn.Sequential(nn.Linear(3, 4, rng), nn.BatchNorm1d(4)).astype(np.float64)
    assert {array.dtype for array in net.state_dict().values()} == {np.dtype(np.float64)}
    for mode in (net.train, net.eval):
        assert mode()(np.ones((2, 3))).dtype == np.float64


def test_a_deep_copy_is_a_network_of_its_own(rng: np.random.Generator) -> None:
    net = Small(rng)
    twin = copy.deepcopy(net)
    twin.first.weight.data += 1
    twin(np.ones((2, 3), dtype=np.float32)).sum().backward()
    assert all(p.grad is None for p in net.parameters())
    assert all(p.grad is not None for p in twin.parameters())
    assert not np.array_equal(net.first.weight.data, twin.first.weight.data)


# modes


def test_modes_reach_everything_and_return_the_module(rng: np.random.Generator) -> None:
    net = nn.Sequential(nn.Linear(2, 2, rng), nn.Sequential(nn.Dropout(0.5, rng), nn.BatchNorm1d(2)))
    assert net.eval() is net and not any(m.training for m in net.modules())
    assert net.train() is net and all(m.training for m in net.modules())
    net[1].eval()
    assert net.training and not net[1][1].training
    assert nn.Dropout(0.5, rng).training


def test_batch_norm_in_eval_mode_uses_what_it_has_seen_and_keeps_it(rng: np.random.Generator) -> None:
    layer = nn.BatchNorm1d(2, momentum=1.0)
    x = rng.standard_normal((50, 2), dtype=np.float32) * 3 + 1
    layer(x)
    np.testing.assert_allclose(layer.running_var, x.var(axis=0, ddof=1), rtol=1e-5)
    state = layer.eval().state_dict()
    one = layer(x[:1])
    np.testing.assert_allclose(
        one.data, (x[:1] - x.mean(0)) / np.sqrt(x.var(0, ddof=1) + 1e-5), rtol=1e-4, atol=1e-5
    )
    check_equal(layer.state_dict(), state)


@pytest.mark.parametrize("shape", [(5, 1), (5, 3), (2,), (5, 2, 2)])
@pytest.mark.parametrize("mode", ["train", "eval"])
def test_batch_norm_refuses_other_shapes_in_both_modes(shape: tuple[int, ...], mode: str) -> None:
    layer = getattr(nn.BatchNorm1d(2), mode)()
    with pytest.raises(ValueError, match=r"expected an input of shape \(N, 2\)"):
        layer(np.ones(shape, dtype=np.float32))


# words


def test_repr_shows_layers_shapes_and_counts(rng: np.random.Generator) -> None:
    assert repr(Small(rng)) == (
        "Small, scale (2,): 28 parameters\n"
        "  second: Linear(4, 2), weight (4, 2), bias (2,): 10 parameters\n"
        "  first: Linear(3, 4), weight (3, 4), bias (4,): 16 parameters"
    )
    assert repr(nn.Dropout(0.25, rng)) == "Dropout(0.25)"
    assert repr(nn.LeakyReLU(0.1)) == "LeakyReLU(0.1)"
    assert repr(nn.BatchNorm1d(3)).startswith("BatchNorm1d(3), weight (3,), bias (3,): 6 parameters")
    nested = repr(nn.Sequential(nn.Sequential(nn.ReLU()), nn.Tanh()))
    assert nested == "Sequential\n  0: Sequential\n    0: ReLU()\n  1: Tanh()"


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda rng: nn.Sequential(), ValueError, "expected at least one module, got none"),
        (
            lambda rng: nn.Sequential([nn.ReLU()]),
            TypeError,
            r"got \[.*\]\. Write Sequential\(a, ReLU\(\)\), no list",
        ),
        (lambda rng: nn.Sequential(nn.ReLU), TypeError, "expected modules, got <class"),
        (lambda rng: nn.Sequential(F.relu), TypeError, "got <function relu"),
        (lambda rng: nn.mlp([3], rng), ValueError, r"at least an input and an output size, got \[3\]"),
        (lambda rng: nn.BatchNorm1d(0), ValueError, "features to be a whole number of at least 1, got 0"),
        (lambda rng: nn.BatchNorm1d(2, momentum=2), ValueError, "momentum to be a finite number .*, got 2"),
        (lambda rng: nn.BatchNorm1d(2, eps=0), ValueError, "eps to be a finite number above 0, got 0"),
        (lambda rng: nn.Dropout(1.0, rng), ValueError, r"of at least 0 and below 1, got 1\.0"),
        (lambda rng: nn.Dropout(0.5, 42), TypeError, "expected a generator, got 42"),
        (lambda rng: nn.Parameter(Tensor([1.0])), TypeError, "got a tensor"),
        (lambda rng: nn.Parameter(np.ones(2, dtype=int)), TypeError, "int64 has no gradient"),
        (lambda rng: nn.Module()(np.ones(1)), NotImplementedError, r"Module defines no forward\(self, x\)"),
    ],
)
def test_mistakes_get_a_sentence(
    rng: np.random.Generator, make: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        make(rng)


def test_a_hand_written_layer_among_modules_is_refused(rng: np.random.Generator) -> None:
    from mininet.layers import ReLU

    with pytest.raises(TypeError, match=r"those of mininet\.layers go into mininet\.layers\.Sequential"):
        nn.Sequential(ReLU())  # type: ignore[arg-type]


def test_flatten_takes_any_batch_an_empty_one_too() -> None:
    for n in (0, 1, 3):
        assert nn.Flatten()(np.zeros((n, 2, 4), dtype=np.float32)).shape == (n, 8)


def test_a_module_is_called_with_arrays_or_tensors(rng: np.random.Generator) -> None:
    net, x = Small(rng), np.ones((2, 3), dtype=np.float32)
    np.testing.assert_array_equal(net(x).data, net(Tensor(x)).data)


def test_a_sequential_is_a_sequence_of_modules(rng: np.random.Generator) -> None:
    net = nn.mlp([3, 4, 2], rng, nn.Tanh)
    assert len(net) == 3 and [type(m) for m in net] == [nn.Linear, nn.Tanh, nn.Linear]
    assert net[-1] is list(net)[2]
