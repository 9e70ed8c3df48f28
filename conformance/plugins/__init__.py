"""Packages of FastAPI's ecosystem on the drop-in: a realistic use of each, and their own tests.

`packages.toml` says which versions, `uses/` holds a file of tests for each package, `python -m
conformance.plugins` runs them. Nothing of a package is committed here.
"""
