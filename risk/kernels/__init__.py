"""Numba kernels: plain functions of arrays that change preallocated arrays in place.

Those of the price path are compiled with `_nrt=False`: they allocate nothing, and without it numba counts references
to each of the state's sixty arrays at every call and every look-up, which took two thirds of their time (measured).
"""
