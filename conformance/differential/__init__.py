"""Made-up applications, asked the same on the real FastAPI and on Pronghorn (`make differential`).

`cases` makes an application and requests to it up, with the generator of `tests.differential`; `twin` is
the process in which the real FastAPI answers; `compare` asks Pronghorn in every way and compares;
`on_purpose` knows what may differ. Everything runs in the environment of `conformance.upstream`, so that
both sides use the same pydantic and Starlette.
"""
