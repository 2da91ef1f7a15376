# Everything runs in .venv of this checkout, which these targets create. `make help` lists them; ARGS=… is handed
# on, as in `make test ARGS='-k affect'`.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin

# The first Python that is new enough; `make PYTHON=/path/to/python3` overrides.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)

# faiss-cpu and faiss-gpu install the same folder, so exactly one of them is taken: gpu where an NVIDIA driver answers.
ACCELERATOR ?= $(shell nvidia-smi -L >/dev/null 2>&1 && echo gpu || echo cpu)

# On Linux the default build of torch needs gigabytes of CUDA libraries (and does not import without them), so a machine
# without a driver asks for the CPU build by its version. TORCH_INDEX names a package index to take it from, when pip's own
# sources have none; TORCH=torch==… overrides the choice.
TORCH_VERSION := $(shell sed -n 's/^torch==//p' constraints.txt)
TORCH_INDEX ?=
TORCH ?= torch==$(TORCH_VERSION)$(if $(and $(filter cpu,$(ACCELERATOR)),$(filter Linux,$(shell uname -s))),+cpu)

PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input --quiet --quiet
PIP_INSTALL := $(PIP) install --constraint constraints.txt

SERVING := $(VENV)/.serving-$(ACCELERATOR)
DEVELOPING := $(VENV)/.developing-$(ACCELERATOR)

##@ Using it
.PHONY: demo
demo: $(SERVING) ## talk to Emojuke in the terminal (or pipe lines into it)
	@$(BIN)/emojuke chat

.PHONY: install
install: $(SERVING) ## only install what serving needs

##@ Working on it
.PHONY: test
test: $(DEVELOPING) ## run all tests
	@$(BIN)/python -m pytest $(ARGS)

.PHONY: lint
lint: $(DEVELOPING) ## ruff and mypy over everything
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

.PHONY: bench
bench: $(DEVELOPING) ## speed, memory and growth, each beside its floor
	@$(BIN)/python -m benchmarks $(ARGS)

.PHONY: eval
eval: $(DEVELOPING) ## recompute docs/results.md from the labelled data (EMOJUKE_DATA)
	@$(BIN)/emojuke eval $(ARGS)

.PHONY: develop
develop: $(DEVELOPING) ## install everything, with the pre-commit hook
	@$(BIN)/pre-commit install

.PHONY: clean
clean: ## remove .venv, caches and build products; your songs are elsewhere and stay
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: help
help: ## this list
	@awk 'BEGIN { FS = ":.*## " } /^##@/ { printf "\n%s\n", substr($$0, 5) } /^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

# A stamp file is written last, so an interrupted installation is taken up again and a finished one needs no network.
$(SERVING): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Emojuke needs Python 3.11 or newer; install it or name it: make PYTHON=/path/to/python3." >&2; exit 1; }
	@echo "Setting up $(VENV) ($(ACCELERATOR)); this takes a few minutes, once." >&2
	@ls $(VENV)/.serving-* 2>/dev/null | grep -qv -- '-$(ACCELERATOR)$$' && rm -rf $(VENV) || true
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { \
		echo "$(PYTHON) cannot make a virtual environment; on Debian and Ubuntu install the package python3-venv." >&2; exit 1; }
	@$(PIP_INSTALL) setuptools
	@$(PIP_INSTALL) --no-deps $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) "$(TORCH)" || { \
		echo "pip found no $(TORCH). If this machine is online, name a package index that has it (PyTorch's installation" >&2; \
		echo "page shows its address for Linux, Pip, CPU): make $(MAKECMDGOALS) TORCH_INDEX=<address>; or take the default build" >&2; \
		echo "and its gigabytes of CUDA libraries: make $(MAKECMDGOALS) TORCH=torch==$(TORCH_VERSION)." >&2; exit 1; }
	@$(PIP_INSTALL) --no-build-isolation --editable ".[$(ACCELERATOR)]"
	@touch $@

$(DEVELOPING): $(SERVING)
	@echo "Adding what tests, training and development need." >&2
	@$(PIP_INSTALL) --no-build-isolation --editable ".[$(ACCELERATOR),test,train,dev]"
	@touch $@
