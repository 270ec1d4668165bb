"""Every operation: its value, shape and dtype, and its gradient against nudging; none is without a case."""

import ast
import copy
import inspect
from collections.abc import Callable
from functools import partial
from itertools import product
from types import ModuleType

import numpy as np
import pytest

import mininet.functional
import mininet.tensor.functions
import mininet.tensor.tensor
from mininet.gradcheck import GradientError
from mininet.tensor import Tensor
from tests.support.tensors import CASES, HERE, NUMPY, Case, check_by_nudging, operations_of, run_here

OPERATIONS = {
    name: [c for c in CASES if c.operation == name] for name in dict.fromkeys(c.operation for c in CASES)
}
# what a tensor has that is no operation
NO_OPERATION = {
    *("shape", "ndim", "size", "dtype"),
    *("data", "grad", "node", "requires_grad"),
    *("item", "detach", "backward", "operand"),
    *(
        "__init__",
        "__len__",
        "__repr__",
        "__bool__",
        "__float__",
        "__format__",
        "__array__",
        "__array_ufunc__",
        "__array_function__",
        "__setitem__",
    ),
    *("__hash__", "__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__"),
}


class Empty:
    """Nothing of its own: what it has, Python gives to every class with slots."""

    __slots__ = ("__weakref__",)


copy.copy(Empty())  # leaves names of the slots behind
PYTHONS_OWN = frozenset(vars(Empty))


def offered() -> set[str]:
    """Return the names of all operations: the tensor's methods and the functions of two modules."""
    methods = {name for name in vars(Tensor) if name.startswith("__") or not name.startswith("_")}
    return (
        (methods - NO_OPERATION - PYTHONS_OWN)
        | functions(mininet.tensor.functions)
        | functions(mininet.functional)
    )


def functions(module: ModuleType) -> set[str]:
    own = (
        name for name, value in vars(module).items() if getattr(value, "__module__", "") == module.__name__
    )
    # `functional.tanh` has a case of its own beside the method's
    return {"tanh_function" if name == "tanh" else name for name in own if not name.startswith("_")}


def recorded_names(module: ModuleType) -> set[str]:
    """Return the names that a module's source gives to what it records."""
    calls = (node for node in ast.walk(ast.parse(inspect.getsource(module))) if isinstance(node, ast.Call))
    return {
        call.args[0].value
        for call in calls
        if isinstance(call.func, ast.Name)
        and call.func.id in ("record", "elementwise")
        and isinstance(call.args[0], ast.Constant)
    }


def test_what_is_said_to_be_no_operation_is_there() -> None:
    assert vars(Tensor).keys() >= NO_OPERATION
    assert not PYTHONS_OWN & NO_OPERATION


def test_every_operation_has_a_case_and_every_case_an_operation() -> None:
    assert {case.operation for case in CASES} == offered()


def test_an_operation_without_a_case_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    known = offered()
    monkeypatch.setattr(Tensor, "cosine", lambda self: self, raising=False)
    monkeypatch.setattr(mininet.functional, "gelu", lambda x: x, raising=False)
    mininet.functional.gelu.__module__ = "mininet.functional"
    assert offered() - known == {"cosine", "gelu"}


def test_everything_that_the_sources_record_is_recorded_by_some_case() -> None:
    seen = set()
    for case in CASES:
        seen |= set(
            operations_of(case.run(HERE, *(Tensor(a, requires_grad=True) for a in case.inputs(np.float64))))
        )
    for module in (mininet.tensor.tensor, mininet.tensor.functions, mininet.functional):
        names = recorded_names(module)
        assert names, "the names are read from the source, and none was found"
        assert names <= seen


@pytest.mark.parametrize("operation", OPERATIONS)
def test_value_shape_and_dtype(operation: str) -> None:
    for case, dtype in product(OPERATIONS[operation], (np.float32, np.float64)):
        arrays = case.inputs(dtype)
        out, _, gradients = run_here(case.run, arrays, np.random.default_rng(1))
        expected = np.asarray(case.run(NUMPY, *arrays))
        assert isinstance(out.data, np.ndarray), case
        assert (out.dtype, out.shape) == (dtype, expected.shape), case
        tolerance = 2e-5 if dtype is np.float32 else 1e-12
        np.testing.assert_allclose(out.data, expected, rtol=tolerance, atol=1e-6, err_msg=str(case))
        for array, gradient in zip(arrays, gradients, strict=True):
            assert type(gradient) is np.ndarray, case
            assert (gradient.dtype, gradient.shape) == (dtype, array.shape), case
            assert gradient.flags.writeable, case


@pytest.mark.parametrize("operation", OPERATIONS)
def test_gradient_agrees_with_nudging(operation: str) -> None:
    rng = np.random.default_rng(2)
    for case, seed in product(OPERATIONS[operation], range(2)):
        check_by_nudging(partial(case.run, HERE), case.inputs(np.float64, seed), rng)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_gradient_that_is_off_by_a_thousandth_is_found_and_named(operation: str) -> None:
    for case in OPERATIONS[operation]:
        arrays, names = case.inputs(np.float64), []
        if 0 in {a.size for a in arrays}:
            continue  # a gradient of no entries cannot be wrong

        def broken(*inputs: Tensor, case: Case = case, names: list[str] = names) -> Tensor:
            out: Tensor = case.run(HERE, *inputs)
            if out.node is not None:
                names.append(out.node.operation)
                out.node.vjp = off_by_a_thousandth(out.node.vjp)
            return out

        with pytest.raises(GradientError) as error:
            check_by_nudging(broken, arrays, np.random.default_rng(3))
        assert str(error.value).startswith(names[0])


def off_by_a_thousandth(vjp: Callable[..., tuple]) -> Callable[..., tuple]:
    # some gradients are 0, and a thousandth more of it would be right
    return lambda grad: tuple(None if g is None else np.asarray(g * 1.001 + 0.001) for g in vjp(grad))


@pytest.mark.parametrize("operation", [o for o in OPERATIONS if len(OPERATIONS[o][0].shapes) > 1])
def test_only_what_requires_a_gradient_gets_one_and_it_is_the_same(operation: str) -> None:
    for case in OPERATIONS[operation]:
        arrays = case.inputs(np.float64)
        _, cotangent, gradients = run_here(case.run, arrays, np.random.default_rng(4))
        for wanted in range(len(arrays)):
            inputs = [Tensor(a, requires_grad=i == wanted) for i, a in enumerate(arrays)]
            case.run(HERE, *inputs).backward(cotangent)
            assert [x.grad is not None for x in inputs] == [i == wanted for i in range(len(arrays))]
            np.testing.assert_allclose(inputs[wanted].grad, gradients[wanted], rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_without_a_gradient_wanted_nothing_is_recorded(operation: str) -> None:
    for case in OPERATIONS[operation]:
        out = case.run(HERE, *(Tensor(a) for a in case.inputs(np.float32)))
        assert out.node is None
        assert not out.requires_grad


@pytest.mark.parametrize("operation", OPERATIONS)
def test_operations_leave_their_inputs_alone_and_take_any_memory_order(operation: str) -> None:
    for case in OPERATIONS[operation]:
        arrays = case.inputs(np.float64)
        kept = [a.copy() for a in arrays]
        out, _, gradients = run_here(case.run, arrays, np.random.default_rng(5))
        for array, before in zip(arrays, kept, strict=True):
            np.testing.assert_array_equal(array, before, err_msg=str(case))
        for order in (in_fortran_order, spread_out):
            other, _, theirs = run_here(case.run, [order(a) for a in arrays], np.random.default_rng(5))
            np.testing.assert_allclose(other.data, out.data, rtol=1e-12, err_msg=str(case))
            for ours, their in zip(gradients, theirs, strict=True):
                np.testing.assert_allclose(their, ours, rtol=1e-12, atol=1e-14, err_msg=str(case))


def in_fortran_order(array: np.ndarray) -> np.ndarray:
    return np.array(array, order="F")


def spread_out(array: np.ndarray) -> np.ndarray:
    """Return the same numbers as every second row, backwards, of a larger array."""
    return np.repeat(array, 2, axis=0)[::-1][::2][::-1] if array.ndim else array
