import gzip
from pathlib import Path

import pytest
from starlette.datastructures import Headers
from starlette.responses import Response

from pronghorn._openapi.offline import AssetLibrary, asset_response, installed_assets

pytestmark = pytest.mark.anyio

NAME = "redoc@2.5.4/redoc.standalone.js"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def library(tmp_path: Path) -> AssetLibrary:
    for name in (NAME, "redoc@2.10.0/redoc.standalone.js", "redoc@2.5.4/LICENSE", "swagger@5/ui.css"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"content of {name}")
    (tmp_path / "secret.js").write_text("outside any library")
    return AssetLibrary(tmp_path)


async def answer(library: AssetLibrary, name: str = NAME, **headers: str) -> Response:
    sent = {key.replace("_", "-"): value for key, value in headers.items()}
    return await asset_response(library, name, Headers(sent))


def test_finds_the_newest_version(library: AssetLibrary) -> None:
    asset = library.find("redoc", "redoc.standalone.js")

    assert asset is not None
    assert asset.name == "redoc@2.10.0/redoc.standalone.js"
    assert asset.url == "?asset=redoc@2.10.0/redoc.standalone.js"


def test_finds_nothing_where_nothing_was_installed(tmp_path: Path) -> None:
    assert AssetLibrary(tmp_path / "absent").find("redoc", "redoc.standalone.js") is None


def test_this_installation_is_read_once() -> None:
    assert installed_assets() is installed_assets()


async def test_sends_the_file_to_be_kept_for_good(library: AssetLibrary) -> None:
    response = await answer(library)

    assert (response.status_code, response.body) == (200, f"content of {NAME}".encode())
    assert response.headers["content-type"] == "text/javascript; charset=utf-8"
    assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert response.headers["vary"] == "Accept-Encoding"
    assert "content-encoding" not in response.headers


async def test_a_style_has_its_own_content_type(library: AssetLibrary) -> None:
    response = await answer(library, "swagger@5/ui.css")

    assert response.headers["content-type"] == "text/css; charset=utf-8"


@pytest.mark.parametrize("accepted", ["gzip", "deflate, GZIP;q=0.5", "br, gzip"])
async def test_compresses_for_clients_that_take_it(library: AssetLibrary, accepted: str) -> None:
    plain, response = await answer(library), await answer(library, accept_encoding=accepted)

    assert response.headers["content-encoding"] == "gzip"
    assert gzip.decompress(bytes(response.body)) == plain.body
    assert response.headers["etag"] != plain.headers["etag"]


@pytest.mark.parametrize("accepted", ["", "br", "gzip;q=0", "gzip; q=0.0", "identity"])
async def test_sends_the_plain_file_to_others(library: AssetLibrary, accepted: str) -> None:
    assert "content-encoding" not in (await answer(library, accept_encoding=accepted)).headers


@pytest.mark.parametrize("accepted", ["", "gzip"])
async def test_a_client_that_has_the_file_gets_304(library: AssetLibrary, accepted: str) -> None:
    tag = (await answer(library, accept_encoding=accepted)).headers["etag"]
    response = await answer(library, accept_encoding=accepted, if_none_match=f'"other", {tag}')

    assert (response.status_code, response.body, response.headers["etag"]) == (304, b"", tag)


@pytest.mark.parametrize(
    "name",
    ["", "redoc@2.5.4/LICENSE", "../secret.js", "secret.js", "redoc@2.5.4/../secret.js", "/etc/passwd"],
)
async def test_only_known_names_are_served(library: AssetLibrary, name: str) -> None:
    assert (await answer(library, name)).status_code == 404
