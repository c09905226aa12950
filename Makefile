# Everything sets itself up first, as far as it is not: see .ci/prepare.
PYTHON := .venv/bin/python
GEOREP := .venv/bin/georep
PREPARE := @.ci/prepare
# Two workers have a lab each, one after the other; a third one does the rest, then has labs, too.
BESIDE := -n 3 --dist loadgroup --no-loadscope-reorder
BY_TWO := -n 2 --dist loadfile

.DEFAULT_GOAL := help
.PHONY: help venv check lint unit test demo bench bench-page soak lab-up lab-down docs screenshots clean

help: ## say what there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

demo: ## replicate one GlusterFS volume to another on this machine, and watch; needs root
	$(PREPARE) lab
	@if [ -t 0 ] && [ -t 1 ]; then $(GEOREP) demo; else $(GEOREP) demo --no-tui --seconds 30; fi

check: lint unit ## format, lint, types, imports and the tests that need no lab

test: ## every test, those in the lab too; without root those are skipped
	$(PREPARE) lab
	@$(PYTHON) -m pytest $(BESIDE) $(ARGS)

lint: ## format, lint, types and imports alone
	$(PREPARE)
	@.venv/bin/ruff format --check --quiet .
	@.venv/bin/ruff check --quiet .
	@$(PYTHON) -m mypy
	@.venv/bin/lint-imports --no-logo 2>/dev/null

unit: ## the tests that need no lab, alone
	$(PREPARE)
	@$(PYTHON) -m pytest -q -m "not lab" $(BY_TWO) $(ARGS)

lab-up: ## make two GlusterFS sites on this machine, to play with; needs root
	$(PREPARE) lab
	@$(GEOREP) lab up

lab-down: ## remove them
	$(PREPARE)
	@$(GEOREP) lab down

bench: ## measure against gsyncd, tar and rsync: ONLY=delay,backlog ROUNDS=1 SCALE=0.1; needs root
	$(PREPARE) lab
	@PYTHONPATH=tests $(PYTHON) -m bench --only "$(ONLY)" --rivals "$(RIVALS)" \
		--rounds "$(or $(ROUNDS),3)" --scale "$(or $(SCALE),1)"

bench-page: ## publish what `make bench` measured last, in docs/benchmarks.md
	@[ -e build/bench.json ] || { echo "Nothing was measured yet. Run: make bench" >&2; exit 1; }
	@cp build/bench.json docs/benchmarks.json
	@$(MAKE) --no-print-directory docs

soak: ## see what the console costs under load: ARGS="--rate 10000 --minutes 5", ARGS="--days 14"
	$(PREPARE)
	@$(PYTHON) tests/soak.py $(ARGS)

docs: ## write the pages of docs/ that are made from the code
	$(PREPARE)
	@$(PYTHON) tests/pages.py

screenshots: ## draw screenshots/ again, of what happens in a lab; needs root, takes some minutes
	$(PREPARE) lab
	$(PREPARE) pictures
	@PYTHONPATH=tests/system $(PYTHON) tests/screenshots.py screenshots

venv: ## set up .venv alone
	$(PREPARE)

clean: ## remove what was made here, .venv too
	@rm -rf .venv build dist .coverage snapshot_report.html \
		.mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
