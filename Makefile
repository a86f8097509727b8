# Two commands: `make site` builds the website, `make test` checks everything.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
EXTRAS := lab cluster test
CORES = $$($(BIN)/python -c 'import os; print(os.cpu_count())')
# Slow tests often wait for processes that they started: one worker more than there are cores keeps these busy.
WORKERS = $$($(BIN)/python -c 'import os; print(os.cpu_count() + 1)')
# Where Python may not keep what it compiled, each of the hundreds of processes of a build compiles it again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help environment site check test suite lab bench lock lint clean

help: ## say what there is
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

environment: $(STAMP) ## create .venv with the locked packages

site: $(STAMP) ## run what is stale and render _site/
	@$(BIN)/reshoring site

check: $(STAMP) ## style, types and the quick tests, for the moment between two edits
	@$(MAKE) --no-print-directory -j 2 lint quick

test: $(STAMP) ## check style and types beside the whole test suite
	@$(MAKE) --no-print-directory -j 2 lint suite

quick: $(STAMP)
	@$(BIN)/python -m pytest -q -n "$(CORES)" --dist loadgroup -m "not slow" tests

suite: $(STAMP)
	@$(BIN)/python -m pytest -n "$(WORKERS)" --dist loadgroup tests

# Cell ids are names here, so the filter keeps them; what an editor says of its Python changes with every machine.
STRIP := $(BIN)/nbstripout --keep-id --extra-keys "$(addprefix metadata.language_info.,codemirror_mode file_extension \
  mimetype nbconvert_exporter pygments_lexer version)"

lab: $(STAMP) ## open JupyterLab on the start notebook
	@$(BIN)/python -m ipykernel install --sys-prefix --name python3 --display-name "Python 3" >/dev/null
	@test ! -e .git || git config filter.nbstripout.clean '$(STRIP)'
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/jupyter lab --notebook-dir . notebooks/start.ipynb

bench: $(STAMP) ## run the benchmarks, write build/benchmarks.json
	@$(BIN)/python -m benchmarks

lint: $(STAMP) ## style and types
	@$(BIN)/ruff check src tests benchmarks
	@$(BIN)/mypy

# Hashes, but no index address: the lock serves behind any mirror.
lock: ## resolve the dependencies again (needs uv on PATH)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-emit-find-links --no-header --no-annotate $(EXTRAS:%=--extra %) pyproject.toml -o requirements.lock

clean: ## remove what was generated
	rm -rf build _site

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if v >= (3, 11) else "Python 3.11 or newer is needed; this is %d.%d. Say which one to use: make PYTHON=python3.12 site" % v[:2])'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the locked dependencies into $(VENV) (a few minutes, once)"
	@# As constraints, pins hold for packages that are asked for with an extra too, of which older pips take the newest.
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock -c requirements.lock
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $(STAMP)
