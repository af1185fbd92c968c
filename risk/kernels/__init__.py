"""Numba kernels: plain functions of arrays that change preallocated arrays in place."""
