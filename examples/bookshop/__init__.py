"""A bookshop for works in the public domain: the example application.

Everything here is written against the public API that Pronghorn shares with FastAPI, so the same files
run on either; nothing reaches below it. Start with `main.py`, which puts the parts together.
"""
