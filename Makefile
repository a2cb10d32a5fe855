# `make run` starts everything on this machine; `make test` proves it. Both make themselves ready first.

PORT ?= 8000
INSTANCE ?= instance
ARGS ?=
# Two tests at a time where all are run; one where some are asked for, which begin sooner so.
PROCESSES ?= $(if $(ARGS),0,2)
BIN := .venv/bin

ifndef PYTHON
PYTHON := $(shell for name in python3.11 python3 python3.12 python3.13 python3.14 python; do \
	$$name -c 'import sys; sys.version_info >= (3, 11) or sys.exit(1); print(sys.executable)' 2>/dev/null && break; \
	done)
endif

.PHONY: help run test soak check bench messages clean ready ready-with-tools python

help:
	@echo "make run       start DoctApp on http://127.0.0.1:$(PORT)   (PORT=8123 INSTANCE=folder ARGS=--no-seed)"
	@echo "make test      every test                            (ARGS='tests/desk -k lock')"
	@echo "make check     style, types, templates, translations, migrations"
	@echo "make bench     the figures of benchmarks/RESULTS.md"
	@echo "make soak      the long tests"
	@echo "make messages  collect the texts to translate"
	@echo "make clean     remove what was made, the database in instance/ excepted"

run: ready
	@exec $(BIN)/python -m doctapp --port "$(PORT)" --instance "$(INSTANCE)" $(ARGS)

test: ready-with-tools
	$(BIN)/pytest -n $(PROCESSES) --dist loadscope --no-loadscope-reorder $(ARGS)

soak: ready-with-tools
	$(BIN)/pytest -m soak $(ARGS)

check: ready-with-tools
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy doctapp
	$(BIN)/djlint --lint --profile=jinja --quiet templates
	$(BIN)/python tools/catalogue.py
	$(BIN)/python tools/one_head.py

bench: ready-with-tools
	$(BIN)/python -m benchmarks $(ARGS)

messages: ready-with-tools
	$(BIN)/python tools/catalogue.py update $(ARGS)

clean:
	rm -rf .venv node_modules static/vendor static/dist .pytest_cache .mypy_cache .ruff_cache .hypothesis test-results
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	find doctapp -name '*.mo' -exec rm -f {} +

ready: python
	@$(PYTHON) tools/set_up.py

ready-with-tools: python
	@$(PYTHON) tools/set_up.py --tools

python:
	@if [ -z "$(PYTHON)" ]; then \
		echo "DoctApp needs Python 3.11 or newer, and none was found. Install it and start again:"; \
		echo "    sudo apt-get install python3 python3-venv        (Debian 12, Ubuntu 24.04 or newer)"; \
		exit 1; \
	fi >&2
