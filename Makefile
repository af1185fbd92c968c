# Two commands for a newcomer: `make demo` and `make test`. Each makes its own .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test test-fast check bench monitoring clean lock

$(VENV)/.installed: pyproject.toml constraints.txt
	@echo "Making $(VENV): a minute or two, once."
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@

demo: $(VENV)/.installed
	$(BIN)/riskd demo

# A file's tests stay in one process, which shares what they play; the broker's tests come after them, because they wait for time.
SIDE_BY_SIDE := --numprocesses auto --maxprocesses 4 --dist loadfile

test: $(VENV)/.installed
	$(BIN)/python -m pytest -m 'not kafka' $(SIDE_BY_SIDE)
	$(BIN)/python -m pytest -m kafka --numprocesses 2 --dist loadfile

test-fast: $(VENV)/.installed
	$(BIN)/python -m pytest -m 'not kafka and not long' $(SIDE_BY_SIDE)

check: $(VENV)/.installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.installed
	$(BIN)/python -m tests.benchmarks

monitoring: $(VENV)/.installed # dashboards and alert rules for a configuration: make monitoring CONFIG=mine.yaml OUT=out/mine
	$(BIN)/python -m deploy.monitoring --config $(or $(CONFIG),deploy/riskd.yaml) --out $(or $(OUT),deploy)

lock: $(VENV)/.installed # pins what is installed now; no index address is written
	$(BIN)/python -m pip freeze --exclude-editable > constraints.txt

clean:
	rm -rf $(VENV) out
