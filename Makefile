# Every target works on a fresh clone: what is missing (.venv, the collection link) is made first.
# Needed on the machine: git, make and python3 (3.11 or newer).

INVENTORY ?= inventories/lab
# How Ansible connects to the lab of an inventory that does not say so itself.
LAB_INVENTORY := $(or $(OPENUC_LAB_DIR),/run/openuc-lab)/lab/inventory.yml
PYTHON ?= python3
# More arguments for `make unit`, e.g. ARGS='-k flows -x', and for `make mutate`, e.g. ARGS='--kind dns'.
ARGS ?=
# Scenarios of `make molecule`: those of the mechanisms, unless others are named.
SCENARIOS ?= dns firewall load_balancer certificates qos publications verify
# How many tests run at a time; each worker has labs of its own.
WORKERS ?= 2
# What `make format` rewrites.
FILES ?= .

# Ansible insists on a UTF-8 locale; sorting must not depend on the caller's.
export LC_ALL := C.UTF-8
# A venv that happens to be active, or paths from it, must not leak into ours.
unexport PYTHONPATH VIRTUAL_ENV
export ANSIBLE_CONFIG := $(CURDIR)/ansible.cfg
export PATH := $(CURDIR)/.venv/bin:$(PATH)

LINK := .build/collections/ansible_collections/openuc/ocs
RUNTIME := .venv/.runtime
DEV := .venv/.dev
TEST_STEPS := ruff mypy+yamllint+ansible-lint coverage integration molecule+sanity package trace

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev plan deploy root lab-up lab-down lab-packages integration browser detect test test-all compat lint ruff format mypy yamllint ansible-lint unit coverage \
        sanity package bench mutate trace golden docs build clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  %-13s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

# --- environment ---------------------------------------------------------------------------------------------------

setup: $(RUNTIME) $(LINK) ## make .venv with what running needs (implied by plan and deploy)

setup-dev: $(DEV) $(LINK) ## add what developing and testing needs (implied by the targets below)

$(RUNTIME): requirements.txt
	@PYTHON='$(PYTHON)' tests/tools/setup.sh requirements.txt
	@touch $@

$(DEV): requirements-dev.txt $(RUNTIME)
	@PYTHON='$(PYTHON)' tests/tools/setup.sh requirements-dev.txt
	@touch $@

# The checkout under its collection name, for ansible.cfg and for plain Python imports.
$(LINK):
	@mkdir -p $(@D) && ln -sfn ../../../.. $@

# --- use -----------------------------------------------------------------------------------------------------------

plan: setup ## plan INVENTORY (default inventories/lab) and write its intended/ tree
	ansible-playbook openuc.ocs.plan -i '$(INVENTORY)'

root:
	@[ "$$(id -u)" = 0 ] || { echo 'The lab makes network namespaces and mounts, which needs root: run make as root, or with sudo.' >&2; exit 1; }

lab-up: root setup ## make the lab: the hosts of INVENTORY on this machine, as root (docs/lab.md)
	@tests/lab/lab up '$(INVENTORY)'

lab-down: setup ## remove the lab
	@tests/lab/lab down

deploy: lab-up ## bring the lab up and deploy INVENTORY to it, stage by stage (docs/rollout.md)
	tests/lab/lab run -- ansible-playbook openuc.ocs.deploy -i '$(INVENTORY)' -i '$(LAB_INVENTORY)'
	@echo 'Look at: $(INVENTORY).estate/intended (the plan), $(INVENTORY).estate/journal (what was done), tests/lab/lab status (the hosts), tests/lab/lab shell HOST'
	@echo 'Verify it: tests/lab/lab run -- ansible-playbook openuc.ocs.verify -i $(INVENTORY) -i $(LAB_INVENTORY)'

# --- checks --------------------------------------------------------------------------------------------------------

lab-packages: setup ## install the Debian packages that labs need, and the tests that stand on them
	@tests/lab/lab packages

test: setup-dev lab-packages ## everything a change must pass (all of the checks below but compat, browser, detect and mutate)
	@tests/tools/run_steps.sh $(TEST_STEPS)

test-all: setup-dev lab-packages ## test, then the examples under newer ansible-core releases, and a change of each catalogue row
	@tests/tools/run_steps.sh $(TEST_STEPS) molecule-servers compat browser detect mutate

test-faults: setup-dev lab-packages ## kill a roll-out at every line of its journal, on a lab of its own (half an hour; as root)
	pytest $(ARGS) tests/faults

lint: ruff mypy yamllint ansible-lint ## ruff, mypy, yamllint and ansible-lint

ruff: setup-dev ## Python style and formatting
	ruff check .
	ruff format --check .

format: setup-dev ## mend what ruff can mend by itself; FILES='a.py b.py' picks some
	ruff check --fix $(FILES)
	ruff format $(FILES)

mypy: setup-dev ## Python types, strict (settings in pyproject.toml)
	mypy -p ansible_collections.openuc.ocs.plugins
	mypy tests/tools tests/conftest.py
	mypy -p tests.lab

yamllint: setup-dev ## YAML style
	yamllint --strict .

ansible-lint: setup-dev ## ansible-lint, profile production
	ansible-lint --offline --strict --nocolor

unit: setup-dev ## unit, golden, scenario and document tests; ARGS='-k NAME' picks some
	pytest -n $(WORKERS) --dist worksteal $(ARGS)

coverage: setup-dev ## the same tests, with the branch coverage gate of pyproject.toml
	pytest -n $(WORKERS) --dist worksteal --cov --cov-report=term:skip-covered

integration: setup-dev ## tests on real hosts of labs of their own, as root; WORKERS=0 does them in one row
	pytest -n $(WORKERS) --no-loadscope-reorder $(ARGS) tests/integration

browser: setup-dev ## the report and its pictures in a real browser
	@tests/tools/browser.sh $(ARGS)

molecule: setup-dev lab-packages ## molecule's scenarios of mechanisms on a lab of their own, as root; SCENARIOS='dns qos' picks some
	@tests/tools/molecule.sh $(SCENARIOS)

detect: setup-dev ## break a deployed lab in many ways, and see that verification names each (minutes; as root)
	OPENUC_DETECTION_PAGE=docs/reference/detection.md pytest $(ARGS) tests/detection

molecule-servers: setup-dev lab-packages ## molecule's scenarios of all server types, on labs of four examples, as root
	@tests/tools/molecule.sh servers

sanity: setup-dev ## ansible-test sanity on a copy of the tree
	@tests/tools/sanity.sh

package: setup-dev ## build the tarball, install it elsewhere and syntax-check its playbooks
	@tests/tools/package.sh

trace: setup-dev ## how many documented requirements the plans use, per area; fails when a figure falls
	@python tests/tools/trace.py

compat: setup-dev ## load and plan inventories/* under ansible-core 2.20 and 2.21, where their Python is present
	@tests/tools/compat.sh

mutate: setup-dev ## change each figure of the catalogue once: a test of printed tables must fail (minutes)
	@PYTHONPATH=.:.build/collections python tests/tools/mutate.py $(ARGS)

bench: setup-dev ## measure the budgets (tests/bench)
	@tests/tools/run_scripts.sh tests/bench

# --- products ------------------------------------------------------------------------------------------------------

golden: setup-dev ## write the golden trees of the examples anew; read the diff before you commit it
	@PYTHONPATH=.:.build/collections python tests/golden/update.py

docs: setup-dev ## regenerate generated pages: runs each tests/tools/docs/*.py
	@tests/tools/run_scripts.sh tests/tools/docs

build: setup ## build the Galaxy tarball into .build/dist
	@tests/tools/build.sh .build/dist

clean: ## remove all that setup and the tests made
	rm -rf .build .venv .ansible
