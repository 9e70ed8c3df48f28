"""How fast, beside what people use today: `make bench`.

The same application file on two stacks, one server process each, loopback only, measured in turn.
Nothing here is shipped.
"""
