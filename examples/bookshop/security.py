"""Tokens, and who may do what.

Tokens are signed JWTs (HS256) that carry the granted scopes. `current_user`, through the annotations at the
end, is the only way a request gets a user.
"""

from datetime import timedelta
from typing import Annotated

import jwt
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from pronghorn import Depends, HTTPException, Security, status
from pronghorn.concurrency import run_in_threadpool
from pronghorn.security import OAuth2PasswordBearer, SecurityScopes

from .dependencies import Key, Session
from .models import User, now
from .passwords import check_password, nobodys_hash

SCOPES = {
    "me": "Read your own account.",
    "orders": "Place orders and read your own.",
    "orders:all": "Read everybody's orders.",
    "books": "Add, change and remove books and covers.",
}

oauth2_scheme = OAuth2PasswordBearer(tokenUrl="api/token", scopes=SCOPES)


async def authenticate(session: AsyncSession, username: str, password: str) -> User | None:
    """Return the user with these credentials, or None.

    Hashing takes tens of milliseconds of CPU by design, so it runs in a worker thread; and it runs for
    unknown users too, so that timing does not tell which names exist.
    """
    user = await session.scalar(select(User).where(User.username == username))
    expected = user.password_hash if user is not None else await run_in_threadpool(nobodys_hash)
    matches = await run_in_threadpool(check_password, password, expected)
    return user if user is not None and matches and not user.disabled else None


def create_token(username: str, scopes: list[str], lifetime: timedelta, key: str) -> str:
    """Return a signed token for `username`, good for `scopes` during `lifetime`."""
    issued = now()
    claims = {"sub": username, "scope": " ".join(scopes), "iat": issued, "exp": issued + lifetime}
    return jwt.encode(claims, key, algorithm="HS256")


async def current_user(
    needed: SecurityScopes, token: Annotated[str, Depends(oauth2_scheme)], session: Session, key: Key
) -> User:
    """Return the user the bearer token belongs to.

    Raises:
        HTTPException: 401 when the token is no good or its user is gone, 403 when it lacks a scope.
    """
    challenge = f'Bearer scope="{needed.scope_str}"' if needed.scopes else "Bearer"
    refusal = HTTPException(
        status.HTTP_401_UNAUTHORIZED, "Could not validate credentials", {"WWW-Authenticate": challenge}
    )
    try:
        claims = jwt.decode(token, key, algorithms=["HS256"], options={"require": ["sub", "exp"]})
    except jwt.InvalidTokenError as error:
        raise refusal from error
    user = await session.scalar(select(User).where(User.username == claims["sub"]))
    if user is None or user.disabled:
        raise refusal
    # A scope taken away from the account is gone at once, not when the token ends.
    granted = set(claims.get("scope", "").split()) & set(user.scopes)
    missing = [scope for scope in needed.scopes if scope not in granted]
    if missing:
        raise HTTPException(
            status.HTTP_403_FORBIDDEN,
            f"This token does not grant: {', '.join(missing)}",
            {"WWW-Authenticate": challenge},
        )
    return user


Reader = Annotated[User, Security(current_user, scopes=["me"])]
Customer = Annotated[User, Security(current_user, scopes=["orders"])]
BookKeeper = Annotated[User, Security(current_user, scopes=["books"])]
