# Two commands for a newcomer: `make run` starts the example, `make test` runs every check.
# Needed beforehand: Python 3.11 or newer, make, a package index. Everything else lands in .venv.

PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin
# The newest Python on the PATH that is new enough; `make PYTHON=/path/to/python` overrides it.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
SOURCES := src tests checks bench examples typing_tests conformance reliability
WORKERS ?= 2
# How many requests `make differential` compares, and which.
CASES ?= 2000
SEED ?= 1

.PHONY: help run test lint format types layers shape light unit docs bench bench-quick bench-count tutorials typing-comparison conformance plugins differential reliability soak build clean
.DEFAULT_GOAL := help

help:  ## this list
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:[^#]*##/\t/' | expand -t 20

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed and was not found on the PATH."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'

# Stamps: the second `make` installs nothing unless pyproject.toml has changed.
$(VENV)/run.stamp: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable '.[standard]' --group example
	@touch $@

$(VENV)/dev.stamp: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable '.[all]' --group dev
	@touch $@ $(VENV)/run.stamp

run: $(VENV)/run.stamp  ## the example on the native server, with reload; PORT=8000
	$(BIN)/pronghorn dev examples/bookshop/main.py --port $(PORT)

test: lint types layers shape light docs unit  ## everything that has to hold before a change lands

lint: $(VENV)/dev.stamp  ## ruff: rules and formatting
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(VENV)/dev.stamp  ## rewrite files as `lint` wants them
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

types: $(VENV)/dev.stamp  ## mypy --strict and pyright
	$(BIN)/mypy
	$(BIN)/pyright

layers: $(VENV)/dev.stamp  ## imports run down the layers only
	$(BIN)/lint-imports

shape: $(VENV)/dev.stamp  ## file and function sizes, nesting, import cycles, repeated blocks
	$(BIN)/python -m checks.shape

light: $(VENV)/dev.stamp  ## what `import pronghorn` must not load
	$(BIN)/python -m checks.light

docs: $(VENV)/dev.stamp  ## the documentation site, warnings as errors
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet --site-dir site

unit: $(VENV)/dev.stamp  ## the tests, warnings as errors, branch coverage of at least 95 %
	$(BIN)/pytest -n $(WORKERS) --cov --cov-report=term $(ARGS)

bench: $(VENV)/dev.stamp  ## every workload on every contender: JSON, tables, plots; needs wrk
	$(BIN)/python -m bench $(ARGS)

bench-quick: $(VENV)/dev.stamp  ## Pronghorn beside FastAPI on uvicorn in three minutes; needs wrk
	$(BIN)/python -m bench --quick $(ARGS)

bench-count: $(VENV)/dev.stamp  ## instructions per request against the baseline; needs valgrind
	$(BIN)/python -m bench.counted $(ARGS)

tutorials: $(VENV)/dev.stamp  ## FastAPI's tutorial applications, unmodified, on the drop-in
	$(BIN)/python -m conformance.docs_src $(ARGS)

typing-comparison: $(VENV)/dev.stamp  ## FastAPI's tutorials as type checkers see them, with FastAPI and with Pronghorn
	$(BIN)/python -m conformance.typing_comparison $(ARGS)

conformance: $(VENV)/dev.stamp  ## FastAPI's own test suite on the drop-in
	$(BIN)/python -m conformance $(ARGS)

differential: $(VENV)/dev.stamp  ## made-up applications asked the same on FastAPI and here; CASES=50000 SEED=7
	$(BIN)/python -m conformance.differential --cases $(CASES) --seed $(SEED) $(ARGS)

# Tools of single checks only: without them those checks are skipped.
$(VENV)/reliability.stamp: $(VENV)/dev.stamp
	$(BIN)/python -m pip install --quiet --group reliability
	@touch $@

reliability: $(VENV)/reliability.stamp  ## faults and loads against the native server: figures beside their bars
	$(BIN)/python -m reliability $(ARGS)

soak: $(VENV)/reliability.stamp  ## the long part of it: minutes to hours
	$(BIN)/python -m reliability --soak $(ARGS)

plugins: $(VENV)/dev.stamp  ## packages of FastAPI's ecosystem, their uses and own tests, on both
	$(BIN)/python -m conformance.plugins $(ARGS)

build: $(VENV)/dev.stamp  ## the wheel and the source distribution, in dist/
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .

clean:  ## remove everything that make has made
	rm -rf $(VENV) site dist build .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
