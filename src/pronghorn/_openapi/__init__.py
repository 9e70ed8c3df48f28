"""The OpenAPI document and the pages that show it.

`document` builds the document from the routes' compiled dependants, so that what is documented is
what runs; `models` holds the specification's objects; `docs` and `pages` serve the Swagger UI,
ReDoc and Scalar pages. Nothing here reads a signature or handles an API request.

Invariant: loading this package's light modules (`docs`, `pages`, `assets`) does not load the
document's models; those are imported when a document is first wanted.
"""
