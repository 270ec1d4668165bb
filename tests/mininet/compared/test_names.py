"""The tables of names at the end of the chapter "framework" say what is true of PyTorch and of JAX."""

import inspect
import re
from typing import Any

import numpy as np
import pytest

import mininet.functional as F
from mininet import nn
from mininet.checkpoint import load, save
from tests.support.files import BOOK, read
from tests.support.frameworks import framework, needs

pytestmark = pytest.mark.slow

needs("torch", "jax")


@pytest.fixture
def ours() -> nn.Sequential:
    return nn.mlp([64, 30, 10], np.random.default_rng(0))


@pytest.fixture
def batch() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    return rng.random((32, 64), dtype=np.float32), rng.integers(0, 10, 32)


def run(first_line: str, **names: Any) -> dict[str, Any]:
    """Run the lines that the page shows, and return what they define."""
    text = "\n".join(
        cell.source for cell in read(BOOK / "framework.ipynb").cells if cell.cell_type == "markdown"
    )
    (lines,) = [
        block for block in re.findall(r"```python\n(.*?)```", text, re.S) if block.startswith(first_line)
    ]
    exec(lines, names)
    return names


def step(net: nn.Module, x: np.ndarray, t: np.ndarray) -> dict[str, np.ndarray]:
    """Return our parameters after one step of gradient descent."""
    F.cross_entropy(net(x), t).backward()
    return {name: p.data - 0.3 * p.grad for name, p in net.named_parameters()}


def test_the_pytorch_lines_take_our_weights_and_make_our_step(torch: Any, ours: Any, batch: Any) -> None:
    x, t = batch
    loader = [(torch.from_numpy(x), torch.from_numpy(t))]
    start = run("import torch", ours=ours, loader=[])["net"]
    np.testing.assert_allclose(start(torch.from_numpy(x)).detach().numpy(), ours(x).data, atol=1e-5)
    net = run("import torch", ours=ours, loader=loader)["net"]
    for name, array in step(ours, x, t).items():
        np.testing.assert_allclose(net.state_dict()[name].numpy().T, array, atol=1e-5)


def test_the_jax_lines_take_our_state_and_make_our_step(jax: Any, ours: Any, batch: Any) -> None:
    x, t = batch
    params = run("import jax", ours=ours, x=x, t=t)["params"]
    for name, array in step(ours, x, t).items():
        np.testing.assert_allclose(np.asarray(params[name]), array, atol=1e-5)


def test_what_the_table_says_of_pytorch(torch: Any) -> None:
    layer = torch.nn.Linear(3, 2)
    x = torch.ones(5, 3)
    assert layer.weight.shape == (2, 3)
    assert torch.allclose(layer(x), x @ layer.weight.T + layer.bias)

    class WithoutSuper(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            self.layer = torch.nn.Linear(3, 2)

    with pytest.raises(AttributeError, match="__init__"):
        WithoutSuper()

    class Lists(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.plain = [torch.nn.Linear(3, 2)]
            self.found = torch.nn.ModuleList([torch.nn.Linear(3, 2)])
            self.own = torch.nn.ParameterList([torch.nn.Parameter(torch.ones(2))])
            self.named = torch.nn.ModuleDict({"a": torch.nn.Linear(3, 2)})
            self.by_name = torch.nn.ParameterDict({"b": torch.nn.Parameter(torch.ones(2))})
            self.register_buffer("mean", torch.zeros(2))

    names = list(Lists().state_dict())
    assert not [name for name in names if name.startswith("plain")]
    assert {"found.0.weight", "own.0", "named.a.weight", "by_name.b", "mean"} <= set(names)
    assert "rng" not in inspect.signature(torch.nn.Dropout).parameters
    assert "generator" not in inspect.signature(torch.nn.Dropout).parameters
    assert inspect.signature(torch.load).parameters["weights_only"].default in (None, True)
    a = torch.ones(2, requires_grad=True)
    with torch.no_grad():
        assert not (2 * a).requires_grad
    assert not (2 * a).detach().requires_grad
    alone = torch.nn.Parameter(torch.ones(2))
    torch.optim.SGD([alone], lr=0.3).step()  # no gradient, and nobody complains
    assert alone.tolist() == [1.0, 1.0]
    torch.nn.init.zeros_(layer.weight)
    assert not layer.weight.any()
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, x[:, 0]), 2, shuffle=True)
    assert [len(batch) for batch, _ in loader] == [2, 2, 1]
    assert callable(torch.compile) and not torch.nn.Sequential(layer).eval().training


def test_pytorch_refuses_code_in_a_file(torch: Any, tmp_path: Any) -> None:
    class Parcel:
        def __reduce__(self) -> Any:
            return print, ("opened",)

    torch.save({"a": Parcel()}, tmp_path / "parcel.pt")
    with pytest.raises(Exception, match="weights_only"):
        torch.load(tmp_path / "parcel.pt")


def test_pytorch_reads_our_safetensors(torch: Any, ours: Any, tmp_path: Any) -> None:
    from safetensors.torch import load_file

    save(ours.state_dict(), tmp_path / "net.safetensors")
    theirs = load_file(tmp_path / "net.safetensors")
    for name, array in load(tmp_path / "net.safetensors").items():
        np.testing.assert_array_equal(theirs[name].numpy(), array)


def test_what_the_table_says_of_jax(jax: Any) -> None:
    jnp = framework("jax.numpy")
    nest = {"a": [jnp.ones(2), {"b": jnp.ones(3)}]}
    assert len(jax.tree.leaves(nest)) == 2
    assert jax.tree.structure(jax.grad(lambda p: p["a"][0].sum() + p["a"][1]["b"].sum())(nest)) == (
        jax.tree.structure(nest)
    )
    assert float(jax.grad(lambda x: x * jax.lax.stop_gradient(x))(3.0)) == 3.0
    assert jax.nn.initializers.glorot_normal()(jax.random.key(0), (3, 2)).shape == (3, 2)
    assert jax.vmap(lambda sample: sample.sum())(jnp.ones((5, 3))).shape == (5,)
    assert float(jax.jit(jax.grad(jax.grad(lambda x: x**3)))(2.0)) == 12.0  # gradients of gradients
