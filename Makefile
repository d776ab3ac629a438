# Everything sets itself up: a .venv from requirements.lock through uv, then the target.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.synced
TOOLS := $(VENV)/.tools
UV := $(TOOLS)/bin/uv

.PHONY: setup demo test test-all lint lock clean

setup: $(STAMP)

# uv lives in a small environment of its own, so that syncing the lock never removes it.
$(UV):
	$(PYTHON) -m venv $(TOOLS)
	$(TOOLS)/bin/python -m pip install --quiet --disable-pip-version-check uv

$(STAMP): $(UV) requirements.lock pyproject.toml
	[ -x $(BIN)/python ] || $(UV) venv --quiet --allow-existing --python $(PYTHON) $(VENV)
	$(UV) pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock
	$(UV) pip install --quiet --python $(BIN)/python --no-deps -e .
	touch $(STAMP)

demo: setup
	$(BIN)/openada demo

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint
	$(BIN)/python -m pytest -n auto --dist loadfile -m "not slow"

test-all: lint
	$(BIN)/python -m pytest

# No index address is written into the lock, so that it installs from any mirror.
lock: $(UV)
	$(UV) pip compile pyproject.toml --extra dev --universal --generate-hashes --fork-strategy fewest \
		--python-version 3.11 --no-emit-index-url --no-annotate --quiet \
		--custom-compile-command "make lock" --output-file requirements.lock

clean:
	rm -rf $(VENV)
