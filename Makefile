# Everything a checkout needs. `make` alone lists the commands.
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help setup run demo test test-fast test-neo4j coverage-trust coverage-rollup check bench lock clean

help: ## list the commands
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-15s %s\n", $$1, $$2}'

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Greenchain needs Python 3.11 or newer; set PYTHON=/path/to/python3.11")'
	@test -x $(PY) || $(PYTHON) -m venv $(VENV)
	@echo "Installing the locked dependencies into $(VENV) ..."
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

setup: $(STAMP) ## make .venv with the locked dependencies (the others call it)

run: $(STAMP) ## start the graph, load the demo chain on the first start, serve, and print how to sign in
	@$(VENV)/bin/greenchain run --demo

demo: $(STAMP) ## load the demo chain into a temporary service and print its figures
	@$(VENV)/bin/greenchain demo

test: $(STAMP) ## all tests on the embedded engine but the longest (those: make test ARGS="-m long")
	@GREENCHAIN_TEST_EXAMPLES=0.25 $(PY) -m pytest -m "not long" --numprocesses 3 --dist loadfile --no-loadscope-reorder $(ARGS)

test-fast: $(STAMP) ## the tests that need no engine and no browser, in seconds
	@$(PY) -m pytest -m "not engine and not browser"

test-neo4j: $(STAMP) ## the same suite on a real Neo4j, with the longest tests (fetched from Maven; or the empty one NEO4J_URI names)
	@$(PY) -m tests.neo4j $(ARGS)

# Without the tests by hypothesis: what is drawn by lot must not decide whether a branch counts as tested.
coverage-trust: $(STAMP) ## every branch of service/trust is taken by its own tests, without an engine, in seconds
	@mkdir -p .cache
	@COVERAGE_FILE=.cache/coverage-trust $(PY) -m pytest tests/trust -m "not hypothesis and not long" --ignore tests/trust/test_trust_hostile.py \
		--cov=service/trust --cov-branch --cov-report=term-missing:skip-covered --cov-fail-under=100 $(ARGS)

coverage-rollup: $(STAMP) ## every branch of graph/rollup is taken by its own tests, without an engine
	@mkdir -p .cache
	@COVERAGE_FILE=.cache/coverage-rollup $(PY) -m pytest tests/rollup -m "not hypothesis and not long" \
		--cov=graph/rollup --cov-branch --cov-report=term-missing:skip-covered --cov-fail-under=100 $(ARGS)

check: $(STAMP) ## ruff, mypy strict, one-way imports
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports

bench: $(STAMP) ## side-by-side figures (python -m bench NAME --json for one)
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements-bench.lock
	@$(PY) -m bench

lock: ## resolve the dependencies anew into the lock files
	@$(VENV)/bin/uv pip compile --quiet pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --upgrade -o requirements.lock
	@$(VENV)/bin/uv pip compile --quiet pyproject.toml --extra bench --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -c requirements.lock -o requirements-bench.lock

clean: ## remove .venv and caches (data/ stays)
	@rm -rf $(VENV) .cache .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis build *.egg-info
