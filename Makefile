# yoyak's commands; `make help` lists them. Everything lives in .venv/ and .cache/.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# The lock is complete, so pip's resolver has nothing to decide; hashes are checked file by file.
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --no-deps --no-compile --require-hashes

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "error: $(PYTHON) is not Python 3.11 or newer; name one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 3; }
	@$(PYTHON) -m venv $(VENV) || \
	  { rm -rf $(VENV); echo "error: no virtual environment could be made; on Debian: apt-get install python3-venv" >&2; exit 3; }

$(VENV)/.runtime: requirements/runtime.txt pyproject.toml | $(VENV)/bin/python
	@echo "installing yoyak's $$(grep -c == requirements/runtime.txt) locked packages into $(VENV)/ (ETA about 30 s from a warm package cache) ..." >&2
	@$(PIP) -r requirements/runtime.txt
	@$(BIN)/python -m pip --disable-pip-version-check install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.runtime
	@echo "installing the test tools into $(VENV)/ ..." >&2
	@$(PIP) -r requirements/dev.txt
	@touch $@

# A real trace store for the tests, in an environment of its own: it pins half of what ours holds.
TRACES := .venv-traces
$(TRACES)/.ready: requirements/traces.txt
	@echo "installing a trace store for the tests into $(TRACES)/ ..." >&2
	@test -x $(TRACES)/bin/python || $(PYTHON) -m venv $(TRACES)
	@$(TRACES)/bin/python -m pip --disable-pip-version-check install --quiet --no-deps --no-compile \
	  --require-hashes -r requirements/traces.txt
	@touch $@

.PHONY: help
help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

.PHONY: demo
demo: $(VENV)/.runtime ## the main job on this machine: crawl, synthetic model, summarizer, benchmark, report
	@$(BIN)/yoyak demo --cache .cache --out runs

.PHONY: up
up: ## the stack of this host in containers: docker compose up
	docker compose up --build --detach --wait

.PHONY: lint
lint: $(VENV)/.dev
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports

# Both at once: types are one process, unit tests one a core. Pytest's summary stays the last word
# unless lint has a complaint.
.PHONY: check
check: $(VENV)/.dev ## lint, types, import arrows, unit tests (under a minute)
	@said=$$(mktemp); trap 'rm -f "$$said"' EXIT; \
	  $(MAKE) --no-print-directory lint >"$$said" 2>&1 & lint=$$!; \
	  $(BIN)/pytest tests/unit -n auto; tests=$$?; \
	  wait $$lint || { cat "$$said"; exit 1; }; \
	  exit $$tests

# In this order, also under make -j: tests of the second part time something.
.PHONY: test
test: check ## everything that CI runs
	@$(MAKE) --no-print-directory test-real

# Tests that neither time something nor see other processes of the host run two at a time; the
# others one after the other: to containers and namespaces an engine of any test is an engine.
TWO_AT_A_TIME := $(addprefix tests/integration/,damaged_runs models newscrawl newsroom publishing store)

.PHONY: test-real
test-real: $(VENV)/.dev $(TRACES)/.ready ## what has a real neighbour: integration and e2e tests (minutes)
	$(BIN)/pytest $(TWO_AT_A_TIME) -n 2 -q
	$(BIN)/pytest tests/integration tests/e2e $(addprefix --ignore=,$(TWO_AT_A_TIME)) --durations 25

.PHONY: bench-demo
bench-demo: $(VENV)/.dev ## the figures of the main job: demo, models, engine overhead (minutes; quiet machine)
	$(BIN)/python benchmarks/demo.py
	$(BIN)/python benchmarks/models.py
	$(BIN)/python benchmarks/engine_overhead.py

.PHONY: bench-service
bench-service: $(VENV)/.dev ## what the summarizer adds to the first token (2 minutes; quiet machine)
	$(BIN)/python benchmarks/service.py

.PHONY: bench-native
bench-native: $(VENV)/.dev ## the native engine through our path, against llama-bench of the same build
	$(BIN)/yoyak engine build --cache .cache >/dev/null
	$(BIN)/python benchmarks/native.py

.PHONY: bench-sampler
bench-sampler: $(VENV)/.dev ## what sampling the host costs
	$(BIN)/python benchmarks/sampler.py

.PHONY: bench-statistics
bench-statistics: $(VENV)/.dev ## false alarms, coverage and power of the comparison; cost of 200 runs
	$(BIN)/python benchmarks/comparisons.py

.PHONY: bench-telemetry
bench-telemetry: $(VENV)/.dev ## what metrics, spans, scrapes and samples cost (5 minutes; quiet machine)
	status=0; for program in metrics traces sampler; do \
		$(BIN)/python benchmarks/$$program.py || status=1; echo; done; exit $$status

.PHONY: bench-stack
bench-stack: $(VENV)/.dev ## the stack of a host: from up to the first sample, and idle (2 minutes; engine, images and root)
	docker compose build --quiet
	$(BIN)/python benchmarks/stack.py

.PHONY: bench-hub
bench-hub: $(VENV)/.dev ## a hub with 200 hosts: every panel of Compare instances (minutes; needs Debian's prometheus)
	$(BIN)/python benchmarks/hub.py

.PHONY: bench-replay
bench-replay: $(VENV)/.dev ## how late the scripted Ollama is: the ruler's own error, and a second ruler beside it (needs cc)
	$(BIN)/python benchmarks/replay.py
	$(BIN)/python benchmarks/second_ruler.py

.PHONY: bench-start
bench-start: $(VENV)/.dev ## from the start of `yoyak run` to its first request
	$(BIN)/python benchmarks/start.py

# Each peer in an environment of its own; what does not install here is left out.
PEERS := .cache/peers
.PHONY: bench-load
bench-load: $(VENV)/.dev ## the load generator's own error, beside guidellm and aiperf (minutes; quiet machine)
	@for peer in guidellm==0.8.1 aiperf==0.13.0; do name=$${peer%%=*}; \
	  test -x $(PEERS)/$$name/bin/$$name || { mkdir -p $(PEERS) && $(PYTHON) -m venv $(PEERS)/$$name && \
	    $(PEERS)/$$name/bin/pip --disable-pip-version-check install --quiet $$peer; } || \
	  echo "$$name does not install here: its quoted figures stand alone" >&2; done
	$(BIN)/python benchmarks/load.py $$(for name in guidellm aiperf; do \
	  test -x $(PEERS)/$$name/bin/$$name && echo --$$name $(PEERS)/$$name/bin/$$name; done) $(BENCH_LOAD)

.PHONY: bench-crawl
bench-crawl: $(VENV)/.dev ## what extraction reaches, and what the crawler adds to bare Scrapy
	$(BIN)/python benchmarks/extraction.py
	$(BIN)/python benchmarks/crawl.py

.PHONY: bench-report
bench-report: $(VENV)/.dev ## time and size of reports
	$(BIN)/python benchmarks/report.py

IMAGES := runner summarizer crawler gate
.PHONY: sbom
sbom: $(VENV)/.runtime ## bills of materials of our images into sbom/ (SPDX 2.3)
	YOYAK_KEYWORD=any docker compose build --quiet runner summarizer articles spans
	$(BIN)/python -m yoyak.bench.stack.bill_of_materials sbom $(IMAGES:%=yoyak/%:$(or $(YOYAK_IMAGE_TAG),dev))

.PHONY: shots
shots: $(VENV)/.dev ## pictures of the newest run's report, for the README (needs chromium)
	$(BIN)/python docs/images/make_shots.py

.PHONY: schemas
schemas: $(VENV)/.runtime ## write docs/schema/ anew from the records' types
	$(BIN)/python -m yoyak.store.schema_files docs/schema

.PHONY: dashboards
dashboards: $(VENV)/.dev ## write dashboards/ and the Prometheus rules anew from their code
	$(BIN)/python -m yoyak.telemetry.dashboards dashboards
	$(BIN)/python -m yoyak.telemetry.rules docker/prometheus/rules/yoyak.yml

.PHONY: lock
lock: $(VENV)/.dev ## resolve the dependencies again and write their hashes
	$(BIN)/uv pip compile -q --generate-hashes --no-emit-index-url --no-emit-find-links --universal --python-version 3.11 \
	  --no-header --no-annotate pyproject.toml requirements/build.in -o requirements/runtime.txt
	$(BIN)/uv pip compile -q --generate-hashes --no-emit-index-url --no-emit-find-links --universal --python-version 3.11 \
	  --no-header --no-annotate requirements/dev.in -o requirements/dev.txt
	for image in build crawler runner stores summarizer; do \
	  $(BIN)/uv pip compile -q --generate-hashes --no-emit-index-url --no-emit-find-links --universal --python-version 3.11 \
	    --no-header --no-annotate -c requirements/runtime.txt $$(sed -n 's/^# leave out: /--no-emit-package /p' requirements/$$image.in) \
	    requirements/$$image.in -o requirements/$$image.txt || exit; \
	done
	$(BIN)/uv pip compile -q --generate-hashes --no-emit-index-url --no-emit-find-links --universal --python-version 3.11 \
	  --no-header --no-annotate $$(sed -n 's/^# leave out: /--no-emit-package /p' requirements/traces.in) \
	  requirements/traces.in -o requirements/traces.txt
