import pytest


@pytest.fixture
def anyio_backend() -> str:
    """Requests are served on asyncio's loop."""
    return "asyncio"
