"""Requests, good and bad, as tables: what is sent, the clause it is about, what must come back.

The tables are our own wording of what RFC 9110 and RFC 9112 demand; public conformance suites were read for
what to cover. Every table is a sequence of `Case`.
"""
