"""Speed measured: mininet beside raw NumPy, PyTorch and JAX. Not part of the tests."""
