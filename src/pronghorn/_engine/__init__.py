"""Running requests: the exchange and the reply, the reference way, the fast way, what comes after."""
