# Every target sets itself up first: `make demo` and `make test` are all a newcomer needs.
.PHONY: demo test lint docs coverage clean
.DEFAULT_GOAL := help

BIN := .venv/bin
READY := .venv/ready
PHOTOGRAPHS := .photographs/ready

help:
	@echo 'make demo      put real photographs into a store, mount it and read one back'
	@echo 'make test      run the whole test suite'
	@echo 'make lint      ruff, mypy, import-linter, the documentation'
	@echo 'make docs      the documentation as a website, in site/'
	@echo 'make coverage  the test suite with a report of what it does not reach'
	@echo 'make clean     remove everything that these made'

$(READY): pyproject.toml tools/setup.sh
	@bash tools/setup.sh

$(PHOTOGRAPHS): tools/photographs.sh | $(READY)
	@bash tools/photographs.sh

demo: $(READY) $(PHOTOGRAPHS)
	@bash tools/demo.sh

test: $(READY) $(PHOTOGRAPHS)
	$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder --reruns 1

lint: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python tools/reference.py --check
	$(BIN)/mkdocs build --quiet --strict

docs: $(READY)
	$(BIN)/python tools/reference.py
	$(BIN)/mkdocs build --strict

coverage: $(READY) $(PHOTOGRAPHS)
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest
	$(BIN)/coverage combine -q
	$(BIN)/coverage report

clean:
	rm -rf .venv .photographs .demo site .coverage* .hypothesis .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
