"""The numbers: one preallocated state, numba kernels and the models that read them."""
