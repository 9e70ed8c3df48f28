"""Checks of the project itself, run by `make test`. Nothing here is shipped."""
