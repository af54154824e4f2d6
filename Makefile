# make app    the page at http://127.0.0.1:7860
# make test   the tests in two processes, the browser's too where Debian's chromium is installed
# make test-all  those that take minutes for one fact, which `make test` leaves out (marked slow)
# make test-ray  --engine ray on a local cluster; Ray is installed for it, and brings pyarrow, with
#             which pandas keeps strings in another way: so the study's tables once more
# make test-package  the wheel, in an empty environment and folder: its core, then the page
# make test-deploy  deploy/ started by podman and by systemd, as root; docs/deploy.md
# make check  ruff, mypy, the arrows between packages, the lock and the licences
# make lock   requirements.lock and docs/licences.md anew, after a change of requirements.txt
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
PYTEST := OMP_NUM_THREADS=1 $(RUN) -m pytest
TABLES := $(addprefix tests/study/,protocol/test_exclusions.py report/test_report.py report/test_report_page.py database/test_live.py)

.PHONY: app test test-all test-ray test-package test-deploy check lock clean

app: $(VENV)/app.stamp
	$(RUN) app.py

test: $(VENV)/dev.stamp
	$(PYTEST) -n 2 --no-loadscope-reorder --durations=30 -m "not slow"

test-all: $(VENV)/dev.stamp
	$(PYTEST) -n 2 --no-loadscope-reorder --durations=0 --durations-min=1 -m slow

test-ray: $(VENV)/dev.stamp
	$(RUN) -m pip install --disable-pip-version-check -q -r requirements-ray.txt -c $(VENV)/pins.txt
	$(PYTEST) tests/colorizers/batch/test_cluster.py $(TABLES)

test-package: $(VENV)/dev.stamp
	.ci/package

test-deploy: $(VENV)/dev.stamp
	.ci/deploy

check: $(VENV)/dev.stamp
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(RUN) -m tools.lock --check
	$(RUN) -m tools.licences --check
	@grep -q . SECURITY.md || { echo 'SECURITY.md is missing: it says how a fault is reported.'; exit 1; }

lock: $(VENV)/dev.stamp
	$(RUN) -m tools.lock
	$(RUN) -m tools.install
	$(RUN) -m tools.licences

clean:
	rm -rf $(VENV)

# A stamp is made only when everything was installed, so an interrupted install is taken up again.
$(VENV)/app.stamp: requirements.txt requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "TrueHue needs Python 3.11 or newer; this is %d.%d. Name another: make app PYTHON=python3.11" % sys.version_info[:2])'
	@$(PYTHON) -c 'import ensurepip' || { echo 'Python has no venv here; on Debian: apt install python3-venv'; exit 1; }
	@echo 'The first time, the packages are fetched: minutes, and about 2 GB of disk; more where PyTorch comes with its GPU libraries.'
	$(PYTHON) -m venv $(VENV)
	$(RUN) -m tools.install
	touch $@

$(VENV)/dev.stamp: $(VENV)/app.stamp requirements-dev.txt
	sed -n 's/^\([[:alnum:]._-]*==[^\\]*\).*/\1/p' requirements.lock > $(VENV)/pins.txt
	$(RUN) -m pip install --disable-pip-version-check -r requirements-dev.txt -c $(VENV)/pins.txt
	touch $@
