"""The scoring server that runs inside a service.

This folder travels in every bundle as ``server/jupyter_deploy_scoring`` and runs there with the service's own
interpreter, so it imports nothing of the package it is developed in. ``service.json`` (``service.schema.json``) is
its contract with whoever starts it. Two processes share the work:

    front    HTTP, host and key checks, the queue; never imports the script or numpy
    worker   the entry script: ``init()`` once, then ``run()`` for every request handed over

The front starts the worker, restarts it when it ends, and hands over no more requests than it has slots.
"""
