"""Adversarial examples: the smallest changes of an input that fool a network. Built in the chapter "adversarial".

An attack needs two things of a network: how the loss changes with the input, a function
``(x, y) -> gradient by x``, and which classes it answers, a function ``x -> labels``. So it
does not matter what is behind them: `gradient_by_input` and `classify` make both out of a
model of either half of the course, and a function of your own does as well.

Inputs ``x`` are (N, ...) float32 or float64 in [0, 1], labels ``y`` are (N,) whole numbers.
What an attack returns has x's shape and dtype, stays in [0, 1], and lies within ``epsilon``
of x, up to rounding. Each sample is attacked on its own: its result does not depend on the others.

An attack goes where the gradient points. Where the gradient is exactly 0, it stays: a very
confident network can round its gradient away (in float32 the softmax's probabilities below
1e-45 are 0), and an attack that fails there has shown nothing about the network: a warning says so.
"""

from mininet.attacks.measure import minimal_epsilon, transfer_table
from mininet.attacks.methods import Epsilon, fgsm, pgd, random_noise, targeted
from mininet.attacks.model import InputGradient, Predict, adversarial_training, classify, gradient_by_input

__all__ = [
    "Epsilon",
    "InputGradient",
    "Predict",
    "adversarial_training",
    "classify",
    "fgsm",
    "gradient_by_input",
    "minimal_epsilon",
    "pgd",
    "random_noise",
    "targeted",
    "transfer_table",
]
