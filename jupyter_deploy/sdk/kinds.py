"""Makes the classes of services known, each for its target."""

from jupyter_deploy.sdk import aks_webservice, local_webservice, process_webservice

__all__ = ["aks_webservice", "local_webservice", "process_webservice"]
