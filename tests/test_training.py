"""`fit` learns, records, stops when it should, and says what went wrong when it cannot go on."""

import math
import os
import signal
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from mininet.data import DataLoader, digits, to_unit
from mininet.layers import Sequential, mlp
from mininet.losses import cross_entropy, mse
from mininet.optim import SGD
from mininet.training import (
    NonFiniteLoss,
    accuracy,
    evaluate,
    fit,
    predict,
    train_step,
)
from mininet.typing import Array, Floats

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
        import numpy as np
        from mininet.data import digits
        from mininet.layers import mlp
        from mininet.losses import cross_entropy
        from mininet.optim import SGD
        from mininet.training import fit
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
    with pytest.raises(ValueError, match="fit: expected at least one epoch, got epochs=0"):
        run(network(), epochs=0)


def test_images_that_were_not_flattened_are_named() -> None:
    with pytest.raises(ValueError, match="Flatten the images first"):
        run(network(), data=(DIGITS.x_train, DIGITS.y_train))
