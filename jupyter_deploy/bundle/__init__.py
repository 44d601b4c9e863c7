"""The bundle: a folder with all that a target needs to serve one version of a service."""
