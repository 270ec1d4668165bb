"""Training and measuring networks: one step, many epochs, accuracy. Built in the chapter "mnist"."""

import math
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from mininet import expect
from mininet.arrays import Array, Floats
from mininet.browser import in_browser
from mininet.data import DataLoader, to_unit
from mininet.diagnosis import NonFiniteLoss, first_bad_layer
from mininet.losses import Loss, checked
from mininet.model import Model, OnTensors, eval_mode, on_arrays, train_mode
from mininet.optim import Optimizer

Data = tuple[Array, Array]
History = dict[str, list[float]]
Metric = Callable[[Floats, Array], float]
Transform = Callable[[Floats, Array], Floats]


def accuracy(logits: Floats, labels: Array) -> float:
    """Return the share, from 0 to 1, of rows whose largest logit, of (N, C), is the label's, of (N,).

    >>> accuracy(np.array([[2.0, 1.0], [0.0, 1.0]]), np.array([0, 0]))
    0.5
    """
    expect.array("accuracy", logits, "the logits")
    expect.array("accuracy", labels, "the labels")
    if logits.ndim != 2 or logits.shape[1] < 2 or labels.shape != logits.shape[:1] or labels.size == 0:
        raise ValueError(
            f"accuracy: expected logits (N, C), C at least 2, and labels (N,), got {logits.shape} and {labels.shape}. "
            "Where targets are no labels, pass metric=None or a metric of your own."
        )
    return int(np.count_nonzero(logits.argmax(axis=1) == labels)) / len(labels)


def predict(model: Model | OnTensors, x: Array, batch_size: int = 1000) -> Floats:
    """Return the model's outputs in eval mode for all of ``x``, batch by batch; uint8 images are scaled to [0, 1]."""
    model, batch_size = on_arrays("predict", model), expect.whole("predict", "batch_size", batch_size)
    expect.array("predict", x)
    if len(x) == 0:
        raise ValueError(f"predict: expected at least one sample, got an array of shape {x.shape}.")
    batches = (x[i : i + batch_size] for i in range(0, len(x), batch_size))
    with eval_mode(model):
        return np.concatenate([model.forward(to_unit(batch)) for batch in batches])


def evaluate(
    model: Model | OnTensors, data: Data, loss: Loss, metric: Metric | None = accuracy
) -> tuple[float, float]:
    """Return (loss, metric) of the model on ``data = (x, y)``; the metric is NaN where none is asked for.

    The model is in eval mode meanwhile, and nothing is learned. A loss that is not a finite
    number raises `NonFiniteLoss`.
    """
    x, y = _checked("evaluate", data)
    model, loss = on_arrays("evaluate", model), checked("evaluate", loss)
    outputs = predict(model, x)
    value = loss(outputs, y)[0]
    if not math.isfinite(value):
        with eval_mode(model):
            raise NonFiniteLoss(f"evaluation: the loss is {value}. {first_bad_layer(model, to_unit(x))}")
    return value, metric(outputs, y) if metric is not None else math.nan


def train_step(
    model: Model | OnTensors, loss: Loss, optimizer: Optimizer, x: Floats, y: Array
) -> tuple[float, Floats]:
    """Forward, loss, backward, update, on one batch; return the loss and the outputs before the update.

    When the loss is not a finite number, nothing is updated and `NonFiniteLoss` says why.
    """
    model = on_arrays("train_step", model)
    outputs = model.forward(x)
    value, gradient = loss(outputs, y)
    if not math.isfinite(value):
        raise NonFiniteLoss(f"the loss is {value}. {first_bad_layer(model, x)}")
    optimizer.zero_grad()
    model.backward(gradient, input_gradient=False)
    optimizer.step()
    return value, outputs


def fit(
    model: Model | OnTensors,
    data: Data,
    *,
    loss: Loss,
    optimizer: Optimizer,
    epochs: int,
    batch_size: int,
    rng: np.random.Generator,
    validation: Data | None = None,
    metric: Metric | None = accuracy,
    transform: Transform | None = None,
    on_epoch: Callable[[History], bool | None] | None = None,
    progress: bool = True,
) -> History:
    """Train ``model``, of either half, on ``data = (x, y)``; return the history: a dictionary of lists of floats.

    Each epoch goes once through all samples, shuffled by ``rng``, in batches. The
    history has a number an epoch for ``loss`` and ``accuracy`` (or the metric's name),
    averaged over the batches as they were trained on, and for ``validation_loss`` and
    ``validation_accuracy`` where ``validation`` data are given. ``on_epoch(history)``
    is called after each epoch (to draw, or to save); if it returns True, training ends.
    Ctrl-C ends training and keeps what there is. A NaN raises `NonFiniteLoss`.

    ``transform(x, y)`` returns what to train on in place of each batch's ``x``, with its shape
    and dtype: see `noise` and `mininet.attacks.adversarial_training`. ``loss`` and ``accuracy``
    are then those on the transformed batches. Training happens in train mode, validation in eval
    mode, and at the end the model is in the mode it was in.

    >>> from mininet.data import digits
    >>> from mininet.layers import mlp
    >>> from mininet.losses import cross_entropy
    >>> from mininet.optim import SGD
    >>> d, rng = digits(), np.random.default_rng(0)
    >>> net = mlp([64, 30, 10], rng)
    >>> history = fit(net, (d.x_train.reshape(-1, 64), d.y_train), loss=cross_entropy, batch_size=32,
    ...               optimizer=SGD(net.parameters(), lr=0.3), epochs=3, rng=rng, progress=False)
    >>> len(history["loss"]), history["accuracy"][-1] > 0.9
    (3, True)
    """
    epochs = expect.whole("fit", "epochs", epochs)
    loader = DataLoader(*_checked("fit", data), batch_size, rng)
    model, loss = on_arrays("fit", model), checked("fit", loss)
    if metric is not None and _name(metric) == "loss":
        raise ValueError(
            "fit: the metric is called loss, as the history's first list is; give it another name."
        )
    if not hasattr(optimizer, "parameters"):
        raise TypeError(
            f"fit: expected an optimiser, such as SGD(net.parameters(), lr=0.1), got {optimizer!r:.60}."
        )
    history: History = {}
    # an overflow shows in the loss, and NonFiniteLoss tells more than NumPy's warning
    quiet = np.errstate(over="ignore", invalid="ignore", divide="ignore")
    with train_mode(model), _bar(epochs, len(loader), progress) as advance, quiet:
        for epoch in range(1, epochs + 1):
            try:
                trained = _train_epoch(model, loader, loss, optimizer, metric, transform, advance)
                measured = evaluate(model, validation, loss, metric) if validation is not None else None
                # after both, so that Ctrl-C leaves lists of one length
                _record(history, "", metric, trained)
                if measured is not None:
                    _record(history, "validation_", metric, measured)
                if on_epoch is not None and on_epoch(history):
                    break
            except NonFiniteLoss as error:
                raise NonFiniteLoss(f"fit: at epoch {epoch}, {error}") from None
            except KeyboardInterrupt:
                print(f"Stopped in epoch {epoch} of {epochs}; the network keeps what it has learned.")
                break
    return history


def _train_epoch(
    model: Model,
    loader: DataLoader,
    loss: Loss,
    optimizer: Optimizer,
    metric: Metric | None,
    transform: Transform | None,
    advance: Callable[[float], None],
) -> tuple[float, float]:
    """Take one step for each batch; return the means of loss and metric over all samples."""
    total_loss = total_metric = 0.0
    for step, (x, y) in enumerate(loader, start=1):
        if transform is not None:
            x = _transformed(transform, x, y)
        try:
            value, outputs = train_step(model, loss, optimizer, x, y)
        except NonFiniteLoss as error:
            raise NonFiniteLoss(f"step {step} of {len(loader)}: {error}") from None
        # weighted by size, since the last batch may be smaller
        total_loss += len(y) * value
        if metric is not None:
            total_metric += len(y) * float(metric(outputs, y))
        advance(value)
    return total_loss / len(loader.x), total_metric / len(loader.x)


def noise(sigma: float, rng: np.random.Generator, mean: float = 0.0) -> Transform:
    """Return a function for `fit`'s ``transform`` that adds Gaussian noise, new for every batch.

    ``sigma`` is the noise's standard deviation, ``mean`` its mean, both in the units of x.
    The result is not clipped: whatever x is, pixels or not, exactly this noise is added to it.
    Source: Bishop (1995), *Training with noise is equivalent to Tikhonov regularization*.

    >>> noise(0.1, np.random.default_rng(0), mean=0.3)(np.zeros((1, 3)), np.array([0])).round(2)
    array([[0.31, 0.29, 0.36]])
    """
    scale = expect.number("noise", "sigma", sigma, least=0)
    shift = expect.number("noise", "mean", mean)
    expect.generator("noise", rng)
    return lambda x, y: x + (scale * rng.standard_normal(x.shape, dtype=x.dtype) + shift)


def _checked(where: str, data: Data) -> Data:
    """Return the data, refused where only one side would be scaled to [0, 1]."""
    given: object = data
    if not isinstance(given, (tuple, list)) or len(given) != 2:
        raise TypeError(f"{where}: expected data as a pair of arrays, (x, y), got {given!r:.60}.")
    x, y = data
    if isinstance(y, np.ndarray) and y.dtype == np.uint8 and y.ndim > 1 and y.max(initial=0) > 1:
        raise TypeError(
            f"{where}: the targets are uint8 pixels. The images are scaled to [0, 1] and the targets would not be; "
            "pass mininet.data.to_unit(y)."
        )
    return x, y


def _transformed(transform: Transform, x: Floats, y: Array) -> Floats:
    """Return the transformed batch, or say what is wrong with it."""
    changed = transform(x, y)
    expect.array("fit", changed, "what transform returns")
    if changed.shape != x.shape or changed.dtype != x.dtype:
        raise ValueError(
            f"fit: expected {x.dtype} {x.shape} from transform, as the batch it got; "
            f"it returned {changed.dtype} {changed.shape}."
        )
    expect.finite("fit", changed, "what transform returns")
    return changed


def _record(history: History, prefix: str, metric: Metric | None, measured: tuple[float, float]) -> None:
    loss, value = measured
    history.setdefault(f"{prefix}loss", []).append(float(loss))
    if metric is not None:
        history.setdefault(f"{prefix}{_name(metric)}", []).append(float(value))


def _name(metric: Metric) -> str:
    """Return the function's name, of a partial one that of the function in it."""
    return str(getattr(getattr(metric, "func", metric), "__name__", type(metric).__name__))


@contextmanager
def _bar(epochs: int, steps: int, wanted: bool) -> Iterator[Callable[[float], None]]:
    """Yield a function of the loss that moves a bar one step: a widget in a notebook, text elsewhere."""
    if not wanted:
        yield lambda loss: None
        return
    try:
        from tqdm.auto import tqdm
    except ImportError:
        print("(no progress bar: pip install tqdm)", file=sys.stderr)
        yield lambda loss: None
        return
    if in_browser():
        tqdm.monitor_interval = 0  # else it starts a thread, which a browser's Python cannot
    # one update a second: a reader that falls behind, such as a notebook test, drops what it cannot queue
    with tqdm(total=epochs * steps, unit="step", mininterval=1) as bar:

        def advance(loss: float) -> None:
            # update() says whether it drew the bar: a text for every step would cost more than the bar itself
            if bar.update() or bar.n == bar.total:
                bar.set_description_str(f"epoch {-(-bar.n // steps)}/{epochs}, loss {loss:.3f}")

        yield advance
