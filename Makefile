# Two commands do everything on a fresh machine: `make run` and `make test`.

PYTHON ?= python3
VENV := .venv
LOWEST := .venv-lowest
DEPLOY := .venv-deploy
# Without engines and browsers: what compiles and what draws has versions of its own.
LOWEST_TESTS := tests/router tests/models/test_pricing.py tests/models/test_usage.py tests/test_cli.py \
	tests/test_layering.py $(addprefix tests/gateway/,test_settings.py test_names.py test_chat.py test_ledger.py \
	test_replay.py test_telemetry.py responses/test_answers.py)
BIN := $(VENV)/bin
# Arguments for the commands: make run ARGS="--port 9000", make test ARGS="-k ledger"
ARGS ?=
# Processes of tests: most tests wait for something, so one more than the smallest machine has cores. 0: this one alone.
WORKERS ?= 3
PYTEST := $(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile --max-worker-restart 2
FAST := not engine and not browser and not slow

# What the container image has: all that a server may need without a model of its own kind.
CONTAINER := local demo postgres redis oidc privacy otel

INSTALL := $(BIN)/uv pip install --quiet --python $(VENV) --compile-bytecode
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header

.DEFAULT_GOAL := help
.PHONY: help run test test-fast test-lowest coverage check check-deploy check-js lock bench dist clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

run: $(VENV)/.run ## Install, then serve with the bundled model at http://127.0.0.1:8000
	@$(BIN)/slimgate serve $(ARGS)

test: $(VENV)/.dev ## Install, then run every test that needs no root
	@$(PYTEST) $(ARGS)

test-fast: $(VENV)/.dev ## The same without engines, browsers and what is slow: at every save
	@$(PYTEST) -m "$(FAST)" $(ARGS)

test-lowest: $(LOWEST)/.test ## Run the quick tests with the lowest versions that pyproject.toml allows
	@$(LOWEST)/bin/python -m pytest -W default $(LOWEST_TESTS) --ignore=tests/router/exam $(ARGS)

coverage: $(VENV)/.dev ## Measure what `make test-fast` covers; fail below the floor in pyproject.toml
	@$(PYTEST) -m "$(FAST)" --cov $(ARGS)

check: $(VENV)/.dev ## Lint, format, types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory check-js; \
		else echo "npm is not installed: the dashboard's files were not checked"; fi

check-deploy: $(DEPLOY)/.tools ## Check the files in deploy/: hadolint, checkov, kubernetes-validate, docker-compose, systemd
	@deploy/check.sh $(DEPLOY)/bin

check-js: node_modules/.installed ## Lint and format of the dashboard's JavaScript, CSS and HTML
	@npm run --silent check

lock: $(VENV)/.uv ## Pin anew what pyproject.toml asks for; pins that still fit stay
	@$(LOCK) --extra local --extra demo --output-file requirements/run.txt pyproject.toml
	@$(LOCK) --all-extras --group dev --output-file requirements/dev.txt pyproject.toml
	@$(LOCK) $(addprefix --extra ,$(CONTAINER)) --output-file requirements/container.txt pyproject.toml
	@$(LOCK) --group build --output-file requirements/build.txt
	@$(LOCK) --group deploy --output-file requirements/deploy.txt

bench: $(VENV)/.dev ## Measure speed, as ratios, side by side
	@for name in gateway engine faults dashboard; do echo "== $$name"; $(BIN)/python -m benchmarks.$$name || exit 1; done

dist: $(VENV)/.dev ## Build sdist and wheel with a bill of materials (SBOM), check them, try the wheel in an environment of its own
	@rm -rf dist
	@$(BIN)/uv build --quiet
	@$(BIN)/twine check --strict dist/*
	@$(BIN)/python -m tests.smoke dist/*.whl
	@$(BIN)/cyclonedx-py requirements --pyproject pyproject.toml --mc-type application --output-reproducible \
		--output-file dist/slimgate.cdx.json requirements/run.txt

clean: ## Remove the virtual environments and caches
	rm -rf $(VENV) $(LOWEST) $(DEPLOY) node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage build dist

$(VENV)/.uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "slimgate needs Python 3.11 or newer; name one: make run PYTHON=python3.12"; exit 1; }
	@echo "Installing into $(VENV). llama.cpp is compiled for this machine the first time: about 4 minutes on 2 cores."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check 'uv>=0.13'
	@touch $@

# pip keeps the wheel that it has compiled, for every environment after this one.
$(VENV)/.llama: requirements/run.txt | $(VENV)/.uv
	@$(BIN)/python -m pip install --disable-pip-version-check --no-deps \
		"$$(grep -o '^llama-cpp-python==[^ ]*' requirements/run.txt)"
	@touch $@

$(VENV)/.run: pyproject.toml requirements/run.txt $(VENV)/.llama
	@$(INSTALL) --require-hashes --requirement requirements/run.txt
	@$(INSTALL) --no-deps --editable .
	@touch $@

$(VENV)/.dev: pyproject.toml requirements/dev.txt $(VENV)/.llama
	@$(INSTALL) --require-hashes --requirement requirements/dev.txt
	@$(INSTALL) --no-deps --editable .
	@touch $@

# These tools want versions of their own of much that slimgate uses.
$(DEPLOY)/.tools: requirements/deploy.txt | $(VENV)/.uv
	@$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(DEPLOY)
	@$(BIN)/uv pip install --quiet --python $(DEPLOY) --require-hashes --requirement requirements/deploy.txt
	@touch $@

# llama.cpp has one version only, which the bundled model wants: the wheel that pip has compiled already.
$(LOWEST)/.test: pyproject.toml | $(VENV)/.dev
	@$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(LOWEST)
	@$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir $(LOWEST)/wheels \
		"$$(grep -o '^llama-cpp-python==[^ ]*' requirements/run.txt)"
	@$(BIN)/uv pip install --quiet --python $(LOWEST) --find-links $(LOWEST)/wheels --resolution lowest-direct --editable '.[demo,train]' --group test
	@touch $@

node_modules/.installed: package.json package-lock.json
	@npm ci --silent
	@touch $@
