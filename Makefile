# make demo    everything from nothing: environments, sample data, dataset_v9 and model_v9
# make ui      the Dagster UI; it prints its address (PORT=3005 chooses another port)
# make test    style, types and tests
# make test-postgres   the same on a real PostgreSQL; make test-bundle   hand-off in a fresh environment
# make test-look   see a wrong box, fix it in a browser, have it in the next dataset
# make test-datumaro   what is exported, read by another program
# make test-label-studio   the same by a real Label Studio, in an environment of its own (1 GB)
# make test-ray   features compared on a Ray cluster of two nodes, one of which dies
# make test-documents   every build that the documentation shows, as it is typed
# make docs    the documentation as pages, in data/docs; make example-reports   its examples anew
# make lock    versions and hashes anew; make audit   known faults of what is installed
# make attack  kills, full disks, damage and hostile files, counted (docs/reliability.md)
# make zero-calls   whom builds, UI, viewer and commands would call: nobody
# make bench   speed and memory, against peers and physical floors
# make prove-partial-labels   what masks and completed labels are worth, where the truth is known
SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
# Where it is set, each program that tests, bench or demo start would compile the package again.
unexport PYTHONDONTWRITEBYTECODE

BASE_PYTHON ?= $(shell for p in python3.11 python3.12 python3 python; do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info[:2] not in ((3,11),(3,12)))' \
	2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
# Two more than cores, as tests of whole runs wait for processes that start: of 3, 4 and 5, 4 took least.
TEST_PROCESSES ?= 4

HOME_ENV := DAGSTER_HOME="$(CURDIR)" PATH="$(CURDIR)/$(BIN):$$PATH"
DAGSTER_ENV := $(HOME_ENV) DAGSTER_MODULE_NAME=hoban_assets.definitions

.PHONY: help setup fastdup instance sample demo ui test test-postgres test-look test-datumaro test-label-studio test-bundle test-ray test-documents lint lock audit docs example-reports attack zero-calls bench prove-partial-labels clean-demo
help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

setup: .venv/ready .venv-fastdup/ready instance

# dev: all, with what tests need; server: what a server needs, with EXTRAS="ray postgres" or one of
# them more. By hash, so nothing but these very files is installed; a lock names all that is needed,
# and pip would look for gql[requests] beside the gql that it names.
LOCK ?= dev
EXTRAS ?=
LOCKS := $(LOCK:%=constraints/%.lock) $(EXTRAS:%=constraints/%.lock)
PIP_INSTALL := -m pip install --quiet --disable-pip-version-check

# Two makes in one fresh checkout would install into the same folder: the second waits, and finds it
# made. A shell that holds the lock and starts make again looks anew at what is there.
ALONE = mkdir -p .make; exec 9>.make/lock; flock --nonblock 9 || { \
	echo "another make is at work in this checkout; waiting for it / 다른 make가 끝나기를 기다립니다"; flock 9; };

ifdef IS_ALONE
.venv/ready: constraints/build.lock $(LOCKS) pyproject.toml
	@test -n "$(BASE_PYTHON)" || { echo "Python 3.11 or 3.12 with venv is needed: apt install python3.11-venv, or set BASE_PYTHON=/path/to/python3.11"; exit 1; }
	@echo "making .venv (about 6 GB with PyTorch, some minutes)"
	test -x $(BIN)/python || $(BASE_PYTHON) -m venv .venv
	@$(BIN)/python $(PIP_INSTALL) --no-deps --require-hashes -r constraints/build.lock
	@$(BIN)/python $(PIP_INSTALL) --no-deps --require-hashes $(LOCKS:%=-r %)
	@PYTHONWARNINGS=ignore $(BIN)/python $(PIP_INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

.venv-fastdup/ready: constraints/build.lock constraints/fastdup.lock
	@echo "making .venv-fastdup"
	test -x .venv-fastdup/bin/python || $(BASE_PYTHON) -m venv .venv-fastdup
	.venv-fastdup/bin/python $(PIP_INSTALL) --no-deps --require-hashes -r constraints/build.lock
	.venv-fastdup/bin/python $(PIP_INSTALL) --no-deps --require-hashes -r constraints/fastdup.lock
	@touch $@
else
.venv/ready: constraints/build.lock $(LOCKS) pyproject.toml
	@$(ALONE) $(MAKE) --silent $@ IS_ALONE=1
.venv-fastdup/ready: constraints/build.lock constraints/fastdup.lock
	@$(ALONE) $(MAKE) --silent $@ IS_ALONE=1
endif
fastdup: .venv-fastdup/ready

# Exact versions (constraints/*.txt) with the hashes of their files, for Linux on x86-64 and aarch64
# and Python 3.11 and 3.12. fastdup is made for x86-64 alone. No address of an index gets into them.
UV := .venv-lock/bin/uv pip compile --quiet --python-version 3.11 --generate-hashes --no-annotate \
	--no-header --no-emit-index-url --no-emit-find-links
# What an extra adds to a server.
MORE = $(UV) --universal pyproject.toml -c constraints/platform.txt \
	$(shell sed -n 's/^\([A-Za-z0-9_.-]*\)==.*/--no-emit-package \1/p' constraints/server.lock)
.venv-lock/ready: constraints/tools.lock
	test -x .venv-lock/bin/python || $(BASE_PYTHON) -m venv .venv-lock
	.venv-lock/bin/python $(PIP_INSTALL) --no-deps --require-hashes -r constraints/tools.lock
	@touch $@

lock: .venv-lock/ready
	$(UV) --universal constraints/build.txt -o constraints/build.lock
	$(UV) --universal constraints/tools.txt -o constraints/tools.lock
	$(UV) --universal pyproject.toml --extra dev -c constraints/platform.txt -o constraints/dev.lock
	$(UV) --universal pyproject.toml -c constraints/platform.txt -o constraints/server.lock
	$(MORE) --extra ray -o constraints/ray.lock
	$(MORE) --extra postgres -o constraints/postgres.lock
	$(subst 3.11,3.11.5,$(MORE)) --extra docs -c constraints/docs.txt -o constraints/docs.lock
	printf 'fastdup\ndagster-pipes\n' | $(UV) --no-config --python-platform x86_64-manylinux_2_31 - \
		-c constraints/fastdup.txt -o constraints/fastdup.lock
	echo datumaro | $(UV) --universal - -c constraints/peers/bench.txt -o constraints/peers/bench.lock
	echo label-studio | $(UV) --universal - -c constraints/peers/label-studio.txt \
		-o constraints/peers/label-studio.lock

# Asks a public list of known faults; without a network, constraints/audit.json is its last answer.
audit: .venv-lock/ready
	.venv-lock/bin/python constraints/audit.py $(AUDIT)

# Two commands at once on a fresh DAGSTER_HOME race while they create its tables.
instance: .venv/ready
	@$(ALONE) $(DAGSTER_ENV) $(BIN)/python -c 'import dagster; dagster.DagsterInstance.get().get_runs(limit=1)'

sample: .venv/ready
	@if [ -e data/raw ] && [ ! -e data/raw/defects.json ]; then \
		echo "data/raw holds data of your own, so the sample is not written there."; \
		echo "To build from it: . ./env.sh; hoban build v9 --model"; exit 1; fi
	@test -e data/raw/defects.json || $(BIN)/hoban sample-data data/raw

demo: setup sample
	@$(DAGSTER_ENV) $(BIN)/hoban build v9 --model
	@echo
	@$(DAGSTER_ENV) $(BIN)/hoban summary v9 --partition sub
	@echo; echo "make ui   (보기 / look at it)"

ui: setup
	@$(HOME_ENV) $(BIN)/hoban ui $(if $(PORT),--port $(PORT))

lint: .venv/ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: setup lint
	$(DAGSTER_ENV) $(BIN)/python -m pytest -n $(TEST_PROCESSES) --dist loadgroup --no-loadscope-reorder

# Heavier than CI may be: a database server of its own; an environment of its own (6 GB).
test-postgres: setup
	$(DAGSTER_ENV) HOBAN_HEAVY=postgres $(BIN)/python -m pytest -rs hoban_assets_tests/heavy/test_postgres.py

test-look: setup
	$(DAGSTER_ENV) HOBAN_HEAVY=look $(BIN)/python -m pytest -rs hoban_assets_tests/heavy/test_look_and_fix.py

test-datumaro: setup .venv-bench/ready
	$(DAGSTER_ENV) $(BIN)/python -m pytest -rs hoban_assets_tests/heavy/test_datumaro_reads.py

.venv-bench/ready: constraints/build.lock constraints/peers/bench.lock
	test -x .venv-bench/bin/python || $(BASE_PYTHON) -m venv .venv-bench
	.venv-bench/bin/python $(PIP_INSTALL) --no-deps --require-hashes -r constraints/build.lock
	.venv-bench/bin/python $(PIP_INSTALL) --no-deps --require-hashes -r constraints/peers/bench.lock
	@touch $@

test-label-studio: setup .venv-label-studio/ready
	$(DAGSTER_ENV) HOBAN_HEAVY=label-studio $(BIN)/python -m pytest -rs hoban_assets_tests/heavy/test_label_studio.py

.venv-label-studio/ready: constraints/build.lock constraints/peers/label-studio.lock
	@echo "making .venv-label-studio (about 1 GB)"
	test -x .venv-label-studio/bin/python || $(BASE_PYTHON) -m venv .venv-label-studio
	.venv-label-studio/bin/python $(PIP_INSTALL) --no-deps --require-hashes -r constraints/build.lock
	.venv-label-studio/bin/python $(PIP_INSTALL) --no-deps --require-hashes \
		-r constraints/peers/label-studio.lock
	@touch $@

test-bundle: setup
	$(DAGSTER_ENV) HOBAN_HEAVY=bundle $(BIN)/python -m pytest -rs hoban_assets_tests/heavy/test_bundle_fresh_environment.py

test-ray: setup
	$(DAGSTER_ENV) HOBAN_HEAVY=ray $(BIN)/python -m pytest -rs hoban_assets_tests/heavy/test_pairs_on_ray.py

test-documents: setup
	$(DAGSTER_ENV) HOBAN_HEAVY=documents $(BIN)/python -m pytest hoban_assets_tests/docs/test_documented_commands.py

docs: .venv/ready
	@$(BIN)/python $(PIP_INSTALL) --no-deps --require-hashes -r constraints/docs.lock
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "open data/docs/cheat-sheet.html"

# Of what lies below HOBAN_DATA_ROOT: v7, v8 and v9 with their models, sub.
example-reports: .venv/ready
	$(DAGSTER_ENV) $(BIN)/python docs/example-reports/write.py

attack: setup
	$(DAGSTER_ENV) $(BIN)/python -m attack --size $(or $(SIZE),60) --write

zero-calls: setup
	$(DAGSTER_ENV) $(BIN)/python -m attack --only calls --write

bench: setup
	$(DAGSTER_ENV) $(BIN)/python -m benchmarks $(BENCH)

# About 40 minutes on two idle cores; PROOF=--quick: one seed, about 10. Goes on where it was stopped.
prove-partial-labels: setup
	$(DAGSTER_ENV) $(BIN)/python -m benchmarks.prove_partial_labels $(PROOF)

clean-demo:
	@test -e data/raw/defects.json || { echo "data/raw is not the sample: nothing removed"; exit 1; }
	rm -rf data
