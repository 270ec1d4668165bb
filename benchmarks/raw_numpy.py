"""A training step in bare NumPy, no checks and no objects: the floor that mininet is measured against."""

import numpy as np

from benchmarks.nets import Net, Step
from mininet.arrays import Array


def make_step(net: Net, weights: list[Array], x: Array, y: Array) -> Step:
    """Return a function that takes one SGD step and returns the loss."""
    ws = [w.copy() for w in weights]
    bs = [np.zeros(w.shape[1], dtype=np.float32) for w in ws]
    n = len(x)
    rows = np.arange(n)
    last = len(ws) - 1
    kind, lr = net.activation, net.lr

    def step() -> float:
        # forward
        outputs = [x]
        for i in range(last):
            z = outputs[i] @ ws[i]
            z += bs[i]
            if kind == "relu":
                a = np.maximum(z, 0)
            elif kind == "sigmoid":
                a = 1 / (1 + np.exp(-z))
            else:
                a = np.tanh(z)
            outputs.append(a)
        z = outputs[last] @ ws[last]
        z += bs[last]
        # loss
        if net.loss == "mse":
            grad = z - y
            loss = float(np.mean(grad * grad))
            grad *= 2 / grad.size
        else:
            z -= z.max(axis=1, keepdims=True)
            grad = np.exp(z)
            grad /= grad.sum(axis=1, keepdims=True)
            loss = -float(np.log(grad[rows, y]).mean())
            grad[rows, y] -= 1
            grad /= n
        # backward and update
        for i in range(last, -1, -1):
            a = outputs[i]
            dw = a.T @ grad
            db = grad.sum(axis=0)
            if i:
                grad = grad @ ws[i].T
                if kind == "relu":
                    grad *= a > 0
                elif kind == "sigmoid":
                    grad *= a * (1 - a)
                else:
                    grad *= 1 - a * a
            ws[i] -= lr * dw
            bs[i] -= lr * db
        return loss

    return step
