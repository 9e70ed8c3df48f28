"""The application: the parts put together.

Run it with `pronghorn dev examples/bookshop/main.py`. Tests call `create_app` with settings of their own.
"""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pronghorn import APIRouter, FastAPI
from pronghorn.middleware.cors import CORSMiddleware
from pronghorn.middleware.gzip import GZipMiddleware

from . import errors
from .database import Database
from .dependencies import ShopState
from .events import OrderFeed
from .routers import account, books, catalogue, covers, feed, orders
from .settings import HERE, Settings

logger = logging.getLogger("bookshop")

DESCRIPTION = """
A shop for books in the public domain.

Everybody may look around. To order, authorise as **reader** (password `reader-pass`); to change the catalogue,
as **keeper** (password `keeper-pass`). The [front page](/) shows the books and orders as they arrive.
"""

TAGS = [
    {"name": "books", "description": "The books on sale."},
    {"name": "covers", "description": "Pictures of their covers."},
    {"name": "catalogue", "description": "Overviews."},
    {"name": "account", "description": "Logging in."},
    {"name": "orders", "description": "Buying."},
    {"name": "feed", "description": "Orders as they happen."},
]

# What a multipart body has beside the file: boundaries and part headers.
MULTIPART_OVERHEAD = 64 * 1024


def create_app(settings: Settings | None = None) -> FastAPI:
    """Make the application.

    Args:
        settings: The settings to use; by default those of the environment.
    """
    settings = settings if settings is not None else Settings()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[ShopState]:
        """Open the database (made and filled at the first start) and the feed; close both at the end."""
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        database = Database(settings.resolved_database_url())
        live = OrderFeed(settings.feed_backlog, settings.feed_queue)
        try:
            added = await database.prepare(settings)
            logger.info("database ready, %d books added", added)
            yield {
                "settings": settings,
                "signing_key": settings.signing_key(),
                "database": database,
                "feed": live,
            }
        finally:
            live.close()
            await database.close()

    app = FastAPI(
        title="Bookshop", version="1.0.0", description=DESCRIPTION, openapi_tags=TAGS, lifespan=lifespan
    )
    app.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=5)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=settings.cors_origins,
        allow_methods=["*"],
        allow_headers=["*"],
        expose_headers=["ETag", "Link", "Location"],
    )
    errors.install(app)
    app.include_router(api_router(settings))
    app.frontend("/", directory=HERE / "static", fallback=None)
    return app


def api_router(settings: Settings) -> APIRouter:
    """Return everything below `/api`."""
    router = APIRouter(prefix="/api")
    for part in (books, catalogue, account, orders, feed):
        router.include_router(part.router)
    router.include_router(covers.router, max_body_size=settings.max_cover_bytes + MULTIPART_OVERHEAD)

    @router.get("/health", include_in_schema=False)
    def health() -> dict[str, str]:
        """Tell a load balancer that the process is alive."""
        return {"status": "ok"}

    return router


app = create_app()
