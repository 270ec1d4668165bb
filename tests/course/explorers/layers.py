"""The explorers of the chapter on layers: steps, sliders and the reader's own code change what is shown."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from mininet.activations import softmax
from mininet.layers import Layer, Linear, ReLU, Sequential, Tanh, mlp
from mininet_course.explorers.layers import (
    check_explorer,
    flow_explorer,
    init_explorer,
    softmax_explorer,
    spreads,
)

X = np.array([0.5, -1.2], dtype=np.float32)


def numbers(words: list[str]) -> int:
    """Return how many of the words are numbers in circles."""
    return sum(word.replace("−", "").replace(".", "").isdigit() for word in words)


def test_each_step_fills_in_values_forward_and_then_gradients_back(shown: list[list[str]]) -> None:
    net = mlp([2, 3, 2], np.random.default_rng(4), Tanh)
    view = flow_explorer(net, X, 1)
    counts = [numbers(shown[-1])]
    for _ in range(view.controls["step"].max):
        view.controls["forward"].click()
        counts.append(numbers(shown[-1]))
    # x; Linear; Tanh; scores; then by the scores, Tanh's output, its input, x
    assert counts == [2, 5, 8, 10, 12, 15, 18, 20]
    assert "Linear(2, 3).backward" in shown[-1][0]
    view.controls["forward"].click()  # at the end it stays there
    assert view.controls["step"].value == 7
    view.controls["again"].click()
    assert numbers(shown[-1]) == 2


def test_the_flow_shows_the_gradients_of_the_network(shown: list[list[str]]) -> None:
    net = mlp([2, 3, 2], np.random.default_rng(4), Tanh)
    view = flow_explorer(net, X, 1)
    view.controls["step"].value = 4
    p = softmax(net(X[None, :]))[0]
    expected = [f"{value:.2f}".replace("-", "−") for value in (p[0], p[1] - 1)]
    assert all(text in shown[-1] for text in expected)
    assert f"the loss is {-np.log(p[1]):.3f}" in shown[-1][0]


def test_the_flow_leaves_the_network_alone() -> None:
    net = mlp([2, 3, 2], np.random.default_rng(4))
    flow_explorer(net, X, 0)
    assert all(p.grad is None for p in net.parameters())


def test_the_flow_takes_the_readers_own_layer_and_says_what_it_lacks(shown: list[list[str]]) -> None:
    class Double(Layer):
        def forward(self, x: np.ndarray) -> np.ndarray:
            return 2 * x

        def backward(self, grad: np.ndarray, input_gradient: bool = True) -> np.ndarray | None:
            return 2 * grad

    class Silent(Double):
        def __repr__(self) -> str:
            return "Silent()"

        def backward(self, grad: np.ndarray, input_gradient: bool = True) -> np.ndarray | None:
            return None

    flow_explorer(Sequential(Linear(2, 2, np.random.default_rng(0)), Double()), X, 0)
    assert "Double" in shown[-1]
    with pytest.raises(RuntimeError, match=r"Silent\(\)\.backward returned None"):
        flow_explorer(Sequential(Silent()), X, 0)


def test_the_flow_refuses_layers_too_large_to_draw() -> None:
    with pytest.raises(ValueError, match=r"at most 8 units, got \[2, 9, 9, 2\]"):
        flow_explorer(mlp([2, 9, 2], np.random.default_rng(0)), X, 0)


def test_hes_button_keeps_the_spread_that_xaviers_loses_with_relu(shown: list[list[str]]) -> None:
    view = init_explorer()
    ends = {}
    for button in ("xavier", "he"):
        view.controls[button].click()
        ends[button] = [float(title.split("→ ")[1]) for title in shown[-1] if "→" in title]
    assert all(end < 0.1 for end in ends["xavier"])
    assert all(0.3 < end < 3 for end in ends["he"])


def test_the_gain_and_the_activation_change_the_picture() -> None:
    view = init_explorer()
    first = view.still
    view.controls["gain"].value = 2.0
    second = view.still
    view.controls["activation"].value = "tanh"
    assert first != second != view.still


def test_spreads_are_those_of_the_network() -> None:
    rng = np.random.default_rng(0)
    x, grad, weights = (
        rng.standard_normal((4, 3)),
        rng.standard_normal((4, 3)),
        rng.standard_normal((2, 3, 3)),
    )
    net = Sequential(Linear(3, 3, rng), ReLU(), Linear(3, 3, rng), ReLU()).astype(np.float64)
    net[0].weight.data, net[2].weight.data = weights  # type: ignore[attr-defined]
    out = net(x)
    below = net.backward(grad)
    assert below is not None
    forward, backward = spreads(x, grad, weights, "ReLU")

    def rms(a: np.ndarray) -> float:
        return float(np.sqrt(np.mean(a * a)))

    assert forward[0] == backward[0] == 1 and len(forward) == len(backward) == 3
    assert forward[-1] == pytest.approx(rms(out) / rms(x))
    assert backward[-1] == pytest.approx(rms(below) / rms(grad))
    with pytest.raises(ValueError, match="expected one of ReLU, tanh, sigmoid, got 'relu'"):
        spreads(x, grad, weights, "relu")


def naive(z: np.ndarray) -> np.ndarray:
    return np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)


def test_a_naive_softmax_breaks_when_shifted_and_the_steady_one_does_not(shown: list[list[str]]) -> None:
    view = softmax_explorer(naive)
    assert "0.665" in shown[-1]
    view.controls["shift"].value = 200.0
    assert shown[-1].count("not a number") == 3
    view = softmax_explorer()
    view.controls["shift"].value = 200.0
    assert "0.665" in shown[-1] and "not a number" not in shown[-1]


def test_cold_makes_the_largest_take_all(shown: list[list[str]]) -> None:
    view = softmax_explorer()
    view.controls["temperature"].value = 0.1
    assert "1.000" in shown[-1]
    view.controls["temperature"].value = 10.0
    assert "1.000" not in shown[-1] and "0.367" in shown[-1]


def test_a_softmax_of_the_wrong_shape_is_refused() -> None:
    with pytest.raises(ValueError, match=r"probabilities of shape \(1, 3\) from your function, got \(1,\)"):
        softmax_explorer(lambda z: z.sum(axis=-1))


def test_a_softmax_that_answers_nothing_or_words_is_refused_and_infinity_is_shown(
    shown: list[list[str]],
) -> None:
    with pytest.raises(ValueError, match=r"from your function, got None\. Is its return missing\?"):
        softmax_explorer(lambda z: None)  # type: ignore[arg-type,return-value]
    with pytest.raises(ValueError, match="from your function, got 'high'"):
        softmax_explorer(lambda z: "high")  # type: ignore[arg-type,return-value]
    softmax_explorer(lambda z: np.abs(z) / 0)
    assert "sum of probabilities: not a number" in shown[-1] and shown[-1].count("infinite") == 2


class NoTranspose(Linear):
    def backward(self, grad: np.ndarray, input_gradient: bool = True) -> np.ndarray:
        super().backward(grad)
        return grad @ self.weight.data


def verdicts(words: list[str]) -> list[bool]:
    return ["NOT OK" not in word for word in words if "OK" in word]


def test_the_check_is_green_for_a_right_layer_and_red_where_one_is_wrong(shown: list[list[str]]) -> None:
    rng = np.random.default_rng(0)
    check_explorer(Linear(3, 3, rng), (2, 3))
    assert verdicts(shown[-1]) == [True, True, True] and "✗" not in shown[-1]
    view = check_explorer(NoTranspose(3, 3, rng), (2, 3))
    assert verdicts(shown[-1]) == [False, True, True]
    assert shown[-1].count("✗") == 6 and shown[-1].count("✓") == 12
    before = shown[-1]
    view.controls["place"].value = 3
    assert shown[-1] != before and verdicts(shown[-1]) == [False, True, True]


def test_too_small_a_nudge_turns_even_a_right_layer_red(shown: list[list[str]]) -> None:
    view = check_explorer(Linear(3, 3, np.random.default_rng(0)), (2, 3))
    view.controls["nudge"].value = -12
    assert False in verdicts(shown[-1])


def test_the_check_leaves_the_layer_alone_and_names_missing_gradients() -> None:
    class Forgetful(Linear):
        def backward(self, grad: np.ndarray, input_gradient: bool = True) -> np.ndarray:
            return grad @ self.weight.data.T

    layer = Linear(3, 2, np.random.default_rng(0))
    check_explorer(layer, (2, 3))
    assert layer.weight.data.dtype == np.float32 and layer.weight.grad is None
    with pytest.raises(ValueError, match="left no gradient for weight, bias"):
        check_explorer(Forgetful(3, 2, np.random.default_rng(0)), (2, 3))


def test_what_is_no_layer_or_gives_no_output_is_named(shown: list[list[str]]) -> None:
    class Mute(Layer):
        def forward(self, x: np.ndarray) -> np.ndarray:
            return None  # type: ignore[return-value]

    for wrong in (Mute, np.tanh):
        with pytest.raises(
            TypeError, match=r"expected a layer that inherits from mininet\.layers\.Layer, got <"
        ):
            check_explorer(wrong, (2, 3))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"Mute\(\)\.forward returned None; return the output"):
        check_explorer(Mute(), (2, 3))
    with pytest.raises(TypeError, match=r"Mute\(\)\.forward returned None; return the output"):
        flow_explorer(Sequential(Mute()), X, 0)


def test_the_leaky_relu_of_the_exercise_is_right(shown: list[list[str]]) -> None:
    class LeakyReLU(Layer):
        def forward(self, x: np.ndarray) -> np.ndarray:
            self.slope = np.where(x > 0, 1, 0.1).astype(x.dtype)
            return x * self.slope

        def backward(self, grad: np.ndarray, input_gradient: bool = True) -> np.ndarray:
            return grad * self.slope

    check_explorer(LeakyReLU(), (3, 4))
    assert verdicts(shown[-1]) == [True] and shown[-1].count("✓") == 12
    flow_explorer(mlp([2, 3, 2], np.random.default_rng(0), LeakyReLU), X, 0).controls["step"].value = 2
    assert "LeakyReLU().forward" in shown[-1][0]


def test_every_line_of_the_starting_weights_stays_in_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    figures: list[Figure] = []

    def unrendered(draw, width: float, height: float) -> bytes:  # type: ignore[no-untyped-def]
        figures.append(Figure())
        draw(figures[-1])
        return b""

    monkeypatch.setattr("mininet_course.explorers.explorer.png", unrendered)
    view = init_explorer()
    for name in view.controls["activation"].options:
        view.controls["activation"].value = name
        for end in ("min", "max"):
            view.controls["gain"].value = getattr(view.controls["gain"], end)
            for ax in figures[-1].axes:
                low, high = ax.get_ylim()
                assert low <= min(ax.lines[0].get_ydata()) and max(ax.lines[0].get_ydata()) <= high
