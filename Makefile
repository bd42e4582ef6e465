# make            what can be made
# make book       the book, in _build/html; FRESH=1 executes every chapter first;
#                 LIVE=1: chapters that need no torch run in the reader's page too
# make serve      the book at http://127.0.0.1:8000; PORT=… at another
# make pdf        the book as one PDF, _build/book.pdf; needs Chromium
# make test       everything that is checked; make check: lint, types, layers and quick tests alone;
#                 LIVE=1: every chapter that runs in the page, not one of them
# make bench      the benchmarks; ONLY="training attacks maxmargin book sweeps" names some
# make mutants    wrong edits that the fast tests must notice; ONLY="edits polynomials" tries these,
#                 else the scores of the report
# make accept     copy executed chapters and benchmarks back, for whoever works on the book
# make clean      remove what was built, but neither the environment nor the data

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
CHROMIUM := $(shell command -v chromium || command -v chromium-browser || \
  command -v google-chrome || command -v google-chrome-stable)

# Debian's Python comes without ensurepip; its package of pip's wheel needs no installation.
WITHOUT_ENSUREPIP = $(PYTHON) -m venv --without-pip $(VENV) && folder=$$(mktemp -d) && \
  (cd $$folder && { apt-get download -qq python3-pip-whl || { apt-get update -qq && \
  apt-get download -qq python3-pip-whl; }; } && dpkg -x *.deb .) && \
  wheel=$$(ls $$folder/usr/share/python-wheels/pip-*.whl) && \
  $(BIN)/python $$wheel/pip install --quiet $$wheel && rm -r $$folder || \
  { echo "this Python can't make environments: apt-get install python3-venv"; exit 1; }

# Where the book keeps trained networks.
NETWORKS := $(HOME)/.cache/pwlib/networks

# One thread a process: two collapse on a busy machine, and results don't depend on the count.
export OMP_NUM_THREADS = 1
export OPENBLAS_NUM_THREADS = 1
export MKL_NUM_THREADS = 1

.PHONY: help book serve pdf test check data bench mutants accept clean

help:
	@sed -n 's/^# //p' Makefile | head -12

book: data
	@$(BIN)/python -m pwlib book $(if $(FRESH),--fresh) $(if $(LIVE),--live)

serve: book
	@$(BIN)/python -m pwlib serve $(if $(PORT),--port $(PORT))

pdf: book $(VENV)/.browser
	@$(BIN)/python -m pwlib pdf

# Slow tests, and chapters executed anew, a file at a time in each of three processes: on two cores,
# as tests of sweeps, clusters and the browser wait much. What one of them trains is kept for the
# next. What drives a browser is of use only where there is one.
test: check data $(VENV)/.bench $(if $(CHROMIUM),$(VENV)/.browser)
	@PWLIB_CACHE=$${PWLIB_CACHE:-$(NETWORKS)} $(BIN)/pytest tests chapters -m slow -p no:cacheprovider \
	  --nbval --nbval-sanitize-with tests/nbval.cfg \
	  -n 3 --dist loadfile --no-loadscope-reorder -rs --durations 20

check: $(READY)
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache --no-logo
	@$(BIN)/pytest -m "not slow" -n 2 --dist worksteal

data: $(READY)
	@$(BIN)/python -m pwlib data

bench: data $(VENV)/.bench
	@$(BIN)/python tests/benchmarks $(ONLY)

mutants: data $(VENV)/.mutants
	@$(BIN)/python tests/mutants $(ONLY)

accept: $(READY)
	@$(BIN)/python -m pwlib accept

clean:
	rm -rf _build .mypy_cache .pytest_cache .ruff_cache

$(READY): requirements.txt constraints.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is needed, found " + sys.version.split()[0]) if sys.version_info < (3, 11) else 0'
	@echo "making $(VENV), a few minutes the first time"
	@if $(PYTHON) -c 'import ensurepip' 2>/dev/null; then $(PYTHON) -m venv $(VENV); else $(WITHOUT_ENSUREPIP); fi
	@$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

# What benchmarks compare with, and strong attacks are made by. torchattacks asks for an old
# requests, which it doesn't use here.
$(VENV)/.bench: tests/benchmarks/requirements.txt $(READY)
	@echo "installing other people's attacks, and what the benchmarks compare with"
	@$(BIN)/pip install --quiet --disable-pip-version-check -r $<
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps torchattacks==3.5.1
	@touch $@

$(VENV)/.mutants: tests/mutants/requirements.txt $(READY)
	@echo "installing what makes mutants"
	@$(BIN)/pip install --quiet --disable-pip-version-check -r $<
	@touch $@

$(VENV)/.browser: tests/requirements-browser.txt $(READY)
	@echo "installing what drives a browser"
	@$(BIN)/pip install --quiet --disable-pip-version-check -r $<
	@touch $@
