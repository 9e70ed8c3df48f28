"""Logging in (OAuth2 password flow) and the account that is logged in."""

from datetime import timedelta
from typing import Annotated

from pronghorn import APIRouter, Depends, HTTPException, Response, status
from pronghorn.security import OAuth2PasswordRequestForm

from ..dependencies import CurrentSettings, Key, Session
from ..models import User
from ..schemas import Token, UserOut
from ..security import Reader, authenticate, create_token

router = APIRouter(tags=["account"])


@router.post("/token")
async def log_in(
    form: Annotated[OAuth2PasswordRequestForm, Depends()],
    session: Session,
    settings: CurrentSettings,
    key: Key,
    response: Response,
) -> Token:
    """Exchange a username and password for an access token.

    Of the scopes asked for, those the account has are granted; with none asked for, all it has.
    """
    user = await authenticate(session, form.username, form.password)
    if user is None:
        raise HTTPException(
            status.HTTP_401_UNAUTHORIZED, "Incorrect username or password", {"WWW-Authenticate": "Bearer"}
        )
    granted = [scope for scope in user.scopes if not form.scopes or scope in form.scopes]
    lifetime = timedelta(minutes=settings.token_minutes)
    # RFC 6749, section 5.1: a reply with a token must not be kept by caches.
    response.headers["Cache-Control"] = "no-store"
    return Token(
        access_token=create_token(user.username, granted, lifetime, key),
        expires_in=int(lifetime.total_seconds()),
        scope=" ".join(granted),
    )


@router.get("/me", response_model=UserOut)
async def read_own_account(user: Reader) -> User:
    """Show the account the token belongs to."""
    return user
