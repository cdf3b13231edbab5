# `make demo` and `make test` need git, make and CPython 3.11 to 3.13, and install everything else themselves.

# Where the caller's environment forbids bytecode files, each start of Python would compile every module again.
export PYTHONDONTWRITEBYTECODE =

.PHONY: help demo test soak bench docs up down status lint lint-types lint-style format lock sbom audit clean bootstrap bootstrap-dev bootstrap-deep bootstrap-connectors

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: bootstrap ## show everything: a simulated shop, several days through Airflow, the customers' value
	@.venv/bin/clv demo

test: bootstrap-dev ## run all tests
	@OPENBLAS_NUM_THREADS=1 .venv/bin/pytest -n 3 --no-loadscope-reorder

soak: bootstrap-dev ## inject random faults for MINUTES (60), and compare each run with an undisturbed one
	@MINUTES=$(or $(MINUTES),60) .venv/bin/pytest -s --timeout=0 tests/integration/clv/pipeline/soak_faults.py

bench: bootstrap ## measure a simulated history of SIZE (S, M or L), stage by stage, into RESULTS (PEERS=all: and peers)
	@.venv/bin/python -m benchmarks.large --size $(or $(SIZE),S) --out $(or $(RESULTS),.clv-bench) \
		$(if $(PEERS),--peer $(PEERS))

docs: bootstrap ## write dbt's documentation of every model, and print its path (needs `make up` first)
	@.venv/bin/clv docs

up: bootstrap ## start the database and Airflow
	@.venv/bin/clv up

down: ## stop everything that was started
	@[ ! -x .venv/bin/clv ] || .venv/bin/clv down

status: ## show which services run, and what is published
	@.venv/bin/clv status

lint: bootstrap-dev ## check style, imports, SQL and types
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target lint-types lint-style

lint-types:
	PYRIGHT_PYTHON_IGNORE_WARNINGS=1 .venv/bin/pyright

lint-style:
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/lint-imports --no-cache --no-logo
	.venv/bin/sqlfluff lint --nocolor --disable-progress-bar dbt_project

format: bootstrap-dev ## format the code, and fix what ruff can fix
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

COMPILE = .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-emit-index-url --no-emit-find-links --no-annotate

lock: bootstrap ## pin the packages of requirements/*.in with hashes (UPGRADE=1: to the newest versions)
	$(COMPILE) $(if $(UPGRADE),--upgrade) requirements/runtime.in -o requirements/runtime.txt
	$(COMPILE) $(if $(UPGRADE),--upgrade) -c requirements/runtime.txt requirements/deep.in -o requirements/deep.txt
	$(COMPILE) $(if $(UPGRADE),--upgrade) -c requirements/runtime.txt requirements/connectors.in \
		-o requirements/connectors.txt
	$(COMPILE) $(if $(UPGRADE),--upgrade) -c requirements/runtime.txt -c requirements/deep.txt \
		-c requirements/connectors.txt requirements/dev.in -o requirements/dev.txt
	for wanted in benchmarks/peers/*/requirements.in; do \
		$(COMPILE) $(if $(UPGRADE),--upgrade) $$wanted -o $${wanted%.in}.txt || exit 1; done

SBOM = sbom.json
sbom: bootstrap-dev ## write sbom.json: every package that a run needs, with version and hashes (CycloneDX)
	.venv/bin/cyclonedx-py requirements --pyproject pyproject.toml --output-reproducible \
		--output-file $(SBOM) requirements/runtime.txt

audit: bootstrap-dev ## check the locked packages for known vulnerabilities (exit code 3: their database could not be reached)
	.venv/bin/python scripts/audit.py

clean: ## remove everything that can be built again; keeps the data in CLV_HOME
	rm -rf .venv .pytest_cache .ruff_cache .hypothesis dbt_project/target dbt_project/logs *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

bootstrap:
	@scripts/bootstrap.sh runtime

bootstrap-dev: ## create .venv with everything that a run, the tests and the linters need
	@scripts/bootstrap.sh dev

bootstrap-deep: bootstrap ## add to .venv what deep models need (docs/operating.md)
	@scripts/bootstrap.sh deep

bootstrap-connectors: bootstrap ## add to .venv what connectors to MySQL, SFTP, S3 and from dlt need (docs/connectors.md)
	@scripts/bootstrap.sh connectors
