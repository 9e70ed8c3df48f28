"""One application per contender, each written as its own documentation would have it.

They answer alike; `bench.workloads` says how, and `bench.settings` holds what they share. They repeat each
other by nature, and need packages that only their own environments have: the checkers leave them out.
"""
