# The whole of it needs git, make, python3 and python3-venv; everything else is installed below .venv.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.synced
SOURCES := src tests $(wildcard bench scripts)
TEMPLATES := src/yanzhen/faces
QUIET_SETTINGS := DJANGO_SETTINGS_MODULE=yanzhen.config.settings YANZHEN_SECRET_KEY=check PYTHONWARNINGS=ignore

.DEFAULT_GOAL := help
.PHONY: help env demo test check bench docs fmt lock clean

help:
	@sed -n 's/^\([a-z]*\):.*  ## /\1\t/p' Makefile

env: $(STAMP)  ## the environment, from hashed requirements

$(STAMP): requirements/uv.txt requirements/dev.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	VIRTUAL_ENV=$(CURDIR)/.venv $(BIN)/uv pip sync --quiet --require-hashes requirements/dev.txt
	VIRTUAL_ENV=$(CURDIR)/.venv $(BIN)/uv pip install --quiet --no-deps --editable .
	touch $@

demo: env  ## a province on this machine: prints the address and the accounts; Ctrl-C stops it all
	$(BIN)/yanzhen demo

test: env  ## every test against a real PostgreSQL; browser tests where a Chromium is found
	$(BIN)/python -m pytest --numprocesses=2 --dist=loadgroup

check: env  ## style, types, floors, templates, migrations
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djlint $(TEMPLATES) --check --lint --quiet
	$(QUIET_SETTINGS) $(BIN)/django-admin makemigrations --check --dry-run
	$(BIN)/towncrier build --draft --version next >/dev/null

bench: env  ## figures, each beside its baseline in the same run
	$(BIN)/python -m bench

docs: env  ## the pages that are generated from the declarations
	$(BIN)/python scripts/docs.py
	$(BIN)/python scripts/messages.py

fmt: env  ## mend style where it can be done by itself
	$(BIN)/ruff check --fix $(SOURCES)
	$(BIN)/ruff format $(SOURCES)
	$(BIN)/djlint $(TEMPLATES) --reformat --quiet || true

lock: env  ## resolve the dependencies anew
	$(BIN)/uv pip compile --universal --generate-hashes --upgrade --quiet --no-header pyproject.toml --output-file requirements/base.txt
	$(BIN)/uv pip compile --universal --generate-hashes --upgrade --quiet --no-header pyproject.toml --group dev --output-file requirements/dev.txt

clean:  ## remove the environment and the caches
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
