"""Pronghorn held against FastAPI itself: its test suite (`python -m conformance`) and its tutorials.

Nothing of FastAPI's is kept in this repository: `upstream` fetches the source distribution from the
package index, pinned by hash, into a cache folder of the user's.
"""
