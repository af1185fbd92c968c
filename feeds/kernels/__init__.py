"""Kernels of the source: what is done to the bytes of every record."""
