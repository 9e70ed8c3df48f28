"""Fields: validating, serialising and describing values. The only package that talks to pydantic-core."""
