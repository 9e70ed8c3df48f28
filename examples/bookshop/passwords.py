"""Password hashes: argon2id at the cost its library recommends. Passwords themselves are never kept."""

from functools import cache

from pwdlib import PasswordHash


@cache
def password_hasher() -> PasswordHash:
    """Return the hasher in use: argon2id with the library's recommended cost."""
    return PasswordHash.recommended()


def hash_password(password: str) -> str:
    """Return the argon2 hash to keep for `password`."""
    return password_hasher().hash(password)


@cache
def nobodys_hash() -> str:
    """Return a hash that no password matches, verified against when the user is unknown."""
    return hash_password("nobody has this password")


def check_password(password: str, expected: str) -> bool:
    """Return whether `password` is the one `expected` was made from. Takes tens of milliseconds, by design."""
    return password_hasher().verify(password, expected)
