"""Makes the classes of services and computes known, each for its target or kind."""

from jupyter_deploy.sdk import aks_webservice, clusters, local_webservice, process_webservice

__all__ = ["aks_webservice", "clusters", "local_webservice", "process_webservice"]
