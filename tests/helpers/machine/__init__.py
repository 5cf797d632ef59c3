"""Compilers, libraries, processes and time."""
