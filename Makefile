# The one vocabulary of tasks, for people, hooks and CI. `make night` and `make test` set up whatever is missing.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
REMOTE := $(VENV)/.remote
RAY := $(VENV)/.ray
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: help setup remote ray night day test test-ray types ui bench bench-eight bench-full bench-squad bench-speed bench-gpu bench-ingest bench-corrections bench-depot bench-files bench-kinds bench-tenants bench-load bench-scaling gate-demo attack lint clean
.DEFAULT_GOAL := help

help: ## list the tasks
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: $(READY) ## virtual environment with pinned dependencies, the embedded model and what it knows (done once)
	@$(BIN)/slumber setup --examine

# The stamp is written last: a set-up that was cut off starts over its unfinished part, a finished one is a no-op.
# Everything is pinned with its hash. The last line finds nothing left to fetch but the CUDA libraries that torch asks for,
# where it is not the CPU build; `-e`, so that the environment runs this checkout and never a copy of it.
$(READY): pyproject.toml constraints.txt constraints-cpu.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11"; exit 2; }
	@test -x $(BIN)/pip || { echo "Creating $(VENV) ..."; $(PYTHON) -m venv --clear $(VENV); }
	@echo "Installing pinned dependencies (about 3 minutes) ..."
	@$(PIP) --require-hashes --no-deps -r constraints-cpu.txt 2>/dev/null || echo "No CPU build of torch is at hand: taking the package index's own build."
	@$(PIP) --require-hashes --no-deps -r constraints.txt
	@$(PIP) --no-build-isolation -e '.[test,dev,bench,suites,office]'
	@touch $@

$(REMOTE): $(READY) constraints-remote.txt constraints-deploy.txt
	@$(PIP) --require-hashes --no-deps -r constraints-remote.txt -r constraints-deploy.txt
	@$(PIP) --no-build-isolation -e '.[remote,remote-test,deploy-test]'
	@touch $@

remote: $(REMOTE) ## libraries for state in Postgres and S3 (docs/scale.md), and for the tests of it and of deploy/

$(RAY): $(READY) constraints-ray.txt
	@$(PIP) --require-hashes --no-deps -r constraints-ray.txt
	@$(PIP) --no-build-isolation -e '.[ray]'
	@touch $@

ray: $(RAY) ## Ray, for nights on a cluster (docs/scale.md)

night: setup ## one real night on the demo inbox, about 9 minutes on 2 cores
	@$(BIN)/slumber night

test: $(READY) $(REMOTE) ## the whole test suite, 15 to 25 minutes on 2 cores
	@$(BIN)/slumber setup
	@$(BIN)/python -m pytest -q

test-ray: $(RAY) ## the tests on a Ray cluster of two nodes on this machine, 7 minutes and more; not part of `make test`
	@SLUMBER_RAY=1 $(BIN)/python -m pytest -q -n 0 tests/ray

ui: $(READY) ## Dagster and MLflow on loopback, on the state of the nights run here
	@$(BIN)/slumber ui

bench: $(READY) ## two nights of the stream, five arms, meant for half an hour on 2 cores (figures in .bench/stream)
	@$(BIN)/python -m bench stream --preset quick

bench-eight: $(READY) ## all eight nights, five arms, meant for an hour and a half on 2 cores
	@$(BIN)/python -m bench stream --preset eight --out .bench/eight

bench-full: $(READY) ## all eight nights, all arms, joint training and TRL among them: leave it overnight
	@$(BIN)/python -m bench stream --preset full --out .bench/eight

bench-squad: $(READY) ## SQuAD in SEAL's layout: make bench-squad FILE=/path/to/squad.json
	@test -n "$(FILE)" || { echo "Name the file: make bench-squad FILE=/path/to/squad.json"; exit 2; }
	@$(BIN)/python -m bench squad "$(FILE)"

bench-speed: $(READY) ## training against TRL's SFTTrainer, dreaming against a plain generate loop, in one run
	@$(BIN)/python -m bench speed

bench-gpu: $(READY) ## models of the shapes of Llama 1B and Qwen3 8B, random weights: training, dreaming, verdicts (a GPU; ten minutes)
	@$(BIN)/python -m bench gpu

bench-ingest: $(READY) ## ingest and validate a thousand to a million records, 5 % of them new (an hour or more, 3 GB of disk)
	@$(BIN)/python -m bench ingest --sizes 1000,10000,100000,1000000

bench-corrections: $(READY) ## fifty corrections over eight nights, all arms, three seeds: leave it overnight
	@$(BIN)/python -m bench corrections --seeds 3

bench-depot: $(READY) ## an agent acts in an invented depot over eight nights, eight arms, one seed: leave it overnight
	@$(BIN)/python -m bench depot

bench-files: $(READY) ## principles that gold paths of BFCL's file system make, and what they say of tasks not seen (no model)
	@$(BIN)/python -m bench files

bench-kinds: $(READY) ## demonstrations and preferences alone, in one night, and with TRL's two trainers
	@$(BIN)/python -m bench kinds

bench-tenants: $(READY) ## what 1 to 100 tenants of the tiny model cost: disk, nights, registry, server
	@$(BIN)/python -m bench tenants --counts 1,10,100

bench-load: $(READY) ## the server over two swaps, beside `transformers serve`, and beside a night that trains (half an hour)
	@$(BIN)/python -m bench load

bench-scaling: $(READY) ## what nights of 10^4, 10^6 and 10^8 documents come to, on paper, from units measured here (minutes)
	@$(BIN)/python -m bench scaling

gate-demo: $(READY) ## good, forgetful, lazy, subtly harmful, tampered: candidates walk through the gate (tiny model, minutes)
	@$(BIN)/python -m bench gate

DAYS ?= 1
day: setup ## a day of talk, a night, and what the next morning knows, beside yesterday (DAYS=2: a second day)
	@$(BIN)/python -m bench day --days $(DAYS)

attack: $(READY) ## attacks on a night of the tiny model: attempted and held, in a table (minutes)
	@$(BIN)/python -m bench attack

lint: $(READY) ## ruff and the import rules
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/lint-imports

types: $(READY) ## mypy on all packages
	@$(BIN)/mypy

clean: ## remove the environment (never the nights' state)
	rm -rf $(VENV)
