# The commands of this project; CONTRIBUTING.md says more. Everything is installed into .venv, which is made when it is missing.

VENV := .venv
PYTHON ?= python3
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
JLPM := cd labextension && PATH="$(CURDIR)/$(BIN):$$PATH" jlpm
NODE_MODULES := labextension/node_modules/.yarn-state.yml
BUNDLE := jupyter_deploy/labextension/package.json
BUNDLED := $(wildcard labextension/*.json labextension/src/*.ts labextension/style/* labextension/schema/* jupyter_deploy/widgets/*.js jupyter_deploy/widgets/*.css)

.PHONY: demo test check fix lab labextension docs bench bench-serving soak pictures clean

demo: $(INSTALLED)  ## from training to a live service and back, in a minute
	$(BIN)/python demo.py

test: $(INSTALLED) $(BUNDLE)  ## what the tests need, then all tests
	$(BIN)/python -m pytest -n auto $(ARGS)

check: $(INSTALLED) $(NODE_MODULES)  ## style, types, import contracts and the documentation
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(JLPM) lint:check
	$(JLPM) types:check
	@$(MAKE) --no-print-directory docs

fix: $(INSTALLED) $(NODE_MODULES)  ## mend what the checks can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(JLPM) lint

docs: $(INSTALLED)  ## the documentation, in .cache/docs; a warning is an error
	$(BIN)/python -m sphinx --quiet --fail-on-warning --keep-going --fresh-env --builder html docs .cache/docs

labextension: $(BUNDLE)  ## the bundle of the JupyterLab extension, where the JupyterLab of .venv finds it

lab: $(INSTALLED) $(BUNDLE)  ## JupyterLab with the package loaded
	mkdir -p .cache/ipython/profile_default
	echo 'c.InteractiveShellApp.extensions = ["jupyter_deploy"]' > .cache/ipython/profile_default/ipython_config.py
	IPYTHONDIR=$(CURDIR)/.cache/ipython $(BIN)/jupyter lab $(ARGS)

pictures: $(INSTALLED) $(BUNDLE)  ## the widgets and the extension, as the documentation shows them
	$(BIN)/python -m pytest tests/widgets/pictures.py tests/labextension/pictures.py --timeout 600 $(ARGS)

bench: $(INSTALLED)  ## the figures of bench/README.md
	$(BIN)/python -m bench

bench-serving: $(INSTALLED)  ## the scoring server against the servers that a user could pick instead
	$(BIN)/python -m bench.serving $(ARGS)

soak: $(INSTALLED)  ## what takes too long for the tests
	-$(BIN)/uv pip install --quiet --python $(BIN)/python atheris
	$(BIN)/python -m pytest -m "soak or walk" --timeout 1200 $(ARGS)

clean:
	rm -rf $(VENV)

$(NODE_MODULES): labextension/package.json labextension/yarn.lock | $(INSTALLED)
	$(JLPM) install
	touch $@

$(BUNDLE): $(NODE_MODULES) $(BUNDLED)
	$(JLPM) build
	mkdir -p $(VENV)/share/jupyter/labextensions
	rm -rf $(VENV)/share/jupyter/labextensions/jupyter-deploy-models
	ln -s $(CURDIR)/jupyter_deploy/labextension $(VENV)/share/jupyter/labextensions/jupyter-deploy-models
	touch $@

$(INSTALLED): pyproject.toml requirements-dev.lock labextension/package.json
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --requirement requirements-dev.lock
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --no-deps --editable .
	touch $@
