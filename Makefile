# Everything a person types here. Needs only Python 3.11+, git and make; the rest is fetched, pinned by hash.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
UV     := $(VENV)/.uv
# Tests run side by side; each file stays on one worker so that its fixtures are built once.
PYTEST := $(BIN)/python -m pytest -n auto --dist loadfile --durations=10

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

.PHONY: help
help: ## Say what can be typed here
	@grep -hE '^[a-z0-9]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

.PHONY: demo
demo: $(VENV)/.demo ## Walk one model through its whole life, offline, in a throw-away directory
	@$(BIN)/mlci demo

.PHONY: test
test: $(VENV)/.dev ## Run the fast tests
	$(PYTEST) -m "not slow and not e2e"

.PHONY: slow
slow: $(VENV)/.dev ## Run the tests that train models and drive real DVC
	$(PYTEST) -m "slow and not e2e"

.PHONY: e2e
e2e: $(VENV)/.dev ## Execute the generated CI with act and gitlab-ci-local
	$(BIN)/python -m pytest -m e2e -p no:randomly

.PHONY: lint
lint: $(VENV)/.dev ## Check style, types, import contracts and our own workflows
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/zizmor --offline --persona=pedantic --quiet .github actions
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml

.PHONY: format
format: $(VENV)/.dev ## Put the code in its one form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: docs
docs: $(VENV)/.dev ## Write what the README's commands print into the README
	$(BIN)/python -m tests.support.console

.PHONY: golden
golden: $(VENV)/.dev ## Write the examples anew from their templates
	$(BIN)/python -m tests.golden

.PHONY: bench
bench: $(VENV)/.dev ## Measure against the peers, as ratios within one run
	$(BIN)/python -m tests.benchmarks

.PHONY: dist
dist: $(UV) ## Build the wheel and the source archive
	rm -rf dist
	$(BIN)/uv build --quiet

.PHONY: lock
lock: $(UV) ## Pin the newest dependencies, by hash
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--upgrade --extra demo -o demo.lock pyproject.toml
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--upgrade --extra demo --group test --group e2e --group lint -c demo.lock -o dev.lock pyproject.toml

.PHONY: clean
clean: ## Remove what make made
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .import_linter_cache .hypothesis

$(UV): .ci/uv.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "mlci needs Python 3.11 or newer: make PYTHON=python3.12 ...")'
	@$(PYTHON) -m venv $(VENV) || { echo "Python cannot make environments here; on Debian: apt install python3-venv" >&2; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .ci/uv.lock
	@touch $@

# One environment for both: the larger set contains the smaller, so a demo never takes tests away.
$(VENV)/.demo: $(UV) demo.lock pyproject.toml
	@test -e $(VENV)/.dev || $(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r demo.lock
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --no-deps --editable .
	@touch $@

$(VENV)/.dev: $(UV) dev.lock pyproject.toml
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r dev.lock
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --no-deps --editable .
	@touch $@
