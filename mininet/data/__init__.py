"""Datasets and batches: toys, digits, MNIST, Fashion-MNIST, `DataLoader`. Built in the chapter "intro"."""

from mininet.data.dataset import Dataset, DatasetUnavailable, StandInWarning
from mininet.data.digits import digits
from mininet.data.idx import IdxError, read_idx, read_images, read_labels
from mininet.data.loader import DataLoader, one_hot, split, to_unit
from mininet.data.mnist import available, fashion_mnist, mnist
from mininet.data.toys import blobs, circles, logic_gate, moons, noisy_sinc, spirals

__all__ = [
    "DataLoader",
    "Dataset",
    "DatasetUnavailable",
    "IdxError",
    "StandInWarning",
    "available",
    "blobs",
    "circles",
    "digits",
    "fashion_mnist",
    "logic_gate",
    "mnist",
    "moons",
    "noisy_sinc",
    "one_hot",
    "read_idx",
    "read_images",
    "read_labels",
    "spirals",
    "split",
    "to_unit",
]
