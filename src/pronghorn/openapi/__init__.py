"""OpenAPI documents and their pages, under FastAPI's module names.

`docs` makes the pages, `models` has the specification's objects, `utils` builds documents. Loading
this package loads none of them.
"""
