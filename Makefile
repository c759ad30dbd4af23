# Every target makes what it needs: a virtual environment in .venv, from any Python 3.11 or newer.
#   make test PYTHON=python3.13 ARGS="-k clock"

PYTHON ?= python3
VENV ?= .venv
REAL ?= .venv-real
SERVER ?= skyvern[server]==1.0.56
WORKERS ?= 2
ARGS ?=

bin := $(VENV)/bin
installed := $(VENV)/.installed
server := $(REAL)/.installed

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo serve test contract contract-real fuzz sdk-matrix check lint types wheel coverage bench format clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(installed): pyproject.toml hatch_build.py
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, not " + sys.version.split()[0] + ": make PYTHON=/path/to/python3" if sys.version_info < (3, 11) else 0)'
	@test -x $(bin)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing into $(VENV)"
	@$(bin)/python -m pip install -qq --disable-pip-version-check -e '.[dev]'
	@touch $@

demo: $(installed) ## the example project, tested with a freshly built wheel and the real SDK
	$(bin)/python tools/demo.py

serve: $(installed) ## a fake Skyvern at http://127.0.0.1:8000; ARGS="--port 0 --fake invoice_portal ..."
	@$(bin)/skyvern-testkit serve $(ARGS)

test: $(installed) ## the kit's own tests, in random order on WORKERS processes; ARGS="..." goes to pytest
	$(bin)/python -m pytest -n $(WORKERS) $(ARGS)

contract: $(installed) ## the contract's cases against the fake over a socket (make test runs them in memory)
	$(bin)/skyvern-testkit verify --target socket

# The real server is large and under another licence: it never comes into the kit's own environment.
$(server):
	@test -x $(REAL)/bin/python || $(PYTHON) -m venv $(REAL)
	@echo "installing $(SERVER) into $(REAL)"
	@$(REAL)/bin/python -m pip install -qq --disable-pip-version-check '$(SERVER)'
	@touch $@

contract-real: $(installed) $(server) ## the contract's cases against the real server, in an environment of its own
	$(bin)/skyvern-testkit verify --target real --python $(REAL)/bin/python --report contracts/evidence.json
	$(bin)/python tools/operations_page.py

fuzz: $(installed) ## schemathesis against the fake, deeper than the tests; ARGS="--examples 200"
	$(bin)/python tools/fuzz.py --examples 25 $(ARGS)

sdk-matrix: $(installed) ## every method of every published SDK against the fake; downloads the wheels into .sdk-matrix
	$(bin)/python -m tools.sdk_matrix $(ARGS)

check: lint types wheel ## linters, formatter, type checkers, rooms, the built wheel

lint: $(installed) ## ruff, its formatter, and the rooms' import contracts
	$(bin)/ruff check
	$(bin)/ruff format --check
	$(bin)/lint-imports

types: $(installed) ## mypy and pyright
	$(bin)/mypy
	$(bin)/pyright

wheel: $(installed) ## what a user gets: sdist and wheel, installed in a fresh environment
	$(bin)/python tools/wheel_test.py

# pytest imports the plugin before pytest-cov could start, so coverage runs pytest and not the other way round.
coverage: $(installed) ## the tests again, with branch coverage of every process
	$(bin)/coverage erase
	$(bin)/coverage run -m pytest -n $(WORKERS) $(ARGS)
	$(bin)/coverage combine --quiet
	$(bin)/coverage report

bench: $(installed) ## ratios against named peers
	$(bin)/python -m benchmarks

format: $(installed) ## mend what ruff can mend
	$(bin)/ruff check --fix-only --quiet
	$(bin)/ruff format

clean: ## remove what the other targets made
	rm -rf $(VENV) $(REAL) .sdk-matrix dist build site htmlcov .coverage .coverage.* .pytest_cache .hypothesis .mypy_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
