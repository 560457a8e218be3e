# Everything one does here, by one word. `make` alone prints this list.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
# Workers of pytest; two cores are enough for all of it.
JOBS ?= 2
PYTEST := $(BIN)/python -m pytest
# `make revision` writes a migration of this service: escrow, registry_sync or alerts.
s ?= escrow
say = @printf '\n\033[1m== %s\033[0m\n' "$(1)"

.PHONY: help
help:
	@awk 'BEGIN { FS = ":.*## " } \
	  /^##@/ { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

# The environment is made once, and again when what it is made from changes.
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Python 3.11 or newer is needed: name one with PYTHON=/path/to/python3."; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv || { \
	  rm -rf .venv; \
	  echo "Python cannot make an environment here. On Debian: apt-get install python3-venv"; exit 1; }
	$(call say,Installing what requirements.lock names)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $(READY)

##@ Run

.PHONY: run
run: $(READY) ## Everything on one machine: plays a city's Saturday, then stays up (CITY=off: no city)
	@exec $(BIN)/python -m sandbox run

.PHONY: stop
stop: $(READY) ## Stop what `make run` started elsewhere
	@$(BIN)/python -m sandbox stop

.PHONY: reset
reset: $(READY) ## Delete what `make run` made, to start over
	@if [ -n "$${DATABASE_URL:-}" ]; then \
	  echo "DATABASE_URL is set: nothing on a server of yours is deleted. Unset it to reset the sandbox."; exit 1; fi
	@$(BIN)/python -m sandbox reset

##@ Database

.PHONY: migrate
migrate: $(READY) ## Bring the database that DATABASE_URL names to the newest schema
	@$(BIN)/python -m escrow migrate
	@$(BIN)/python -m registry_sync migrate
	@$(BIN)/python -m alerts migrate

.PHONY: revision
revision: $(READY) ## Write an empty migration: make revision m="add a column" (s=escrow, registry_sync, alerts)
	@if [ -z "$(m)" ]; then echo 'Say what it does: make revision m="add a column"'; exit 1; fi
	@$(BIN)/python -c 'import sys; from alembic import command; from shared.pg import migrate; \
	  package, message = sys.argv[1:]; number = int(migrate.newest_revision(package)[:4]) + 1; \
	  command.revision(migrate.config_of(package), message, rev_id=f"{number:04}")' $(s) "$(m)"

.PHONY: verify
verify: $(READY) ## Recompute every balance from the movements and compare
	@ESCROW_DATABASE_URL=$${ESCROW_DATABASE_URL:-$$($(BIN)/python -c \
	  "import json; print(json.load(open('.data/sandbox.json'))['database_url'])" 2>/dev/null)} \
	  $(BIN)/python -m escrow verify

##@ Quality

.PHONY: format
format: $(READY) ## Put the code into its form
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix --exit-zero .

.PHONY: lint
lint: $(READY) ## Style, import contracts and the house's own rules
	$(call say,ruff: style)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	$(call say,import-linter: who may import whom)
	@$(BIN)/lint-imports
	$(call say,tidy: the house's own rules)
	@$(PYTEST) -q tests/tidy

.PHONY: types
types: $(READY) ## Types, strictly
	$(call say,mypy: types)
	@$(BIN)/mypy

##@ Test

.PHONY: quick
quick: $(READY) ## Unit and property tests, without a database
	@$(PYTEST) -q -m "not postgres and not slow" tests/unit tests/property

.PHONY: test
test: $(READY) ## All of it: what CI runs (again on the server of DATABASE_URL where it is set)
	$(call say,ruff: style)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	$(call say,import-linter: who may import whom)
	@$(BIN)/lint-imports
	@$(MAKE) types
	$(call say,pytest: everything, on the embedded PostgreSQL 18)
	@env -u DATABASE_URL $(PYTEST) -q -n $(JOBS) --dist loadfile --no-loadscope-reorder --ignore=tests/bench tests
	@if [ -n "$${DATABASE_URL:-}" ]; then \
	  printf '\n\033[1m== pytest: what needs a database, on the server of DATABASE_URL\033[0m\n'; \
	  $(PYTEST) -q -n $(JOBS) --dist loadfile --no-loadscope-reorder --ignore=tests/bench -m postgres tests; \
	  printf '\nPassed: style, imports, types, all tests on PostgreSQL 18, database tests on DATABASE_URL.\n'; \
	else \
	  printf '\nPassed: style, imports, types, all tests on PostgreSQL 18.\n'; \
	fi
	@printf 'Not part of it: make bench, bench-registry, bench-alerts, year, mutation, guards, crash (200 rounds instead of 10).\n'

.PHONY: crash
crash: $(READY) ## 200 rounds of kill -9 under load (CRASH_ROUNDS, CRASH_SEED)
	@CRASH_ROUNDS=$${CRASH_ROUNDS:-200} $(PYTEST) -q -s --timeout 0 tests/crash

.PHONY: mutation
mutation: $(READY) ## Break the domain in every way; at least 85 % must be noticed
	@$(BIN)/python tests/mutation.py

.PHONY: guards
guards: $(READY) ## Take each guard of SQL, store and web away; see its test fail (GUARDS=word)
	@$(BIN)/python -m tests.guards $(GUARDS)

.PHONY: bench
bench: $(READY) ## Lessons per second and latency over HTTP, with durable commits
	@$(BIN)/python -m tests.bench

.PHONY: bench-registry
bench-registry: $(READY) ## A register of 100,000 institutions mirrored, changed, imported, looked up
	@$(BIN)/python -m tests.bench.registry

.PHONY: bench-alerts
bench-alerts: $(READY) ## 100,000 institutions judged, swept, tried on the past, and shown to Prometheus
	@$(BIN)/python -m tests.bench.alerts.judging
	@$(BIN)/python -m tests.bench.alerts.exporter

.PHONY: year
year: $(READY) ## A year of 300 institutions with 30 planted failures: what the rules catch, and at what cost
	@$(BIN)/python -m tests.year

.PHONY: coverage
coverage: $(READY) ## Which lines and branches the tests reach
	@mkdir -p .data/coverage
	@$(PYTEST) -q -n $(JOBS) --dist loadfile --ignore=tests/bench --cov --cov-report=term --cov-report=html:.data/coverage/html tests

##@ Artefacts

.PHONY: schemas
schemas: $(READY) ## Write the frozen OpenAPI of the services anew
	@WRITE_SCHEMAS=1 $(PYTEST) -q tests/contract

.PHONY: lock
lock: $(READY) ## Choose the newest dependencies and write requirements.lock
	@$(BIN)/uv lock --upgrade
	@$(BIN)/uv export --quiet --frozen --all-extras --no-emit-project --no-header --format requirements-txt -o requirements.lock
