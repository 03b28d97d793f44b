# Every target is one command of the set-up program; `make help` lists them all.

PYTHON ?= python3
SETUP = $(PYTHON) -m setup
# Variables that the commands take, passed on when they are given: make test ADDON=retail_integration_base K=gateway
OPTIONS = $(foreach name,ADDON K PORT DATABASE SHORT,$(if $($(name)),$(name)="$($(name))"))

COMMANDS = demo test bench lint format wheels env serve update shell psql node-lock stop clean

.PHONY: help $(COMMANDS)

help:
	@$(SETUP) help

$(COMMANDS):
	@$(SETUP) $@ $(OPTIONS)
