import pytest


@pytest.fixture
def anyio_backend() -> str:
    """Servers run on asyncio, and so does the client's end of these tests."""
    return "asyncio"
