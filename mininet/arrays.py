"""The names for types that signatures share. Built in the chapter "intro"."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Floats = NDArray[np.floating]
