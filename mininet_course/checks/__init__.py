"""The exercises, one module a chapter. Built in the chapter "neuron"."""

from collections.abc import Mapping, Sequence

from mininet.course.exercise import Exercise
from mininet.course.exercises import (
    adversarial,
    autograd_scalar,
    autograd_tensor,
    framework,
    layers,
    mnist,
    neuron,
    robust,
    xor,
)

CHAPTERS: Mapping[str, Sequence[Exercise]] = {
    "neuron": neuron.EXERCISES,
    "xor": xor.EXERCISES,
    "layers": layers.EXERCISES,
    "mnist": mnist.EXERCISES,
    "adversarial": adversarial.EXERCISES,
    "robust": robust.EXERCISES,
    "autograd-scalar": autograd_scalar.EXERCISES,
    "autograd-tensor": autograd_tensor.EXERCISES,
    "framework": framework.EXERCISES,
}
