"""Who is measured: releases, the command line of the server, and what it has no way to do.

The releases are the newest of the day in `PINS`; the settings are what each project's own documentation
advises for production, for one process on one core, without an access log.
"""

from dataclasses import dataclass, field

PINS = {
    "fastapi": "0.165.0",
    "uvicorn[standard]": "0.54.0",
    "granian": "2.8.7",
    "litestar": "2.25.0",
    "blacksheep": "2.6.4",
    "django": "5.2.19",
    "django-ninja": "1.7.1",
    "falcon": "4.4.0",
    "sanic": "25.12.1",
    "sanic-ext": "25.12.0",
    "aiohttp": "3.14.5",
    "robyn": "0.88.0",
    "fastrapi": "0.2.11",
    "socketify": "0.0.31",
    "emmett55": "1.3.0",
    "flask": "3.1.3",
    "gunicorn": "27.0.1",
    "uvloop": "0.23.0",
    "pydantic": "2.14.4",
    "python-multipart": "0.0.34",
    "sqlalchemy[asyncio]": "2.1.9",
    "aiosqlite": "0.22.1",
    "asyncpg": "0.32.0",
    "psycopg[binary]": "3.3.9",
    "aiohttp-cors": "0.8.1",
    "django-cors-headers": "4.9.0",
    "flask-cors": "6.0.5",
}
ASYNC_DATABASE = ("sqlalchemy[asyncio]", "aiosqlite", "asyncpg")
UVICORN = (
    *("-m", "uvicorn", "{app}", "--host", "127.0.0.1", "--port", "{port}", "--workers", "1"),
    *("--loop", "uvloop", "--http", "httptools", "--timeout-keep-alive", "75"),
    *("--no-access-log", "--log-level", "warning"),
)
GRANIAN = (
    *("-m", "granian", "{app}", "--host", "127.0.0.1", "--port", "{port}", "--workers", "1"),
    *("--loop", "uvloop", "--runtime-threads", "1", "--backlog", "4096"),
    *("--no-access-log", "--log-level", "warning", "--interface"),
)

# Reasons that several contenders share.
NO_DEPENDENCIES = "no dependency injection"
NO_YIELD = "its dependencies cannot yield"
WSGI = "a WSGI application has no event loop"
NO_WEBSOCKET = "no WebSocket support"
LIMIT = "a limit, not a framework: it says hello and nothing else"
NO_OPENAPI = "no OpenAPI document"


OF_FASTAPI = ("chain", "item")
"""Workloads that show where FastAPI's own time goes; nobody else has to have them."""


@dataclass(frozen=True)
class Contender:
    """One stack.

    Attributes:
        name: as the command line and the files have it.
        title: as the tables have it.
        packages: keys of `PINS`; none means the environment this program runs in.
        command: the arguments of the environment's interpreter, or a program of the system and its arguments.
        application: a module of `bench.applications`.
        openapi: where its OpenAPI document is.
        lacks: workload → why it is not run; `*` means all that `has` does not name.
        has: the only workloads, where `lacks` has `*`.
        kind: `ours`, `theirs` or `limit`.
        program: the first word of `command` where it is not Python.
        polls: whether its server is busy while nobody asks it anything.
    """

    name: str
    title: str
    packages: tuple[str, ...]
    command: tuple[str, ...]
    application: str
    openapi: str = "/openapi.json"
    lacks: dict[str, str] = field(default_factory=dict)
    has: tuple[str, ...] = ()
    kind: str = "theirs"
    program: str = ""
    polls: bool = False

    @property
    def requirements(self) -> tuple[str, ...]:
        """What pip installs."""
        return tuple(f"{name}=={PINS[name]}" for name in self.packages)

    def reason(self, workload: str) -> str | None:
        """Why this contender does not run `workload`, or None."""
        general = None if workload in self.has else self.lacks.get("*")
        found = self.lacks.get(workload, general)
        if found is None and workload in OF_FASTAPI and self.application not in ("fastapi", "pronghorn"):
            return "asked of FastAPI's API only"
        return found

    def arguments(self, port: int) -> list[str]:
        """The command line without the interpreter."""
        app = f"bench.applications.{self.application}:app"
        values = {"app": app, "port": port, "name": self.application}
        return [part.format_map(values) for part in self.command]


def without(reason: str, *workloads: str) -> dict[str, str]:
    """`lacks` for one reason."""
    return dict.fromkeys(workloads, reason)


DEPENDENCIES = ("dependencies", "dependencies-def")
SOCKETS = ("echo", "broadcast")
OURS = (
    Contender(
        name="pronghorn",
        title="Pronghorn, native server",
        packages=(),
        command=(
            *("-m", "pronghorn", "run", "--entrypoint", "{app}", "--host", "127.0.0.1", "--port", "{port}"),
            *("--workers", "1", "--no-access-log", "--log-level", "warning", "--max-body-size", "16MiB"),
        ),
        application="pronghorn",
        kind="ours",
    ),
    Contender(
        name="pronghorn-granian",
        title="Pronghorn on Granian (RSGI)",
        packages=(),
        command=(*GRANIAN, "rsgi"),
        application="pronghorn",
        kind="ours",
    ),
    Contender(
        name="pronghorn-uvicorn",
        title="Pronghorn on uvicorn",
        packages=(),
        command=UVICORN,
        application="pronghorn",
        kind="ours",
    ),
)
THEIRS = (
    Contender(
        name="fastapi",
        title="FastAPI on uvicorn",
        packages=("fastapi", "uvicorn[standard]", "python-multipart", *ASYNC_DATABASE),
        command=UVICORN,
        application="fastapi",
    ),
    Contender(
        name="fastapi-granian",
        title="FastAPI on Granian",
        packages=("fastapi", "granian", "uvloop", "python-multipart", *ASYNC_DATABASE),
        command=(*GRANIAN, "asgi"),
        application="fastapi",
    ),
    Contender(
        name="litestar",
        title="Litestar on uvicorn",
        packages=("litestar", "uvicorn[standard]", *ASYNC_DATABASE),
        command=UVICORN,
        application="litestar",
        openapi="/schema/openapi.json",
    ),
    Contender(
        name="blacksheep",
        title="BlackSheep on uvicorn",
        packages=("blacksheep", "pydantic", "uvicorn[standard]", *ASYNC_DATABASE),
        command=UVICORN,
        application="blacksheep",
        lacks={**without(NO_YIELD, *DEPENDENCIES)},
    ),
    Contender(
        name="ninja",
        title="Django Ninja on uvicorn",
        packages=("django-ninja", "django", "django-cors-headers", "uvicorn[standard]", *ASYNC_DATABASE),
        command=UVICORN,
        application="ninja",
        lacks={
            **without(NO_DEPENDENCIES, *DEPENDENCIES),
            **without(NO_WEBSOCKET, *SOCKETS),
        },
    ),
    Contender(
        name="falcon",
        title="Falcon (ASGI) on uvicorn",
        packages=("falcon", "pydantic", "uvicorn[standard]", *ASYNC_DATABASE),
        command=UVICORN,
        application="falcon",
        openapi="",
        lacks=without(NO_DEPENDENCIES, *DEPENDENCIES),
    ),
    Contender(
        name="sanic",
        title="Sanic",
        packages=("sanic", "sanic-ext", "uvloop", "pydantic", *ASYNC_DATABASE),
        command=("-m", "bench.applications.{name}"),
        application="sanic",
        openapi="/docs/openapi.json",
        lacks=without(NO_YIELD, *DEPENDENCIES),
    ),
    Contender(
        name="aiohttp",
        title="aiohttp",
        packages=("aiohttp", "aiohttp-cors", "uvloop", "pydantic", *ASYNC_DATABASE),
        command=("-m", "bench.applications.{name}"),
        application="aiohttp",
        openapi="",
        lacks=without(NO_DEPENDENCIES, *DEPENDENCIES),
    ),
    Contender(
        name="robyn",
        title="Robyn",
        packages=("robyn", "pydantic", *ASYNC_DATABASE),
        command=(
            *("-m", "bench.applications.{name}", "--processes", "1", "--workers", "1"),
            *("--log-level", "ERROR"),
        ),
        application="robyn",
        lacks={**without(NO_YIELD, *DEPENDENCIES)},
    ),
    Contender(
        name="fastrapi",
        title="FastrAPI",
        packages=("fastrapi", "pydantic", "sqlalchemy[asyncio]", "psycopg[binary]"),
        command=("-m", "bench.applications.{name}"),
        application="fastrapi",
        lacks={
            **without(NO_YIELD, *DEPENDENCIES),
            **without("its http middlewares run before the endpoint only", "middleware"),
            **without("it takes a multipart body for JSON and refuses it", "upload"),
            **without("no file response", "download", "range"),
            **without("no streamed response", "events"),
        },
    ),
    Contender(
        name="socketify",
        title="socketify",
        packages=("socketify", "pydantic", *ASYNC_DATABASE),
        command=("-m", "bench.applications.{name}"),
        application="socketify",
        openapi="",
        polls=True,
        lacks={
            **without(NO_DEPENDENCIES, *DEPENDENCIES),
            **without("no CORS support", "middleware"),
            **without("no multipart parser", "upload"),
        },
    ),
    Contender(
        name="emmett55",
        title="Emmett55 on Granian (RSGI)",
        packages=("emmett55", "granian", "uvloop", "pydantic", *ASYNC_DATABASE),
        command=(*GRANIAN, "rsgi"),
        application="emmett55",
        openapi="",
        lacks={**without(NO_DEPENDENCIES, *DEPENDENCIES), **without("no CORS support", "middleware")},
    ),
    Contender(
        name="flask",
        title="Flask on gunicorn",
        packages=("flask", "flask-cors", "gunicorn", "pydantic", "sqlalchemy[asyncio]", "psycopg[binary]"),
        command=(
            *("-m", "gunicorn", "{app}", "--bind", "127.0.0.1:{port}", "--workers", "1"),
            *("--worker-class", "gthread", "--threads", "32", "--worker-connections", "4096"),
            *("--keep-alive", "75", "--log-level", "warning"),
        ),
        application="flask",
        openapi="",
        lacks={
            **without(NO_DEPENDENCIES, *DEPENDENCIES),
            **without(WSGI, "await-one", "await-three", "echo", "broadcast"),
        },
    ),
)
HELLOS = ("hello", "reconnect", "idle")
LIMITS = (
    Contender(
        name="bare",
        title="a protocol on uvloop that reads nothing",
        packages=("uvloop",),
        command=("-m", "bench.applications.bare", "{port}"),
        application="bare",
        lacks={"*": LIMIT},
        has=("hello",),
        kind="limit",
    ),
    Contender(
        name="rsgi",
        title="a bare function on Granian (RSGI)",
        packages=("granian", "uvloop"),
        command=(*GRANIAN, "rsgi"),
        application="rsgi",
        lacks={"*": LIMIT},
        has=HELLOS,
        kind="limit",
    ),
    Contender(
        name="node",
        title="Node's http module",
        packages=(),
        command=("bench/applications/node.js", "{port}"),
        application="node.js",
        lacks={"*": LIMIT},
        has=HELLOS,
        kind="limit",
        program="node",
    ),
    Contender(
        name="nginx",
        title="nginx, `return 200`",
        packages=(),
        command=("-e", "stderr", "-p", "build/bench", "-c", "nginx-{port}.conf"),
        application="nginx.conf",
        lacks={"*": LIMIT},
        has=HELLOS,
        kind="limit",
        program="nginx",
    ),
)
CONTENDERS = (*OURS, *THEIRS, *LIMITS)
