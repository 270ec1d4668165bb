"""The exercises, one module a chapter. Built in the chapter "neuron"."""

from collections.abc import Mapping, Sequence

from mininet.course.exercise import Exercise
from mininet.course.exercises import layers, mnist, neuron, xor

CHAPTERS: Mapping[str, Sequence[Exercise]] = {
    "neuron": neuron.EXERCISES,
    "xor": xor.EXERCISES,
    "layers": layers.EXERCISES,
    "mnist": mnist.EXERCISES,
}
