# Thin: every target is one or two commands that could be typed by hand (the README lists them).
PYTHON ?= python3
BIN := .venv/bin
# one BLAS thread: on a small busy machine two are slower than one
export OPENBLAS_NUM_THREADS ?= 1

# as many processes as cores; conftest.py says what stays together, and what is begun first
PARALLEL := -n auto --no-loadscope-reorder

# uv installs in seconds what takes pip minutes; where the index has none for this machine, pip does
INSTALL = $$(test -x $(BIN)/uv && echo $(BIN)/uv pip install --python $(BIN)/python \
  || echo $(BIN)/python -m pip install --disable-pip-version-check) --quiet

.PHONY: place book test check style serve slides lab notebooks exercises bench clean

# what reads the table of contents takes a bracket in the path of this folder for a pattern
place:
	@case "$$PWD" in *[][]*) echo "The book cannot be built in $$PWD, for the brackets in it: move the folder." >&2; exit 1;; esac

book: place .venv/installed live/static/live.js  ## build the book into _build/html; PYODIDE=FOLDER serves Python too
	$(BIN)/jupyter-book build . -W --keep-going
	$(BIN)/python -m tools.slides
	@echo "The book is built: open _build/html/index.html, or run make serve."

test: book $(if $(COMPARE),.venv/compared)  ## everything: checks, package tests, the built pages, every notebook
	$(MAKE) style
	$(BIN)/python -m pytest $(PARALLEL) --nbval-lax --nbval-cell-timeout 300 tests book exercises solutions

check: live/static/live.js style  ## the quick part, under two minutes
	$(BIN)/python -m pytest $(PARALLEL) tests -m "not slow"

style: node_modules/installed
	$(BIN)/node node_modules/eslint/bin/eslint.js .
	$(BIN)/node node_modules/prettier/bin/prettier.cjs --check eslint.config.js "{live,tests}/**/*.{js,css}"
	$(BIN)/node node_modules/typescript/bin/tsc --noEmit
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

serve: book  ## the built book in your browser
	$(BIN)/python -c "import webbrowser; webbrowser.open('http://127.0.0.1:8000')" &
	$(BIN)/python -m http.server 8000 --bind 127.0.0.1 --directory _build/html

slides: node_modules/installed  ## make the chapters' slides anew in the built book
	$(BIN)/python -m tools.slides

lab: .venv/installed  ## the chapters as notebooks, in JupyterLab
	$(BIN)/jupyter lab book

notebooks: .venv/installed  ## run every chapter again and store its outputs
	$(BIN)/python -m tools.notebooks run book/*.ipynb

exercises: .venv/installed  ## make exercises/ and solutions/ from their sources
	$(BIN)/python -m tools.exercises

bench: .venv/installed .venv/compared  ## training steps beside raw NumPy, PyTorch, JAX and micrograd
	$(BIN)/python -m benchmarks.steps
	$(BIN)/python -m benchmarks.scalar

clean:
	rm -rf _build .venv node_modules live/static

.venv/installed: requirements.txt constraints.txt pyproject.toml
	@echo "Installing the course's Python packages into .venv (once; a minute or two) …"
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'Python 3.11 or newer is needed, this is ' + sys.version)"
	$(PYTHON) -m venv .venv
	-$(BIN)/python -m pip install --quiet --disable-pip-version-check --only-binary=:all: uv
	$(INSTALL) -r requirements.txt -c constraints.txt
	touch $@

# the browser's side: other people's scripts, pinned in package-lock.json; npm comes with .venv
node_modules/installed: package.json package-lock.json .venv/installed
	@echo "Installing the page's scripts into node_modules (once) …"
	PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --no-progress --loglevel=error
	touch $@

live/static/live.js: node_modules/installed live/build.js $(shell find live/js -name '*.js')
	$(BIN)/node live/build.js
	touch $@

# PyTorch and JAX, which gradients and speed are compared with: make test COMPARE=1. PyTorch by pip, whose settings
# name where a build for the processor alone is to be had; what it finds is enough for uv, which would take CUDA's.
.venv/compared: .venv/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check torch -c constraints.txt
	$(INSTALL) -e ".[compare]" -c constraints.txt
	touch $@
