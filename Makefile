# Two commands: `make run` and `make test`. Everything they need lands in .venv, .node and data.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
NODE_BIN := $(CURDIR)/.node/bin
export PATH := $(NODE_BIN):$(PATH)

.PHONY: run setup test lint types lock clean

run: setup
	@$(BIN)/shopcast demo

setup: $(READY) web/dist/index.html

$(READY): requirements.lock pyproject.toml
	@deploy/setup-python.sh "$(PYTHON)" "$(VENV)"
	@touch $@

web/dist/index.html: $(READY) web/package-lock.json $(shell find web/src web/public web/index.html web/vite.config.ts -type f ! -name generated.d.ts 2>/dev/null)
	@deploy/setup-web.sh "$(VENV)" "$(NODE_BIN)"
	@touch $@

test: setup
	@deploy/setup-tests.sh "$(VENV)"
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy
	cd web && npm run --silent lint && npm test --silent
	$(BIN)/pytest

lock:
	$(BIN)/uv pip compile pyproject.toml --universal --extra models --extra dev --no-emit-index-url \
	  --no-annotate --no-header --quiet --output-file requirements.lock

clean:
	rm -rf $(VENV) .node web/node_modules web/dist
