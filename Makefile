# Two commands: `make run` and `make test`. Each sets up all it needs, once.
PYTHON ?= python3
BIN := .venv/bin
# Python keeps what it has compiled: without that each start would compile thousands of modules anew.
unexport PYTHONDONTWRITEBYTECODE
TELL := $(PYTHON) .ci/tell.py
# The certificates that the system trusts, as pip does: a company may have an authority of its own.
UV := env UV_SYSTEM_CERTS=true $(BIN)/uv
# Wheels only, so that no compiler is needed; Spark's two packages are Python and jars, built without one.
WHEELS := --only-binary :all: --no-binary pyspark --no-binary pyspark-client

help: ## Show what there is
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

run: .venv/ready ## Run nights end to end: make run [LANDING=folder NIGHTS=7 LAKE=... STORE=...]
	@$(BIN)/nocturne run $(if $(LANDING),--landing "$(LANDING)") $(if $(NIGHTS),--nights "$(NIGHTS)") \
	  $(if $(LAKE),--lake "$(LAKE)") $(if $(STORE),--store "$(STORE)")

up: .venv/ready ## Start Airflow with its UI on an embedded PostgreSQL, and keep it up
	@$(BIN)/nocturne up

down: .venv/ready ## Stop it
	@$(BIN)/nocturne down

test: .venv/ready ## Run all tests
	@$(BIN)/nocturne doctor
	@$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

unit: .venv/ready ## Run the tests that need neither Spark nor training nor Airflow
	@$(BIN)/python -m pytest -q -n 2 --dist loadfile -m "not spark and not train and not e2e and not real_data" \
	  --ignore=tests/dags --ignore=tests/embedded --ignore=tests/docker

check: .venv/ready ## Check format, lint, types and import boundaries
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m jobs.settings_text --check

docs: .venv/ready ## Write docs/settings.md from the code
	@$(BIN)/python -m jobs.settings_text

lock: .venv/ready ## Resolve requirements.lock again
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-header --extra compose --group dev pyproject.toml \
	  -p 3.11 -o requirements.lock

.venv/ready: requirements.lock pyproject.toml .ci/uv.txt
	@$(PYTHON) .ci/preflight.py
	@echo "Setting up .venv (once; the packages take about 4 GB)"
	@$(TELL) "making .venv" $(PYTHON) -m venv --clear .venv
	@$(TELL) "installing uv" $(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes \
	  -r .ci/uv.txt
	@$(TELL) "installing packages" $(UV) pip sync -q --python $(BIN)/python --require-hashes $(WHEELS) \
	  requirements.lock
	@$(TELL) "installing nocturne" $(UV) pip install -q --python $(BIN)/python --no-deps \
	  --no-build-isolation -e .
	@touch $@

.PHONY: help run up down test unit check docs lock
.DEFAULT_GOAL := help
