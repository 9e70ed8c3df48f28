"""Tests of `bench.environments`."""

import importlib.util
from pathlib import Path

import pronghorn._compile.plan
from bench import settings
from bench.environments import compile_sources


def test_what_runs_from_source_is_compiled_as_pip_compiles_what_it_installs() -> None:
    sources = [Path(module.__file__ or "") for module in (pronghorn._compile.plan, settings)]
    kept = [Path(importlib.util.cache_from_source(str(source))) for source in sources]
    kept[1].unlink(missing_ok=True)
    compile_sources.cache_clear()

    compile_sources()

    assert all(file.is_file() for file in kept)
