# Two commands for a newcomer: `make demo` and `make test`. Each makes its own .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test test-fast kernels check bench monitoring clean lock

$(VENV)/.installed: pyproject.toml constraints.txt
	@echo "Making $(VENV): a minute or two, once."
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@

demo: $(VENV)/.installed
	$(BIN)/riskd demo

# A file's tests stay in one process, which shares what they play. tests/schedule.py has the longest files first, and
# more workers than cores, because tests on Kafka wait for time; kernels are compiled before, once for all workers.
SIDE_BY_SIDE := --numprocesses auto --dist loadfile --no-loadscope-reorder

test: kernels
	$(BIN)/python -m pytest $(SIDE_BY_SIDE)

test-fast: kernels
	$(BIN)/python -m pytest -m 'not kafka and not long' $(SIDE_BY_SIDE)

kernels: $(VENV)/.installed
	@$(BIN)/python -m tests.warm

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
