# Every target sets up its own environment in .venv first; the only needs are make and Python 3.11,
# 3.12 or 3.13.
#
#   make course     run every notebook and build the book from what they show
#   make test       unit tests, the book in a browser, then every notebook, cell by cell
#   make lab        JupyterLab on the notebooks
#   make help       the rest

# The first of these that is one of the supported versions.
PYTHONS := python3 python3.13 python3.12 python3.11
SUPPORTED := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON ?= $(or $(shell for p in $(PYTHONS); do \
	$$p -c '$(SUPPORTED)' >/dev/null 2>&1 && echo $$p && break; done),python3)
PIP_FLAGS ?=
# GPU=1 takes PyTorch's default build, with CUDA, even where no NVIDIA driver is found.
GPU ?=
CPU_INDEX ?= https://download.pytorch.org/whl/cpu
PYTEST_FLAGS ?=
SEEDS ?= 5
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
NOTEBOOKS := $(wildcard notebooks/[0-9]*.ipynb)

.PHONY: help course test test-unit test-book test-notebooks test-frameworks fuzz lab env lint format notebooks book playground reports results bench bench-again bench-long clean

help:
	@echo "make course      run every notebook and build the book from what they show"
	@echo "make test        unit tests, the book in a browser, then every notebook, cell by cell;"
	@echo "                 each part alone: make test-unit, test-book, test-notebooks"
	@echo "make fuzz        the property tests with fresh seeds (SEEDS=5) and more examples each"
	@echo "make test-frameworks   the tests that depend on the build of PyTorch"
	@echo "make lab         JupyterLab on the notebooks"
	@echo "make env         the environment alone (.venv)"
	@echo "make book        the book from the committed notebooks; nothing is run"
	@echo "make lint        ruff and mypy"
	@echo "make format      let ruff put the code in order"
	@echo "make notebooks   run the notebooks and keep their outputs (needs ECG5000)"
	@echo "make playground  the detector for the book's playground, the picture of its first page (needs ECG5000)"
	@echo "make reports     the reports on recordings that the book shows (needs MIT-BIH)"
	@echo "make bench       our times beside the usual way's, about ten minutes (needs ECG5000; let nothing else run);"
	@echo "                 make bench-again compares a second run, make bench-long measures how they grow"
	@echo "make results     compute the tables in benchmarks/results (needs ECG5000; hours)"
	@echo "make clean       remove what the targets above have built, the environment included"

course: $(READY)
	$(BIN)/python tools/execute_notebooks.py --out book/notebooks $(NOTEBOOKS)
	$(BIN)/python tools/build_book.py

test: test-unit test-book test-notebooks

test-unit: $(READY)
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal --ignore=tests/book -m "not every_pair" $(PYTEST_FLAGS)

# What depends on the build of PyTorch; CI runs it with the one that most people get, too.
test-frameworks: $(READY)
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal tests/test_frameworks.py tests/autoencoders tests/test_detector.py tests/test_persistence.py

test-book: book
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal -p no:nbval tests/book

test-notebooks: $(READY)
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile --nbval notebooks/

fuzz: $(READY)
	$(BIN)/python tools/fuzz.py --seeds $(SEEDS)

lab: $(READY)
	$(BIN)/jupyter lab --notebook-dir=notebooks

env: $(READY)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

notebooks: $(READY)
	ECGLAB_SOURCE=ecg5000 $(BIN)/python tools/execute_notebooks.py --out notebooks $(NOTEBOOKS)

book: $(READY)
	rm -rf book/notebooks && mkdir -p book/notebooks && cp $(NOTEBOOKS) book/notebooks
	$(BIN)/python tools/build_book.py

playground: $(READY)
	$(BIN)/python tools/export_playground.py
	$(BIN)/python tools/draw_first_page.py

reports: $(READY)
	$(BIN)/python tools/write_reports.py

results: $(READY)
	$(BIN)/python benchmarks/course_detector.py
	$(BIN)/python benchmarks/leaderboard.py
	$(BIN)/python benchmarks/out_detect.py
	$(BIN)/python benchmarks/lstm_speed.py
	$(BIN)/python benchmarks/sweep_overhead.py
	$(BIN)/python benchmarks/sweep_dense_torch.py
	$(BIN)/python benchmarks/record_detection.py
	$(BIN)/python benchmarks/mitbih.py
	$(BIN)/python benchmarks/mitbih.py --seeds 10
	$(BIN)/python benchmarks/mitbih_variants.py
	$(BIN)/python benchmarks/windows_and_beats.py

bench: $(READY)
	$(BIN)/python benchmarks/speed.py

bench-again: $(READY)
	$(BIN)/python benchmarks/speed.py --against benchmarks/results/speed.csv

bench-long: $(READY)
	$(BIN)/python benchmarks/speed.py --long

clean:
	rm -rf $(VENV) build book/_build book/notebooks

$(READY): pyproject.toml constraints.txt ecglab/_version.py tools/set_up.py
	@$(PYTHON) tools/set_up.py $(VENV) --gpu "$(GPU)" --cpu-index "$(CPU_INDEX)" --pip-flags="$(PIP_FLAGS)"
	@touch $(READY)
