# Two commands on a fresh machine: `make train`, `make test`. WORKSPACE=... points at real data,
# ENCODER=... names another encoder than its prefml.toml.
PYTHON ?= python3
WORKSPACE ?= sample
ARTIFACTS ?= artifacts
# What pytest is told; by default all tests, on every core.
TESTS ?= -n logical --dist loadfile
VENV := .venv
export OMP_WAIT_POLICY ?= passive
export OPENBLAS_NUM_THREADS ?= 1
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet -c constraints.txt
PREFML := $(BIN)/prefml --workspace "$(WORKSPACE)" --artifacts "$(ARTIFACTS)"
BASE := $(VENV)/.base
ALL := $(VENV)/.full
NETS := $(VENV)/.nets

# The page's JavaScript is checked where node and npm are; who uses the page needs neither.
NODE := $(and $(shell command -v node 2>/dev/null),$(shell command -v npm 2>/dev/null))
NPM := node_modules/.package-lock.json
JS := $(if $(NODE),$(NPM))
NO_NODE := @echo "skipped: the page's JavaScript, because there is no node with npm"

OLD := .venv-min
OLD_PYTHON ?= python3.11
CORE := tests/ranking tests/cropping tests/decisions tests/features tests/sidecars tests/imaging \
	tests/test_boxes.py tests/models/test_store.py tests/models/test_exported.py tests/test_files.py tests/workspace \
	tests/cli/test_app.py tests/cli/test_train.py tests/cli/test_rank.py tests/cli/test_crop.py

.PHONY: help install train evaluate test test-js coverage test-min lint lint-js bench review docs \
	reliability mutants release clean
help: ## List the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/'

$(VENV)/pyvenv.cfg:
	$(PYTHON) -m venv $(VENV)

$(BASE): $(VENV)/pyvenv.cfg pyproject.toml constraints.txt
	$(PIP) -e '.[review]'
	touch $@

$(ALL): $(BASE)
	$(PIP) -e '.[clip,formats,review,scale,bench,docs,dev]'
	touch $@

$(NETS): $(BASE)
	$(PIP) -e '.[clip,review]'
	touch $@

# npm writes it last.
$(NPM): package.json package-lock.json
	npm ci --silent

install: $(BASE) ## Create .venv and install prefml without torch

sample/prefml.toml: | $(BASE)
	$(BIN)/prefml sample sample

# The sample is written only when no other workspace is named.
ifeq ($(WORKSPACE),sample)
SAMPLE := sample/prefml.toml
endif

train: $(BASE) $(SAMPLE) ## Ingest, embed and train both models
	$(PREFML) ingest
	$(PREFML) embed $(if $(ENCODER),--encoder "$(ENCODER)")
	$(PREFML) train

# NEURAL=1 installs torch and takes the neural nets in.
evaluate: $(if $(NEURAL),$(NETS),$(BASE)) $(SAMPLE) ## Cross-validate by project: metrics.json and report.html
	$(PREFML) evaluate

review: $(BASE) $(SAMPLE) ## Suggest for new pictures and open the review page
	$(PREFML) suggest
	$(PREFML) review

test: $(ALL) test-js ## Run every test, with torch
	$(BIN)/python -m pytest $(TESTS)

test-js: $(if $(JS),$(BASE) $(JS)) ## Run the unit tests of the page
	$(if $(NODE),PYTHON=$(BIN)/python npm run --silent test,$(NO_NODE))

coverage: $(ALL) ## Run every test and fail where they take fewer than 98 % of the branches
	$(BIN)/python benchmarks/branches.py

# Warnings of old libraries about each other are not ours to mend.
test-min: ## Run the core tests with the oldest versions that are allowed, on Python 3.11
	$(OLD_PYTHON) -m venv $(OLD)
	$(OLD)/bin/python -m pip --disable-pip-version-check install --quiet -c constraints-min.txt \
		-e '.[review]' hypothesis pytest pytest-xdist
	$(OLD)/bin/python -m pytest -q -n 2 --dist loadfile -o filterwarnings=default \
		-m "not slow and not torch and not browser and not shared" $(CORE)

lint-js: $(JS) ## Types and faults of the page's JavaScript
	$(if $(NODE),npm run --silent lint,$(NO_NODE))

lint: $(ALL) lint-js ## Style, types and the arrows between the rooms
	$(BIN)/ruff check prefml tests benchmarks examples docs .ci
	$(BIN)/ruff format --check prefml tests benchmarks examples docs .ci
	$(BIN)/mypy

# FULL=1 is what the documents quote and takes hours; BENCH="rank crop" runs these alone.
bench: $(ALL) ## Every benchmark, quick unless FULL=1: benchmarks/results/*.json and the tables
	$(BIN)/python benchmarks/run.py $(BENCH) $(if $(filter-out sample,$(WORKSPACE)),--workspace "$(WORKSPACE)") $(if $(FULL),--full)

docs: $(ALL) ## Build the documentation into build/site, strictly
	$(BIN)/zensical build --clean --strict

reliability: $(ALL) ## Attack readers, disks, processes and the review: docs/reliability.md
	$(BIN)/python benchmarks/reliability.py

# GO_ON=1 takes up a run that was interrupted, ENDING=5 tries a tenth.
mutants: $(ALL) ## Change the code in small ways, count what the tests notice: docs/reliability.md
	$(BIN)/python benchmarks/mutants.py $(if $(GO_ON),--go-on) $(if $(ENDING),--ending $(ENDING))

# Lints, tests and builds the documents first; it uploads and pushes nothing.
release: lint test docs ## Build, check and tag the version of prefml/_version.py
	$(BIN)/python .ci/release.py

clean: ## Remove what make wrote; logs, pictures and real workspaces stay
	rm -rf sample build dist mutants artifacts/*.joblib artifacts/*.json artifacts/*.html
