"""Faults and loads against the real server: what a hostile peer, a bad network and a bad day cost.

Lives here: the checks of `docs/reliability.md`. Each starts the native server in a process of its own, does
something to it, and prints the figure it found beside the bar it must meet. Must not live here: unit tests.

    check       figures and bars                 application   what the server serves meanwhile
    serving     the server's process             peer          a client that says exactly what it is told
    cases       requests, good and bad           catalogue     all checks, by name
"""
