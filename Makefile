# Two commands do everything on a fresh machine: `make run` and `make test`.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Arguments for the commands: make run ARGS="--port 9000", make test ARGS="-k ledger"
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help run test test-fast check bench clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

run: $(VENV)/.run ## Install, then serve with the bundled model at http://127.0.0.1:8000
	@$(BIN)/slimgate serve $(ARGS)

test: $(VENV)/.test ## Install, then run every test that needs no root
	@$(BIN)/python -m pytest $(ARGS)

test-fast: $(VENV)/.test ## The same without engines, browsers and what is slow: at every save
	@$(BIN)/python -m pytest -m "not engine and not browser and not slow" $(ARGS)

check: $(VENV)/.check ## Lint, format, types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

bench: $(VENV)/.test ## Measure speed, as ratios, side by side
	@for name in gateway engine faults dashboard; do echo "== $$name"; $(BIN)/python -m benchmarks.$$name || exit 1; done

clean: ## Remove the virtual environment and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist

$(VENV)/.venv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "slimgate needs Python 3.11 or newer; name one: make run PYTHON=python3.12"; exit 1; }
	@echo "Installing into $(VENV). llama.cpp is compiled for this machine the first time: about 4 minutes on 2 cores."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --upgrade pip
	@touch $@

$(VENV)/.run: pyproject.toml | $(VENV)/.venv
	@$(BIN)/python -m pip install --editable '.[local,demo]'
	@touch $@

$(VENV)/.test: pyproject.toml | $(VENV)/.venv
	@$(BIN)/python -m pip install --editable '.[local,demo,train]' --group test
	@touch $@

$(VENV)/.check: pyproject.toml | $(VENV)/.test
	@$(BIN)/python -m pip install --quiet --group check
	@touch $@
