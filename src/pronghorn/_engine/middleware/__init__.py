"""Middleware on the fast way: known layers around exchanges and replies; one kind per module."""
