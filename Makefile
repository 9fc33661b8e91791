# Everything a developer types. `make` alone prints this list.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PY     := $(BIN)/python
READY  := $(VENV)/.ready
# Two workers fill the machine that the time limits are written for.
WORKERS ?= 2
# A worker keeps to the files that it began, whose stores it has made, until another has nothing left to do.
PARALLEL := -n $(WORKERS) --dist worksteal

.PHONY: help setup demo ui test test-fast test-server test-slow check check-types check-text check-examples format bench faults lock clean

help: ## this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## make .venv from the hash-locked requirements (every target below does it when needed)
	@:

# The order matters: the lock is installed and verified first, then the project itself, without any further download.
$(READY): requirements-dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Python 3.11 or newer is needed; '$(PYTHON)' is $$($(PYTHON) --version 2>/dev/null || echo missing)." >&2; \
	  echo "Install one, or name it: make setup PYTHON=/path/to/python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
	  echo "'$(PYTHON)' has no venv module. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@$(PY) -c '' 2>/dev/null || { echo "making $(VENV) ..."; $(PYTHON) -m venv --clear $(VENV); }
	@echo "installing the locked requirements ..."
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-dev.txt
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index --editable .
	@touch $@

demo: setup ## bill a seeded book of 10,000 policies for a quarter and deliver it; says where to look
	@$(PY) -m billing_assets.cli demo

ui: setup ## open Dagster on localhost with the demo book loaded
	@$(PY) -m billing_assets.cli ui

test: check test-fast ## checks, then every test that takes a second or two

test-fast: setup
	@env -u BILLING_TEST_DATABASE_URL $(PY) -m pytest $(PARALLEL) -q -rs

test-server: setup ## the store tests and a third of those of the steps again, on the server that BILLING_TEST_DATABASE_URL names
	@if [ -n "$${BILLING_TEST_DATABASE_URL:-}" ]; then \
	  $(PY) -m pytest $(PARALLEL) -q -rs -m "not slow" --few-steps billing_assets_tests/store billing_assets_tests/steps \
	    billing_assets_tests/faults/test_lost_answers.py --ignore-glob='*/test_embedded*'; \
	else \
	  echo "SKIPPED store and step tests on a PostgreSQL server: BILLING_TEST_DATABASE_URL is not set (.ci/run sets it)"; \
	  if [ -n "$${CI:-}" ]; then echo "In CI no real part may be missing." >&2; exit 1; fi; \
	fi

test-slow: test-server ## test-server, and the tests that take longer: full reference comparison, crashes, the real portfolio
	@env -u BILLING_TEST_DATABASE_URL $(PY) -m pytest $(PARALLEL) -q -rs -m "(slow or long) and not server"

check: setup ## format, lint, types, floors and the examples in docstrings, beside each other
	@$(MAKE) --jobs $(WORKERS) check-types check-text check-examples

check-types: setup
	@$(BIN)/mypy

check-text: setup
	@$(BIN)/ruff format --check --quiet . || { echo "badly formatted; 'make format' mends it" >&2; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/lint-imports --no-logo

check-examples: setup
	@$(PY) -m pytest -q --doctest-modules --ignore=billing_assets/store/migrations billing_assets

format: setup ## format the code and apply the safe fixes
	@$(BIN)/ruff format --quiet .
	@$(BIN)/ruff check --fix --quiet . || true

bench: setup ## run every bench/bench_*.py and print what it measured
	@for script in bench/bench_*.py; do echo "== $$script"; $(PY) -m "bench.$$(basename $$script .py)"; done

KILLS ?= 1000
COUNT ?= 1000000

faults: setup ## kill workers, the program and PostgreSQL at random while a million invoices are billed, a thousand times: hours; then deliver to servers that answer as they please
	@$(PY) -m billing_assets_tests.faults.random_kills --count $(COUNT) --kills $(KILLS)
	@$(PY) -m billing_assets_tests.faults.chaotic_deliveries

UV_COMPILE := $(BIN)/uv pip compile --quiet pyproject.toml --universal --python-version 3.11 --generate-hashes \
  --no-emit-index-url --no-strip-extras --no-annotate --custom-compile-command "make lock"

# The runtime lock is a constraint of the other: what is tested is what runs. `make lock UPGRADE=--upgrade` moves versions.
lock: setup ## write requirements*.txt from pyproject.toml (UPGRADE=--upgrade takes newer versions)
	@$(UV_COMPILE) $(UPGRADE) --output-file requirements.txt
	@$(UV_COMPILE) $(UPGRADE) --group dev --constraints requirements.txt --output-file requirements-dev.txt

clean: ## remove .venv, caches and build output (.billing, with its database, stays)
	@rm -rf $(VENV) build dist .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
