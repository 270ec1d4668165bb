"""When two states of a network are the same: names, shapes, types and every number."""

from collections.abc import Mapping

import numpy as np


def check_equal(ours: Mapping[str, np.ndarray], theirs: Mapping[str, np.ndarray]) -> None:
    assert set(ours) == set(theirs)
    for name, array in theirs.items():
        assert type(ours[name]) is np.ndarray
        assert (ours[name].dtype, ours[name].shape) == (array.dtype, array.shape), name
        np.testing.assert_array_equal(ours[name], array, err_msg=name)
