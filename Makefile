# Mailcall. `make demo` and `make test` need nothing but Python 3.11 and a network; they fetch the rest.

.PHONY: help demo test test-all lint format docs bench bench-scale chaos corpora screenshots fuzz lock setup setup-test clean

help: ## list these commands
	@sed -n 's/^\([a-z-]*\):.*## /\1|/p' Makefile | awk -F'|' '{ printf "  make %-12s %s\n", $$1, $$2 }'

demo: setup ## try Mailcall, with a mail world of its own (PORT=8025 SMTP_PORT=2525)
	@.venv/bin/mailcall demo $(if $(PORT),--port $(PORT)) $(if $(SMTP_PORT),--smtp-port $(SMTP_PORT)) $(ARGS)

test: setup-test ## every check and every test but the long ones, as continuous integration does
	@scripts/test -m "not long" $(ARGS)

test-all: setup-test ## the same with the long tests
	@HYPOTHESIS_PROFILE=searching scripts/test $(ARGS)

lint: setup-test ## the checks that read the code, in a few seconds
	@.venv/bin/python scripts/check.py lint

format: setup-test ## format the code and mend what can be mended without thinking
	@.venv/bin/ruff format .
	@.venv/bin/ruff check --fix .

docs: setup-test ## build the documentation into site/
	@NO_MKDOCS_2_WARNING=1 .venv/bin/mkdocs build --strict

bench: setup-test ## measure, and print the figures
	@.venv/bin/python bench/run.py $(ARGS)

bench-scale: setup-test ## measure a million calls, a full mailbox, a thousand mailboxes: an hour (ARGS=accounts: one part)
	@.venv/bin/python bench/scale.py $(ARGS)

chaos: setup-test ## fail everything at once while 5,000 mails come (MINUTES=10), and print what became of them
	@CHAOS_MINUTES=$(or $(MINUTES),10) .venv/bin/python -m pytest tests/service/test_chaos.py -q -s $(ARGS)

screenshots: setup-test ## the pictures of mails in the documentation, by Chromium
	@.venv/bin/python scripts/screenshots.py

corpora: setup-test ## score the reading of mail that nobody here wrote (../shared/corpora), into docs/reference/corpora.md
	@scripts/compared
	@PYTHONPATH=bench .venv/bin/python -m corpora $(ARGS)

fuzz: setup-test ## search for mails that do harm (TARGET=mail SECONDS=60); finds go to tests/fuzz/cases
	@PYTHONPATH=tests .venv/bin/python -m fuzz.run $(or $(TARGET),mail) --seconds $(or $(SECONDS),60) $(ARGS)

lock: ## lock the dependencies of pyproject.toml anew (ARGS=--upgrade for newer ones)
	@scripts/lock $(ARGS)

setup: ## make the environment to run Mailcall (.venv)
	@scripts/setup runtime

setup-test: ## make the environment to work on Mailcall (.venv, Debian packages)
	@scripts/setup test

clean: ## remove the environment and everything else that was built
	rm -rf .venv .cache .mypy_cache .pytest_cache .ruff_cache .hypothesis site dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
