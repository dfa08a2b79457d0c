# A machine needs Python 3.11 and make; everything else is installed into .venv.
PORT ?= 8000
DATA ?= data
SCALE ?= small
IMAGES ?= 100000
COUNT ?= 5000
FIRST ?= 0
SEED ?= 1
PYTHON ?= $(shell for name in python3.11 python3 python; do $$name -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null && { echo $$name; break; }; done)
BIN = .venv/bin
UV ?= uv
COMPILE = env -u PIP_FIND_LINKS $(UV) pip compile --quiet --python-version 3.11 --universal --no-emit-index-url --no-emit-find-links --no-header --no-annotate
PRODUCTION = env DEBUG=false SECRET_KEY=$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(50))') ALLOWED_HOSTS=hematovision.example VAR_DIR=var/lint

.PHONY: help python setup packages run test test-fast test-services test-browser compare compare-pictures lint format benchmark benchmark-case scale throughput mutations requirements
.DEFAULT_GOAL := help

help:            ## this list
	@grep -E '^[a-z-]+: .*##' Makefile | sed -E 's|:[^#]*## |: |'

python:
	@if [ -z "$(PYTHON)" ]; then echo "HematoVision needs Python 3.11, and none was found. Install it, or name it: make setup PYTHON=/path/to/python3.11" >&2; exit 1; fi

setup: python    ## packages, assets, .env, database, shipped model, demo users (seconds when done)
	@$(PYTHON) deploy/setup_here.py

packages: python ## what the checks need on top, without a database
	@$(PYTHON) deploy/setup_here.py --dev --packages-only

run: setup       ## everything on http://127.0.0.1:8000 (PORT= changes it) until Ctrl-C
	@$(BIN)/python deploy/run_here.py $(PORT)

test-fast: packages ## what trains nothing and starts no process: five to ten minutes on two cores
	$(BIN)/python -m pytest -m "not slow and not services and not processes and not browser and not imagemagick" -n 2 --dist loadfile

test: packages   ## every test that needs no service (SQLite, folder broker): about twenty minutes on two cores
	$(BIN)/python -m pytest -m "not services and not processes and not browser and not imagemagick" -n 2 --dist loadfile
	$(BIN)/python -m pytest -m processes -n 2 --dist loadfile

test-services: packages ## real PostgreSQL and Redis on 127.0.0.1, real worker processes
	$(BIN)/python -m pytest -m services

test-browser: packages ## Debian's Chromium through an installation of its own (CHROMIUM= another path)
	$(BIN)/python -m pytest -m browser

compare: setup   ## train recipes side by side (DATA= the images, SCALE=), writes docs/model/comparison.md
	$(BIN)/python manage.py compare_recipes --data $(DATA) --scale $(SCALE)

compare-pictures: packages ## our renditions of generated files beside ImageMagick's pictures (docs/files.md)
	$(BIN)/python -m pytest -m imagemagick

lint: packages   ## ruff, import-linter, mypy, missing migrations, check --deploy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/python -m mypy .
	$(PRODUCTION) $(BIN)/python manage.py makemigrations --check --dry-run
	$(PRODUCTION) $(BIN)/python manage.py check --deploy --fail-level WARNING

format: packages ## let ruff write the files as it wants them
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

benchmark: setup ## seconds and memory of the web process's imports, seconds from start to ready
	@$(BIN)/python deploy/benchmark.py

benchmark-case: setup ## pages, reviews, crops and a report of a case of 1,000 cells (DATABASE=postgresql: there)
	@$(BIN)/python deploy/benchmark_case.py $(if $(DATABASE),--database $(DATABASE))

scale: setup     ## every page on a database of IMAGES images and ten times as many cells (PostgreSQL)
	@$(BIN)/python deploy/scale.py --images $(IMAGES)

throughput: setup ## images a second through the workers beside the engine alone (PostgreSQL, Redis; FIELDS= a folder)
	@$(BIN)/python deploy/throughput.py $(if $(FIELDS),--fields $(FIELDS))

mutations: setup packages ## COUNT broken files of all formats from number FIRST on, sent to an installation (SEED=)
	@$(BIN)/python deploy/mutate.py --count $(COUNT) --first $(FIRST) --seed $(SEED)

requirements:    ## pin requirements*.txt anew from requirements*.in (needs uv)
	$(COMPILE) requirements.in -o requirements.txt
	$(COMPILE) -c requirements.txt requirements-web.in -o requirements-web.txt
	$(COMPILE) -c requirements.txt requirements-dev.in -o requirements-dev.txt
