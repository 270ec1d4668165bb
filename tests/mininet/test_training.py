"""`fit` learns, records, stops when it should, and says what went wrong when it cannot go on."""

import math
import os
import re
import signal
import subprocess
import sys
import textwrap
import threading
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from mininet import layers, nn
from mininet.arrays import Array, Floats
from mininet.attacks import classify, gradient_by_input
from mininet.data import DataLoader, digits, to_unit
from mininet.layers import BatchNorm1d, Dropout, Layer, Linear, ReLU, Sequential, mlp
from mininet.losses import cross_entropy, mse
from mininet.optim import SGD
from mininet.training import (
    NonFiniteLoss,
    accuracy,
    evaluate,
    fit,
    noise,
    predict,
    train_step,
)
from tests.support.states import check_equal

DIGITS = digits()
TRAIN = DIGITS.x_train.reshape(-1, 64)[:300], DIGITS.y_train[:300]
TEST = DIGITS.x_test.reshape(-1, 64), DIGITS.y_test


def network(seed: int = 0, sizes: tuple[int, ...] = (64, 20, 10)) -> Sequential:
    return mlp(sizes, np.random.default_rng(seed))


def run(net: Sequential, lr: float = 0.3, seed: int = 0, **options) -> dict[str, list[float]]:  # type: ignore[no-untyped-def]
    settings = {"loss": cross_entropy, "epochs": 3, "batch_size": 32, "progress": False, **options}
    data = settings.pop("data", TRAIN)
    return fit(net, data, optimizer=SGD(net.parameters(), lr=lr), rng=np.random.default_rng(seed), **settings)


def test_training_lowers_the_loss_and_learns_digits_it_has_not_seen() -> None:
    net = network()
    history = run(net, epochs=20)
    assert history["loss"][-1] < history["loss"][0] / 10
    assert evaluate(net, TEST, cross_entropy)[1] > 0.8


def test_history_is_a_plain_dictionary_of_floats() -> None:
    history = run(network(), validation=TEST)
    assert type(history) is dict
    assert list(history) == ["loss", "accuracy", "validation_loss", "validation_accuracy"]
    assert all(len(values) == 3 for values in history.values())
    assert all(type(value) is float for values in history.values() for value in values)


def test_validation_is_measured_after_each_epoch_and_changes_nothing() -> None:
    net, alone = network(), network()
    history = run(net, validation=TEST)
    run(alone)
    measured = evaluate(net, TEST, cross_entropy)
    assert (history["validation_loss"][-1], history["validation_accuracy"][-1]) == measured
    for a, b in zip(net.parameters(), alone.parameters(), strict=True):
        np.testing.assert_array_equal(a.data, b.data)


def test_loss_of_an_epoch_is_the_mean_over_samples_not_over_batches() -> None:
    # 300 samples in batches of 32: the last has 12; a network that cannot learn has one loss
    net = network()
    history = run(net, lr=1e-30, epochs=1)
    assert history["loss"][0] == pytest.approx(evaluate(net, TRAIN, cross_entropy)[0], rel=1e-5)
    assert history["accuracy"][0] == pytest.approx(evaluate(net, TRAIN, cross_entropy)[1], abs=1e-12)


def test_the_same_seed_gives_the_same_network_and_another_seed_another() -> None:
    a, b, c = network(), network(), network()
    assert run(a, seed=1) == run(b, seed=1) != run(c, seed=2)
    np.testing.assert_array_equal(a.parameters()[0].data, b.parameters()[0].data)
    assert not np.array_equal(a.parameters()[0].data, c.parameters()[0].data)


def test_fit_does_what_the_loop_written_out_does() -> None:
    ours, theirs = network(), network()
    run(ours, epochs=2)
    rng = np.random.default_rng(0)
    for _ in range(2):
        for x, y in DataLoader(*TRAIN, 32, rng):
            gradient = cross_entropy(theirs.forward(x), y)[1]
            for p in theirs.parameters():
                p.grad = None
            theirs.backward(gradient)
            for p in theirs.parameters():
                assert p.grad is not None
                p.data -= 0.3 * p.grad
    for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
        np.testing.assert_allclose(a.data, b.data, rtol=1e-6, atol=1e-7)


def test_bytes_are_scaled_batch_by_batch_and_give_what_scaled_floats_give() -> None:
    as_bytes, as_floats = network(), network()
    assert TRAIN[0].dtype == np.uint8
    assert run(as_bytes) == run(as_floats, data=(to_unit(TRAIN[0]), TRAIN[1]))
    assert as_bytes.parameters()[0].data.dtype == np.float32


def test_no_metric_leaves_only_the_losses() -> None:
    assert list(run(network(), metric=None, validation=TEST)) == ["loss", "validation_loss"]
    assert math.isnan(evaluate(network(), TEST, cross_entropy, metric=None)[1])


def test_another_metric_is_recorded_under_its_name() -> None:
    def mistakes(logits: Floats, labels: Array) -> float:
        return 1 - accuracy(logits, labels)

    history = run(network(), metric=mistakes, validation=TEST)
    assert history["mistakes"][-1] < 0.9
    assert "validation_mistakes" in history


def test_on_epoch_sees_the_history_so_far_and_can_end_training() -> None:
    seen = []

    def watch(history: dict[str, list[float]]) -> bool:
        seen.append(len(history["loss"]))
        return len(history["loss"]) == 2

    assert len(run(network(), epochs=9, on_epoch=watch)["loss"]) == 2
    assert seen == [1, 2]


def test_regression_is_trained_too() -> None:
    x = np.linspace(-1, 1, 64, dtype=np.float32).reshape(-1, 1)
    net = network(sizes=(1, 20, 1))
    history = run(net, lr=0.1, data=(x, x * x), loss=mse, metric=None, epochs=60)
    assert history["loss"][-1] < 0.02


# -- the progress bar


def test_progress_bar_is_plain_text_where_there_is_no_notebook(capsys: pytest.CaptureFixture[str]) -> None:
    history = run(network(), progress=True)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "30/30" in captured.err
    assert "epoch 3/3, loss" in captured.err
    assert len(history["loss"]) == 3


def test_progress_false_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    run(network(), progress=False)
    assert capsys.readouterr() == ("", "")


def test_the_text_of_the_bar_is_made_only_when_the_bar_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    from tqdm.auto import tqdm

    texts = []
    monkeypatch.setattr(tqdm, "set_description_str", lambda self, text: texts.append(text))
    run(network(), progress=True, epochs=20)
    assert texts[-1].startswith("epoch 20/20, loss 0.")
    assert len(texts) < 20  # 200 steps, and one drawing a second


def test_the_bar_changes_nothing_that_is_learned() -> None:
    assert run(network(), progress=True) == run(network(), progress=False)


def test_without_tqdm_training_goes_on_and_says_why_there_is_no_bar(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    assert len(run(network(), progress=True)["loss"]) == 3
    assert capsys.readouterr().err == "(no progress bar: pip install tqdm)\n"


def test_in_a_browser_the_bar_asks_for_no_thread(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from tqdm import TqdmMonitorWarning
    from tqdm.auto import tqdm

    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    monkeypatch.setattr(tqdm, "monitor", None)
    monkeypatch.setattr(tqdm, "monitor_interval", 10)
    with pytest.warns(TqdmMonitorWarning, match="can't start new thread"):
        run(network(), progress=True)
    monkeypatch.setattr(tqdm, "monitor_interval", 10)
    monkeypatch.setattr(sys, "platform", "emscripten")
    run(network(), progress=True)  # a warning would be an error
    assert "30/30" in capsys.readouterr().err


# -- Ctrl-C


def test_ctrl_c_keeps_what_was_learned(capsys: pytest.CaptureFixture[str]) -> None:
    net, calls = network(), []

    def loss(logits: Floats, labels: Array) -> tuple[float, Floats]:
        calls.append(1)
        if len(calls) == 25:  # ten batches an epoch: in the middle of the third
            raise KeyboardInterrupt
        return cross_entropy(logits, labels)

    history = run(net, epochs=9, loss=loss)
    assert len(history["loss"]) == 2
    assert "Stopped in epoch 3 of 9; the network keeps what it has learned." in capsys.readouterr().out
    assert evaluate(net, TRAIN, cross_entropy)[0] < history["loss"][0]


def test_ctrl_c_while_a_picture_is_drawn_keeps_the_epoch(capsys: pytest.CaptureFixture[str]) -> None:
    def draw(history: dict[str, list[float]]) -> None:
        raise KeyboardInterrupt

    assert len(run(network(), on_epoch=draw)["loss"]) == 1
    assert "Stopped in epoch 1 of 3" in capsys.readouterr().out


def test_ctrl_c_during_validation_leaves_lists_of_one_length() -> None:
    sizes = []

    def loss(logits: Floats, labels: Array) -> tuple[float, Floats]:
        sizes.append(len(labels))
        if sizes.count(len(TEST[1])) == 2:  # while the second epoch is validated
            raise KeyboardInterrupt
        return cross_entropy(logits, labels)

    history = run(network(), loss=loss, validation=TEST)
    assert {name: len(values) for name, values in history.items()} == {
        "loss": 1,
        "accuracy": 1,
        "validation_loss": 1,
        "validation_accuracy": 1,
    }


def test_a_real_interrupt_signal_ends_training_but_not_the_program() -> None:
    program = """
        import signal
        import numpy as np
        from mininet.data import digits
        from mininet.layers import mlp
        from mininet.losses import cross_entropy
        from mininet.optim import SGD
        from mininet.training import fit
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background is started without
        d, rng = digits(), np.random.default_rng(0)
        net = mlp([64, 20, 10], rng)
        h = fit(net, (d.x_train.reshape(-1, 64), d.y_train), loss=cross_entropy, batch_size=32, rng=rng,
                optimizer=SGD(net.parameters(), lr=0.1), epochs=10**6, progress=False,
                on_epoch=lambda h: print("ready", flush=True) if len(h["loss"]) == 1 else None)
        print("went on after", len(h["loss"]) >= 1)
    """
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
    assert "Stopped in epoch" in rest
    assert rest.endswith("went on after True\n")
    assert process.returncode == 0


# -- when numbers stop being numbers


def test_a_loss_that_explodes_names_epoch_step_and_layer() -> None:
    net = network(sizes=(64, 50, 50, 50, 50, 50, 10))
    with pytest.raises(NonFiniteLoss) as error:
        run(net, lr=100.0)
    message = str(error.value)
    assert message.startswith("fit: at epoch 1, step ")
    assert " of 10: the loss is " in message
    assert "Linear(" in message
    assert "A lower learning rate is the usual cure." in message


def test_nothing_is_updated_by_a_loss_that_is_not_finite() -> None:
    net = network()
    before = net.state_dict()
    optimizer = SGD(net.parameters(), lr=0.1)
    x, y = to_unit(TRAIN[0][:8]), TRAIN[1][:8]

    def broken(logits: Floats, labels: Array) -> tuple[float, Floats]:
        return math.inf, np.ones_like(logits)

    with pytest.raises(NonFiniteLoss, match="Look at the loss and the targets"):
        train_step(net, broken, optimizer, x, y)
    for name, values in net.state_dict().items():
        np.testing.assert_array_equal(values, before[name])


def test_the_first_layer_that_went_bad_is_named() -> None:
    net = network(sizes=(64, 20, 30, 10))
    net.parameters()[2].data[0, 0] = np.inf  # the second Linear: layer 2, after Linear and ReLU
    net.parameters()[0].data[:] = 1.0
    with pytest.raises(
        NonFiniteLoss, match=r"Layer 2 of 5 \(counted from 0\), Linear\(20, 30\), was the first"
    ):
        run(net)


def test_nan_that_was_put_into_a_batch_is_told_from_one_that_was_made() -> None:
    net = network()
    x = np.full((4, 64), np.nan, dtype=np.float32)
    with pytest.raises(NonFiniteLoss, match="The batch itself holds NaN or infinity: clean the data"):
        train_step(net, cross_entropy, SGD(net.parameters(), lr=0.1), x, TRAIN[1][:4])


def test_nan_in_the_training_data_is_found_before_training() -> None:
    x = to_unit(TRAIN[0]).copy()
    x[7, 3] = np.nan
    with pytest.raises(ValueError, match="x holds NaN or infinity"):
        run(network(), data=(x, TRAIN[1]))


def test_nan_in_the_validation_data_is_found_when_they_are_used() -> None:
    x = to_unit(TEST[0]).copy()
    x[7, 3] = np.nan
    with pytest.raises(NonFiniteLoss, match=r"at epoch 1, evaluation: the loss is nan\. The batch itself"):
        run(network(), validation=(x, TEST[1]))


def test_a_finite_network_with_a_huge_output_is_told_to_slow_down() -> None:
    net = network(sizes=(64, 10))
    net.parameters()[0].data[:] = 1e25
    y = np.zeros((300, 10), dtype=np.float32)
    with pytest.raises(NonFiniteLoss, match=r"output is finite, at most .* lower learning rate"):
        run(net, data=(TRAIN[0], y), loss=mse, metric=None)


# -- measuring


def test_predict_and_evaluate_in_batches_equal_the_whole() -> None:
    net = network()
    whole = net.forward(to_unit(TEST[0]))
    for size in (1, 50, 297, 1000):
        np.testing.assert_allclose(predict(net, TEST[0], batch_size=size), whole, rtol=1e-5, atol=1e-6)
    loss, share = evaluate(net, TEST, cross_entropy)
    assert loss == pytest.approx(cross_entropy(whole, TEST[1])[0], rel=1e-6)
    assert share == accuracy(whole, TEST[1])


def test_accuracy_by_hand() -> None:
    logits = np.array([[3.0, 1.0, 2.0], [0.0, 0.5, 0.4], [1.0, 2.0, 3.0], [9.0, 8.0, 7.0]])
    assert accuracy(logits, np.array([0, 1, 2, 2])) == 0.75
    assert type(accuracy(logits, np.array([0, 1, 2, 2]))) is float


@pytest.mark.parametrize(
    ("logits", "labels"), [((4, 3), (5,)), ((4,), (4,)), ((4, 3), (4, 1)), ((0, 3), (0,))]
)
def test_accuracy_refuses_shapes_that_do_not_match(logits: tuple[int, ...], labels: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="accuracy: expected logits"):
        accuracy(np.zeros(logits), np.zeros(labels, dtype=int))


def test_accuracy_of_what_has_no_labels_tells_the_way_out() -> None:
    x = np.linspace(-1, 1, 64, dtype=np.float32).reshape(-1, 1)
    with pytest.raises(ValueError, match="pass metric=None or a metric of your own"):
        run(network(sizes=(1, 5, 1)), data=(x, x), loss=mse)


def test_predicting_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match="predict: expected at least one sample"):
        predict(network(), TEST[0][:0])


def test_training_for_no_epoch_is_an_error() -> None:
    with pytest.raises(ValueError, match="fit: expected epochs to be a whole number of at least 1, got 0"):
        run(network(), epochs=0)


def test_images_that_were_not_flattened_are_named() -> None:
    with pytest.raises(ValueError, match="Flatten the images first"):
        run(network(), data=(DIGITS.x_train, DIGITS.y_train))


# -- modes


def with_modes(seed: int = 0) -> Sequential:
    rng = np.random.default_rng(seed)
    return Sequential(
        Linear(64, 30, rng), BatchNorm1d(30), ReLU(), Dropout(0.2, rng), Linear(30, 10, rng), Watcher()
    )


class Watcher(Layer):
    """A layer that changes nothing and notes the mode of each forward pass."""

    def __init__(self) -> None:
        self.seen: list[bool] = []

    def forward(self, x: Floats) -> Floats:
        self.seen.append(self.training)
        return x

    def backward(self, grad: Floats, input_gradient: bool = True) -> Floats | None:
        return grad


def test_fit_trains_in_train_mode_and_validates_in_eval_mode() -> None:
    net = with_modes().eval()
    run(net, epochs=1, validation=TEST)
    assert net[5].seen == [True] * 10 + [False]
    assert not any(layer.training for layer in net.modules())  # as it was


def test_a_network_with_batch_norm_and_dropout_learns() -> None:
    net = with_modes()
    history = run(net, epochs=20, validation=TEST)
    assert history["validation_accuracy"][-1] > 0.8
    net.eval()
    assert accuracy(net.forward(to_unit(TEST[0])), TEST[1]) == history["validation_accuracy"][-1]


def test_measuring_leaves_each_layer_in_its_own_mode_and_moves_no_running_statistics() -> None:
    net = with_modes()
    run(net, epochs=2)
    net[1].eval()  # a frozen batch norm
    modes, state = [layer.training for layer in net.modules()], net.state_dict()
    first = evaluate(net, TEST, cross_entropy)
    assert first == evaluate(net, TEST, cross_entropy)  # no dropout
    predict(net, TEST[0], batch_size=7)
    assert [layer.training for layer in net.modules()] == modes
    check_equal(net.state_dict(), state)


def test_modes_are_put_back_after_an_error() -> None:
    net = with_modes()
    with pytest.raises(ValueError, match="Flatten the images first"):
        predict(net, DIGITS.x_test)
    with pytest.raises(ValueError, match="cross_entropy: expected labels"):
        evaluate(net, (TEST[0], TEST[1] + 5), cross_entropy)
    assert all(layer.training for layer in net.modules())
    net.eval()
    with pytest.raises(ValueError, match="cross_entropy: expected labels"):
        run(net, data=(TRAIN[0], TRAIN[1] + 5))
    assert not any(layer.training for layer in net.modules())


def test_a_last_batch_of_one_is_refused_by_batch_norm_with_the_way_out() -> None:
    with pytest.raises(ValueError, match="choose a batch_size that leaves no last batch of one"):
        run(with_modes(), data=(TRAIN[0][:33], TRAIN[1][:33]))


def test_a_model_without_modes_is_trained_and_measured() -> None:
    class Bare:
        """Nothing but what the protocol asks for, around a network."""

        def __init__(self) -> None:
            self.net = network()

        def forward(self, x: Floats) -> Floats:
            return self.net.forward(x)

        def backward(self, grad: Floats, input_gradient: bool = True) -> Floats | None:
            return self.net.backward(grad, input_gradient)

    bare, net = Bare(), network()
    settings = {"loss": cross_entropy, "epochs": 2, "batch_size": 32, "progress": False, "validation": TEST}
    optimizer = SGD(bare.net.parameters(), lr=0.3)
    history = fit(bare, TRAIN, optimizer=optimizer, rng=np.random.default_rng(0), **settings)
    assert history == run(net, **{k: v for k, v in settings.items() if k != "progress"})


# -- changing the batch


def test_transform_is_given_every_batch_and_its_result_is_trained_on() -> None:
    seen = []

    def invert(x: Floats, y: Array) -> Floats:
        seen.append((x.copy(), y.copy()))
        return 1 - x

    changed, by_hand = network(), network()
    history = run(changed, epochs=2, transform=invert)
    assert history == run(by_hand, epochs=2, data=(1 - to_unit(TRAIN[0]), TRAIN[1]))
    rng = np.random.default_rng(0)
    batches = [batch for _ in range(2) for batch in DataLoader(*TRAIN, 32, rng)]
    for (x, y), (x_seen, y_seen) in zip(batches, seen, strict=True):
        np.testing.assert_array_equal(x, x_seen)
        np.testing.assert_array_equal(y, y_seen)


def test_transform_sees_the_network_before_the_step_and_in_train_mode() -> None:
    net, weights = with_modes(), []

    def watch(x: Floats, y: Array) -> Floats:
        assert all(layer.training for layer in net.modules())
        weights.append(net[0].weight.data.copy())
        return x

    start = net[0].weight.data.copy()
    run(net, epochs=1, transform=watch)
    np.testing.assert_array_equal(weights[0], start)
    assert all((a != b).any() for a, b in pairwise(weights))


def test_validation_data_are_not_changed() -> None:
    net = network()
    history = run(net, validation=TEST, transform=lambda x, y: 1 - x)
    assert history["validation_loss"][-1] == evaluate(net, TEST, cross_entropy)[0]


@pytest.mark.parametrize(
    ("change", "kind", "message"),
    [
        (
            lambda x, y: None,
            TypeError,
            r"an array as what transform returns, got NoneType\. Is a return missing\?",
        ),
        (lambda x, y: (x, y), TypeError, "an array as what transform returns, got tuple"),
        (lambda x, y: x[:5], ValueError, r"float32 \(32, 64\) from transform.*returned float32 \(5, 64\)"),
        (lambda x, y: x.reshape(-1, 8, 8), ValueError, r"returned float32 \(32, 8, 8\)"),
        (lambda x, y: x.astype(np.float64), ValueError, r"returned float64 \(32, 64\)"),
        (
            lambda x, y: x + np.float32(np.nan),
            ValueError,
            "what transform returns to be finite, got NaN",
        ),
    ],
)
def test_a_changed_batch_of_the_wrong_kind_is_refused(
    change: object, kind: type[Exception], message: str
) -> None:
    net = network()
    before = net.state_dict()
    with pytest.raises(kind, match=f"^fit: .*{message}"):
        run(net, transform=change)
    for name, values in net.state_dict().items():
        np.testing.assert_array_equal(values, before[name])


def test_noise_has_the_mean_and_the_deviation_that_were_asked_for() -> None:
    add = noise(0.1, np.random.default_rng(0), mean=0.3)
    for dtype in (np.float32, np.float64):
        x = np.linspace(0, 1, 200 * 500, dtype=dtype).reshape(200, 500)
        y = np.zeros(200, dtype=int)
        before, added = x.copy(), add(x, y) - x
        assert added.dtype == dtype
        assert added.mean() == pytest.approx(0.3, abs=0.002)
        assert added.std() == pytest.approx(0.1, abs=0.002)
        # Gaussian: 95.4 % within two deviations
        assert np.mean(np.abs(added - 0.3) < 0.2) == pytest.approx(0.954, abs=0.005)
        assert (add(x, y) - x != added).mean() > 0.99  # new for every batch
        np.testing.assert_array_equal(x, before)


def test_training_with_noise_learns_and_comes_from_its_generator_alone() -> None:
    histories = [
        run(
            network(),
            epochs=9,
            transform=noise(np.float64(0.1), np.random.default_rng(seed), np.float64(0.3)),
        )
        for seed in (0, 0, 1)
    ]
    assert histories[0] == histories[1] != histories[2]
    assert histories[0]["accuracy"][-1] > 0.8


@pytest.mark.parametrize(("sigma", "mean"), [(-0.1, 0.0), (np.nan, 0.0), (np.inf, 0.0), (0.1, np.nan)])
def test_noise_refuses_numbers_that_make_no_sense(sigma: float, mean: float) -> None:
    with pytest.raises(ValueError, match=r"noise: expected (sigma|mean) to be a finite number"):
        noise(sigma, np.random.default_rng(0), mean)


# -- four ways to NaN, and what is said about each


class Softmax(Layer):
    """A softmax by hand that does not shift its scores."""

    def forward(self, x: Floats) -> Floats:
        e = np.exp(x)
        self.out: Floats = e / e.sum(axis=1, keepdims=True)
        return self.out

    def backward(self, grad: Floats, input_gradient: bool = True) -> Floats | None:
        return self.out * (grad - (grad * self.out).sum(axis=1, keepdims=True))


class NoEps(Layer):
    """A batch norm by hand that forgot its eps."""

    def forward(self, x: Floats) -> Floats:
        return (x - x.mean(axis=0)) / x.std(axis=0)

    def backward(self, grad: Floats, input_gradient: bool = True) -> Floats | None:
        return grad


def log_loss(p: Floats, y: Array) -> tuple[float, Floats]:
    """Return -log of the right probability: infinite where that was rounded to 0."""
    rows = np.arange(len(y)), y
    gradient = np.zeros_like(p)
    gradient[rows] = -1 / p[rows] / len(y)
    return float(-np.log(p[rows]).mean()), gradient


def message_of(net: Sequential, **options: object) -> str:
    with pytest.raises(NonFiniteLoss) as error:
        run(net, **options)
    return str(error.value)


def test_the_logarithm_of_zero_is_told_from_a_layer_gone_bad() -> None:
    net = Sequential(Linear(64, 10, np.random.default_rng(0)), Softmax())
    net[0].bias.data[3] = -200  # e^-200 is 0 in float32
    message = message_of(net, loss=log_loss)
    assert "the loss is inf. Every layer's output is finite, at most 0." in message
    assert (
        "so the loss made it, perhaps the logarithm of 0: cross_entropy, which takes logits, cannot"
        in message
    )


def test_an_exploding_step_is_told_by_weights_that_are_not_finite() -> None:
    message = message_of(network(sizes=(64, 50, 50, 50, 50, 10)), lr=1e20)
    assert "usual cure" in message and "division" not in message and "exponential" not in message
    net = network()
    net[2].weight.data[0, 0] = np.nan
    message = message_of(net)
    assert "Layer 2 of 3 (counted from 0), Linear(20, 10), was the first" in message
    assert "Its weight holds NaN or infinity already. A lower learning rate" in message


def test_a_softmax_without_the_shift_is_told_by_its_large_scores() -> None:
    net = Sequential(Linear(64, 10, np.random.default_rng(0)), Softmax())
    net[0].bias.data[3] = 100  # e^100 is more than float32 can hold
    message = message_of(net, loss=log_loss)
    assert "Layer 1 of 2 (counted from 0), Softmax(), was the first" in message
    assert re.search(r"The exponential of \d+ is more than float32 can hold: a softmax has to", message)


def test_a_variance_of_zero_is_told_by_numbers_that_are_moderate() -> None:
    # the corner pixel is black in every image
    assert not TRAIN[0][:, 0].any()
    net = Sequential(NoEps(), Linear(64, 10, np.random.default_rng(0)))
    message = message_of(net)
    assert "Layer 0 of 2 (counted from 0), NoEps(), was the first" in message
    assert "a division by 0, as by the standard deviation of a column that does not vary" in message
    assert run(Sequential(BatchNorm1d(64), net[1]))["accuracy"][-1] > 0.5  # mended


def test_looking_for_the_bad_layer_changes_neither_modes_nor_running_statistics() -> None:
    net = Sequential(
        BatchNorm1d(64), network()[0], ReLU(), Dropout(0.5, np.random.default_rng(0)), network()[2]
    )
    net.forward(to_unit(TRAIN[0]))
    net[4].weight.data[0, 0] = np.nan
    state, draws = net.state_dict(), net[3].rng.bit_generator.state
    with pytest.raises(NonFiniteLoss, match=r"evaluation: .*Layer 4 of 5 .* Its weight holds NaN"):
        evaluate(net, TEST, cross_entropy)
    # in train mode batch norm would refuse a single image
    with pytest.raises(NonFiniteLoss, match=r"evaluation: .*Layer 4 of 5"):
        evaluate(net, (TEST[0][:1], TEST[1][:1]), cross_entropy)
    with pytest.raises(NonFiniteLoss, match=r"Layer 4 of 5"):
        train_step(net, cross_entropy, SGD(net.parameters(), lr=0.1), to_unit(TRAIN[0][:8]), TRAIN[1][:8])
    # the step's own forward pass moved the mean once; looking must not move it again
    expected = 0.9 * state["0.running_mean"] + 0.1 * to_unit(TRAIN[0][:8]).mean(axis=0)
    np.testing.assert_allclose(net[0].running_mean, expected, atol=1e-6)
    net[3].rng.random((8, 20), dtype=np.float32)
    assert all(layer.training for layer in net.modules())
    twin = np.random.default_rng(0)
    twin.bit_generator.state = draws
    twin.random((8, 20), dtype=np.float32)  # the step's own mask
    twin.random((8, 20), dtype=np.float32)
    assert net[3].rng.bit_generator.state == twin.bit_generator.state


# -- targets on another scale, and networks of the other half


def test_pixels_as_targets_are_refused_where_only_the_images_would_be_scaled() -> None:
    images = DIGITS.x_train.reshape(-1, 64)[:100]
    net = network(sizes=(64, 8, 64))
    for where, call in (
        ("fit", lambda: run(net, data=(images, images), loss=mse, metric=None)),
        (
            "fit",
            lambda: run(net, data=(images, images), loss=lambda p, t: mse(p, t.astype(p.dtype)), metric=None),
        ),
        ("evaluate", lambda: evaluate(net, (images, images), mse, None)),
    ):
        with pytest.raises(
            TypeError, match=rf"{where}: the targets are uint8 pixels.*pass mininet\.data\.to_unit\(y\)"
        ):
            call()
    history = run(net, data=(images, to_unit(images)), loss=mse, metric=None)
    assert history["loss"][0] < 1


def test_uint8_labels_and_zeros_and_ones_are_no_pixels() -> None:
    x, y = TRAIN[0], TRAIN[1].astype(np.uint8)
    run(network(), data=(x, y), epochs=1)
    many = np.eye(10, dtype=np.uint8)[y]
    run(network(), data=(x, many), loss=lambda p, t: mse(p, t.astype(p.dtype)), metric=None, epochs=1)


def test_a_network_on_tensors_is_trained_as_it_is_and_like_its_twin_by_hand() -> None:
    hand, auto = (half.mlp([64, 20, 10], np.random.default_rng(0)) for half in (layers, nn))
    histories = [run(net, validation=TEST) for net in (hand, auto)]
    assert histories[0] == histories[1]
    check_equal(hand.state_dict(), auto.state_dict())
    assert evaluate(hand, TEST, cross_entropy) == evaluate(auto, TEST, cross_entropy)
    x, y = to_unit(TRAIN[0][:8]), TRAIN[1][:8]
    steps = [train_step(net, cross_entropy, SGD(net.parameters(), 0.1), x, y) for net in (hand, auto)]
    assert steps[0][0] == steps[1][0]
    check_equal(hand.state_dict(), auto.state_dict())
    np.testing.assert_array_equal(predict(hand, TEST[0]), predict(auto, TEST[0]))


@pytest.mark.parametrize("model", [None, 3, "net", np.ones(3), cross_entropy, mlp, Sequential, nn.ReLU])
def test_what_is_no_network_is_named(model: Any) -> None:
    for call in (
        lambda: fit(model, TRAIN, loss=cross_entropy, optimizer=SGD(network().parameters(), 0.1), epochs=1,
                    batch_size=32, rng=np.random.default_rng(0), progress=False),
        lambda: predict(model, TRAIN[0]),
        lambda: evaluate(model, TRAIN, cross_entropy),
        lambda: gradient_by_input(model),
        lambda: classify(model),
    ):  # fmt: skip
        with pytest.raises(
            TypeError, match=r"(fit|predict|evaluate|gradient_by_input|classify): expected a network"
        ):
            call()


def test_another_networks_optimiser_is_found_out() -> None:
    with pytest.raises(RuntimeError, match="are they this network's"):
        fit(network(), TRAIN, loss=cross_entropy, optimizer=SGD(network().parameters(), 0.1), epochs=1,
            batch_size=32, rng=np.random.default_rng(0), progress=False)  # fmt: skip
