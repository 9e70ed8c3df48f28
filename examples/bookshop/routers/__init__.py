"""The path operations, one router for each noun. Routers translate between HTTP and the shop; no queries here."""
