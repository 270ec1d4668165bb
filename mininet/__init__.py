"""Neural networks from first principles: the package that the course builds, chapter by chapter.

Import what you need from its modules (``from mininet.layers import mlp``); this
file imports NumPy and nothing else, so that ``import mininet`` is instant everywhere.
"""

__version__ = "0.1.0"
