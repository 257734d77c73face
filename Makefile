# Everything that is done with this repository. `make` alone lists it.
#
# Needs Python 3.11, pip and make; the first target that needs more sets it up in .venv. Browser tests want Chromium.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
ARGS ?=
# Test processes at the same time.
WORKERS ?= auto
# The same for tests that start processes: they wait for them more than they compute.
WAITING_WORKERS ?= $(shell $(PYTHON) -c "import os; print(3 * os.cpu_count() // 2)")

# Where the quick tests keep their files: in memory where there is room, since each waits for its disk many times.
QUICK_FILES ?= $(shell $(PYTHON) -c "import os, shutil, tempfile; shm = '/dev/shm'; \
	roomy = os.access(shm, os.W_OK) and shutil.disk_usage(shm).free > 2e9; \
	print(shm if roomy else tempfile.gettempdir())")

BIN := .venv/bin
READY := .venv/ready
PYTEST := $(BIN)/pytest
CHART_PAGE := statecharts/integration.md
COMPILE := UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile --quiet --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-emit-find-links

# Where it is set, each of the thousands of processes of the tests would compile all of our modules anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo run test test-quick test-rest check format diagram bench lock clean browser

help: ## List the targets
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo '  Arguments are passed on by ARGS, such as: make demo ARGS="--once --json"'

setup: $(READY) ## Make .venv with everything in it, from pinned and hashed packages

$(READY): requirements/dev.txt pyproject.toml
	@echo "Setting up .venv ..." >&2
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or later is needed; name it with PYTHON=..." >&2; exit 1; }
	@test -x $(BIN)/python || "$(PYTHON)" -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt >&2
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e . >&2
	@touch $@

demo: $(READY) ## See everything at work on this machine; ARGS="--once --json" for programs
	@$(BIN)/syncline demo $(ARGS)

run: $(READY) ## Run the service on ./syncline-data; flags in ARGS
	@$(BIN)/syncline serve $(ARGS)

test: test-quick test-rest ## Run all tests

test-quick: $(READY) ## Run the tests that take no browser and no patience
	TMPDIR=$(QUICK_FILES) $(PYTEST) -q -n $(WORKERS) -m "not slow and not browser" $(ARGS)

test-rest: $(READY) browser ## Run the tests that take long, or a browser
	$(PYTEST) -q -n $(WAITING_WORKERS) --dist worksteal -m "slow or browser" $(ARGS)

browser:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || \
		{ test "$$(id -u)" = 0 && command -v apt-get >/dev/null && \
			apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium >/dev/null; } || \
		{ echo "The browser tests need Chromium: install the package chromium, or put one on PATH." >&2; exit 1; }

check: $(READY) ## Lint, types, floors, dependencies, generated files, container files
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry .
	$(BIN)/syncline chart check
	$(BIN)/syncline chart diagram --check $(CHART_PAGE)
	$(BIN)/hadolint docker/Dockerfile
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker/compose.yaml docker/compose.demo.yaml

format: $(READY) ## Put every file into shape
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

diagram: $(READY) ## Draw the chart again
	$(BIN)/syncline chart diagram --document > $(CHART_PAGE)

bench: $(READY) ## Measure, print the table, write benchmarks/results.json
	$(BIN)/python -m benchmarks $(ARGS)

lock: $(READY) ## Pin the newest allowed versions with hashes
	$(COMPILE) --upgrade requirements/build.in -o requirements/build.txt
	$(COMPILE) --upgrade pyproject.toml -o requirements/run.txt
	$(COMPILE) --upgrade --extra dev -c requirements/run.txt pyproject.toml -o requirements/dev.txt

clean: ## Remove .venv and what the tools left
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache dist
