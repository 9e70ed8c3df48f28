"""Installing: specs, metadata, the real FastAPI beside, child processes."""

import importlib.metadata
import os
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from pronghorn import dropin
from pronghorn.dropin.environment import BOOTSTRAP, announce, withdraw
from pronghorn.dropin.metadata import FastAPIDistribution
from tests.dropin.modules import imported
from tests.dropin.programs import output_of, run, under_dropin

WHOSE = "import fastapi; print(fastapi.FastAPI.__mro__[0].__name__, fastapi.__version__)"


@pytest.fixture
def real_fastapi(tmp_path: Path) -> Path:
    """A folder that stands for site-packages with another fastapi installed in it."""
    package = tmp_path / "site" / "fastapi"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("__version__ = 'the real one'\nclass FastAPI: ...\n")
    (package / "only_theirs.py").touch()
    metadata = tmp_path / "site" / "fastapi-0.1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: fastapi\nVersion: 0.1\n")
    return tmp_path / "site"


@pytest.mark.usefixtures("installed")
def test_find_spec_answers_with_a_real_spec() -> None:
    spec = find_spec("fastapi")
    assert spec is not None
    assert (spec.name, spec.has_location) == ("fastapi", True)
    assert spec.origin is not None
    assert Path(spec.origin).is_file()
    imported("fastapi.routing")
    assert find_spec("fastapi.routing") is imported("fastapi.routing").__spec__
    assert find_spec("fastapi.no_such_module") is None
    assert find_spec("no_such_package") is None


@pytest.mark.usefixtures("installed")
def test_a_module_that_fastapi_lacks_is_not_found() -> None:
    with pytest.raises(ModuleNotFoundError, match=r"fastapi\._schema"):
        imported("fastapi._schema")


@pytest.mark.usefixtures("installed")
def test_the_distribution_has_fastapis_version_and_requirements() -> None:
    assert importlib.metadata.version("fastapi") == importlib.metadata.version("FastAPI") == "0.165.0"
    found = importlib.metadata.distribution("fastapi")
    assert "starlette>=1.6.0" in (found.requires or [])
    assert [entry.value for entry in found.entry_points] == ["fastapi.cli:main"]
    assert found.read_text("RECORD") is None
    assert any(each.metadata["Name"] == "fastapi" for each in importlib.metadata.distributions())


@pytest.mark.usefixtures("installed")
def test_a_search_through_given_folders_finds_what_lies_there(real_fastapi: Path) -> None:
    found = list(importlib.metadata.distributions(path=[str(real_fastapi)]))
    assert [each.version for each in found] == ["0.1"]


def test_the_distribution_owns_no_files() -> None:
    with pytest.raises(FileNotFoundError, match="is Pronghorn's"):
        FastAPIDistribution().locate_file("fastapi/__init__.py")


def test_installing_twice_and_uninstalling_twice_do_no_harm() -> None:
    assert not dropin.installed()
    dropin.install(child_processes=False)
    dropin.install(child_processes=False)
    assert dropin.installed()
    dropin.uninstall()
    dropin.uninstall()
    assert not dropin.installed()
    assert "fastapi" not in sys.modules


def test_it_answers_in_front_of_the_real_fastapi(real_fastapi: Path, tmp_path: Path) -> None:
    path = str(real_fastapi)
    assert output_of("-c", WHOSE, cwd=tmp_path, PYTHONPATH=path) == "FastAPI the real one"
    assert under_dropin("-c", WHOSE, cwd=tmp_path, PYTHONPATH=path).endswith("0.165.0")
    done = run("-m", "pronghorn.dropin", "-c", "import fastapi.only_theirs", cwd=tmp_path, PYTHONPATH=path)
    assert "ModuleNotFoundError" in done.stderr


def test_installing_after_the_real_fastapi_was_imported_is_refused(
    real_fastapi: Path, tmp_path: Path
) -> None:
    code = "import fastapi; from pronghorn import dropin; dropin.install()"
    done = run("-c", code, cwd=tmp_path, PYTHONPATH=str(real_fastapi))
    assert "after fastapi had been imported from" in done.stderr
    assert "python -m pronghorn.dropin" in done.stderr


def test_child_processes_get_it_too(real_fastapi: Path, tmp_path: Path) -> None:
    (tmp_path / "child.py").write_text(WHOSE)
    code = "import subprocess, sys; subprocess.run([sys.executable, 'child.py'], check=True)"
    found = under_dropin("-c", code, cwd=tmp_path, PYTHONPATH=str(real_fastapi))
    assert found.endswith("0.165.0")


def test_spawned_workers_get_it_too(tmp_path: Path) -> None:
    (tmp_path / "work.py").write_text(
        "import multiprocessing, fastapi\n"
        "def version(_): return fastapi.__version__\n"
        "if __name__ == '__main__':\n"
        "    with multiprocessing.get_context('spawn').Pool(1) as pool: print(pool.map(version, [0]))\n"
    )
    assert under_dropin("work.py", cwd=tmp_path) == "['0.165.0']"


def test_the_metadata_alone_is_known_in_child_processes(tmp_path: Path) -> None:
    code = "from importlib.metadata import version; print(version('FastAPI'), version('pytest') != '')"
    environment: dict[str, str] = {}
    announce(environment)
    assert output_of("-c", code, cwd=tmp_path, **environment) == "0.165.0 True"


ASKED = """\
from importlib.metadata import distribution, distributions, packages_distributions, requires, version
from packaging.requirements import Requirement

assert Requirement("FastAPI[standard]>=0.115,<1").specifier.contains(version("fastapi"))
assert Requirement("fastapi ~= 0.165").specifier.contains(distribution("fastapi").version)
assert not Requirement("fastapi<0.165").specifier.contains(version("fastapi"))
assert "starlette" in {Requirement(line).name for line in requires("fastapi")}
assert packages_distributions()["fastapi"][0] == "fastapi"
print(next(each.version for each in distributions() if each.name == "fastapi"))
"""


@pytest.mark.parametrize("beside", [False, True])
def test_requirements_are_checked_in_all_processes(real_fastapi: Path, tmp_path: Path, beside: bool) -> None:
    environment = {"PYTHONPATH": str(real_fastapi)} if beside else {}
    assert under_dropin("-c", ASKED, cwd=tmp_path, **environment) == "0.165.0"
    announce(environment)
    assert output_of("-c", ASKED, cwd=tmp_path, **environment) == "0.165.0"
    assert output_of("-c", f"import fastapi\n{ASKED}", cwd=tmp_path, **environment) == "0.165.0"


def test_a_child_that_never_imports_fastapi_loads_nothing_of_ours(tmp_path: Path) -> None:
    environment: dict[str, str] = {}
    announce(environment)
    code = "import sys; print([name for name in sys.modules if name.startswith('pronghorn')], sys.path)"
    found = output_of("-c", code, cwd=tmp_path, **environment)
    assert found.startswith("[] ")
    assert BOOTSTRAP not in found


def test_the_bootstrap_folder_alone_changes_nothing(tmp_path: Path) -> None:
    done = run("-c", "import fastapi", cwd=tmp_path, PYTHONPATH=BOOTSTRAP, PRONGHORN_DROPIN="0")
    assert "No module named 'fastapi'" in done.stderr


def test_another_sitecustomize_still_runs(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "sitecustomize.py").write_text("print('the other one')")
    environment = {"PYTHONPATH": str(other)}
    announce(environment)
    assert output_of("-c", WHOSE, cwd=tmp_path, **environment).startswith("the other one")


def test_the_environment_is_changed_once_and_restored() -> None:
    environment = {"PYTHONPATH": os.pathsep.join(["one", "two"])}
    announce(environment)
    announce(environment)
    assert environment["PYTHONPATH"] == os.pathsep.join([BOOTSTRAP, "one", "two"])
    withdraw(environment)
    assert environment == {"PYTHONPATH": os.pathsep.join(["one", "two"])}
    bare: dict[str, str] = {}
    announce(bare)
    withdraw(bare)
    assert bare == {}


def test_installing_tells_child_processes_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "elsewhere")
    dropin.install()
    assert os.environ["PRONGHORN_DROPIN"] == "1"
    dropin.uninstall()
    assert "PRONGHORN_DROPIN" not in os.environ
    assert os.environ["PYTHONPATH"] == "elsewhere"
