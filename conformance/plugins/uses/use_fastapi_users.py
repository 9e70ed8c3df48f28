"""fastapi-users: routers made from classes and closures, dependencies whose signatures are built at run time."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import pytest
from fastapi import Depends, FastAPI, Request
from fastapi.testclient import TestClient
from fastapi_users import BaseUserManager, FastAPIUsers, UUIDIDMixin, schemas
from fastapi_users.authentication import (
    AuthenticationBackend,
    BearerTransport,
    CookieTransport,
    JWTStrategy,
)
from fastapi_users.db import SQLAlchemyBaseUserTableUUID, SQLAlchemyUserDatabase
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase

SECRET = "a secret that is long enough for the signature"
ANN = {"email": "ann@example.com", "password": "long enough"}


class Base(DeclarativeBase):
    pass


class User(SQLAlchemyBaseUserTableUUID, Base):
    pass


class UserManager(UUIDIDMixin, BaseUserManager[User, UUID]):
    reset_password_token_secret = SECRET
    verification_token_secret = SECRET
    tokens: list[str] = []

    async def on_after_request_verify(self, user: User, token: str, request: Request | None = None) -> None:
        self.tokens.append(token)


def backend(name: str, transport: BearerTransport | CookieTransport) -> AuthenticationBackend[User, UUID]:
    return AuthenticationBackend(
        name=name, transport=transport, get_strategy=lambda: JWTStrategy(SECRET, lifetime_seconds=600)
    )


def make_app(database: Path) -> FastAPI:
    engine = create_async_engine(f"sqlite+aiosqlite:///{database}")
    sessions = async_sessionmaker(engine, expire_on_commit=False)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        yield
        await engine.dispose()

    async def session() -> AsyncIterator[AsyncSession]:
        async with sessions() as opened:
            yield opened

    async def user_db(opened: AsyncSession = Depends(session)) -> AsyncIterator[SQLAlchemyUserDatabase]:
        yield SQLAlchemyUserDatabase(opened, User)

    async def manager(db: SQLAlchemyUserDatabase = Depends(user_db)) -> AsyncIterator[UserManager]:
        yield UserManager(db)

    jwt = backend("jwt", BearerTransport(tokenUrl="auth/jwt/login"))
    cookie = backend("cookie", CookieTransport(cookie_name="shop", cookie_secure=False))
    users = FastAPIUsers[User, UUID](manager, [jwt, cookie])
    read, create, update = schemas.BaseUser[UUID], schemas.BaseUserCreate, schemas.BaseUserUpdate

    app = FastAPI(lifespan=lifespan)
    app.include_router(users.get_auth_router(jwt), prefix="/auth/jwt", tags=["auth"])
    app.include_router(users.get_auth_router(cookie), prefix="/auth/cookie", tags=["auth"])
    app.include_router(users.get_register_router(read, create), prefix="/auth", tags=["auth"])
    app.include_router(users.get_verify_router(read), prefix="/auth", tags=["auth"])
    app.include_router(users.get_reset_password_router(), prefix="/auth", tags=["auth"])
    app.include_router(users.get_users_router(read, update), prefix="/users", tags=["users"])

    @app.get("/mine")
    async def mine(user: User = Depends(users.current_user(active=True))) -> str:
        return user.email

    @app.get("/verified")
    async def verified(user: User = Depends(users.current_user(active=True, verified=True))) -> str:
        return user.email

    @app.get("/anyone")
    def anyone(user: User | None = Depends(users.current_user(optional=True))) -> str:
        return user.email if user else "nobody"

    return app


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    with TestClient(make_app(tmp_path / "users.db")) as client:
        assert client.post("/auth/register", json=ANN).status_code == 201
        yield client


def sign_in(client: TestClient) -> dict[str, str]:
    form = {"username": ANN["email"], "password": ANN["password"]}
    token = client.post("/auth/jwt/login", data=form).json()["access_token"]
    return {"authorization": f"Bearer {token}"}


def test_registering_twice_or_badly(client: TestClient) -> None:
    again = client.post("/auth/register", json=ANN)
    assert (again.status_code, again.json()) == (400, {"detail": "REGISTER_USER_ALREADY_EXISTS"})
    invalid = client.post("/auth/register", json={"email": "ann", "password": "long enough"})
    assert invalid.status_code == 422
    assert invalid.json()["detail"][0]["loc"] == ["body", "email"]


def test_signing_in_with_a_token(client: TestClient) -> None:
    assert client.get("/mine").status_code == 401
    assert client.get("/mine", headers=sign_in(client)).json() == ANN["email"]
    refused = client.post("/auth/jwt/login", data={"username": ANN["email"], "password": "wrong"})
    assert refused.json() == {"detail": "LOGIN_BAD_CREDENTIALS"}


def test_signing_in_with_a_cookie(client: TestClient) -> None:
    form = {"username": ANN["email"], "password": ANN["password"]}
    assert client.post("/auth/cookie/login", data=form).status_code == 204
    assert client.get("/mine").json() == ANN["email"]
    assert client.get("/anyone").json() == ANN["email"]
    assert client.post("/auth/cookie/logout").status_code == 204
    assert client.get("/anyone").json() == "nobody"


def test_changing_oneself(client: TestClient) -> None:
    headers = sign_in(client)
    changed = client.patch("/users/me", json={"email": "ann@books.example.com"}, headers=headers)
    assert changed.json()["email"] == "ann@books.example.com"
    assert client.get("/users/me", headers=headers).json()["is_superuser"] is False
    other = client.get(f"/users/{changed.json()['id']}", headers=headers)
    assert other.status_code == 403


def test_verifying_the_address(client: TestClient) -> None:
    headers = sign_in(client)
    assert client.get("/verified", headers=headers).status_code == 403
    assert client.post("/auth/request-verify-token", json={"email": ANN["email"]}).status_code == 202
    token = UserManager.tokens.pop()
    assert client.post("/auth/verify", json={"token": token}).json()["is_verified"] is True
    assert client.get("/verified", headers=headers).json() == ANN["email"]


def test_the_document_describes_both_ways_to_sign_in(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    assert document["components"]["securitySchemes"] == {
        "OAuth2PasswordBearer": {
            "type": "oauth2",
            "flows": {"password": {"scopes": {}, "tokenUrl": "auth/jwt/login"}},
        },
        "APIKeyCookie": {"type": "apiKey", "in": "cookie", "name": "shop"},
    }
    assert document["paths"]["/mine"]["get"]["security"] == [
        {"OAuth2PasswordBearer": []},
        {"APIKeyCookie": []},
    ]
