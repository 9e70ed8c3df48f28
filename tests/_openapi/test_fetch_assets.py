import hashlib
import os
import runpy
import zipfile
from pathlib import Path

import pytest

from pronghorn._openapi import fetch_assets
from pronghorn._openapi.fetch_assets import Member, Wheel, install

CONTENT = b"console.log(1)"
DIGEST = hashlib.sha256(CONTENT).hexdigest()


def wheel(*, member: str = "shelf/ui.js", digest: str = DIGEST, version: str = "1.0") -> tuple[Wheel]:
    return (Wheel(f"shelf=={version}", (Member(member, "ui@1/ui.js", digest),)),)


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory that pip takes wheels from, and nowhere else; it has one wheel."""
    directory = tmp_path / "index"
    directory.mkdir()
    with zipfile.ZipFile(directory / "shelf-1.0-py3-none-any.whl", "w") as archive:
        archive.writestr("shelf/ui.js", CONTENT)
        archive.writestr("shelf-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: shelf\nVersion: 1.0\n")
        archive.writestr("shelf-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr("shelf-1.0.dist-info/RECORD", "")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(directory))
    return directory


@pytest.mark.usefixtures("index")
def test_takes_files_out_of_wheels(tmp_path: Path) -> None:
    assert install(tmp_path / "assets", wheel()) == []

    path = tmp_path / "assets" / "ui@1" / "ui.js"
    assert path.read_bytes() == CONTENT
    assert path.stat().st_mode & 0o777 == 0o644
    assert [one.name for one in path.parent.iterdir()] == ["ui.js"]


def test_downloads_nothing_when_all_is_in_place(index: Path, tmp_path: Path) -> None:
    install(tmp_path / "assets", wheel())
    next(index.iterdir()).unlink()

    assert install(tmp_path / "assets", wheel()) == []


@pytest.mark.usefixtures("index")
def test_replaces_a_file_with_other_content(tmp_path: Path) -> None:
    path = tmp_path / "assets" / "ui@1" / "ui.js"
    path.parent.mkdir(parents=True)
    path.write_text("older")

    assert install(tmp_path / "assets", wheel()) == []
    assert path.read_bytes() == CONTENT


@pytest.mark.usefixtures("index")
def test_other_content_than_the_pinned_is_refused(tmp_path: Path) -> None:
    problems = install(tmp_path / "assets", wheel(digest="0" * 64))

    assert problems == [f"shelf==1.0: shelf/ui.js has sha256 {DIGEST}, not {'0' * 64}"]
    assert not (tmp_path / "assets").exists()


@pytest.mark.usefixtures("index")
def test_a_missing_member_is_reported(tmp_path: Path) -> None:
    (problem,) = install(tmp_path / "assets", wheel(member="shelf/other.js"))

    assert problem.startswith("shelf==1.0: ")
    assert "shelf/other.js" in problem


@pytest.mark.usefixtures("index")
def test_a_missing_distribution_is_reported_in_pips_words(tmp_path: Path) -> None:
    (problem,) = install(tmp_path / "assets", wheel(version="2.0"))

    assert problem == "shelf==2.0: ERROR: No matching distribution found for shelf==2.0"


def test_a_pip_that_says_nothing_is_reported_by_its_status(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.executable", "/bin/false")

    assert install(tmp_path, wheel()) == ["shelf==1.0: pip ended with status 1"]


def test_all_files_are_pinned_and_have_a_version() -> None:
    members = [member for one in fetch_assets.WHEELS for member in one.members]

    assert all(len(member.sha256) == 64 for member in members)
    assert all("@" in member.target.partition("/")[0] for member in members)
    assert all("==" in one.requirement for one in fetch_assets.WHEELS)


@pytest.mark.usefixtures("index")
def test_the_command_says_what_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert fetch_assets.main(tmp_path, wheel()) == 0
    assert capsys.readouterr().err == ""

    assert fetch_assets.main(tmp_path, wheel(member="shelf/other.js", digest="0" * 64)) == 1
    assert capsys.readouterr().err.startswith("documentation assets: shelf==1.0: ")


def test_runs_as_a_script(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    # A copy elsewhere, so that its own directory of assets is empty, and a pip that fails.
    script = tmp_path / "fetch_assets.py"
    script.write_text(Path(fetch_assets.__file__).read_text())
    monkeypatch.setattr("sys.executable", "/bin/false")

    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(script), run_name="__main__")

    assert ended.value.code == 1
