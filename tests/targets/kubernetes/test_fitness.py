from __future__ import annotations

import pytest

from jupyter_deploy.errors import TargetError
from jupyter_deploy.targets.kubernetes.fitness import added_to, require_apis

COMMON = {"apps/v1", "authorization.k8s.io/v1", "coordination.k8s.io/v1", "networking.k8s.io/v1"}
OLD = COMMON | {"autoscaling/v2beta2", "policy/v1beta1", "metrics.k8s.io/v1beta1"}
NEW = COMMON | {"autoscaling/v2", "policy/v1", "keda.sh/v1alpha1", "gateway.networking.k8s.io/v1", "serving.kserve.io/v1beta1"}  # fmt: skip


@pytest.mark.parametrize(
    ("version", "there"), [("v1.20.0", OLD), ("v1.33.1-eks-1", NEW), ("v0.0.0-master", OLD), ("v2.0.0", NEW)]
)
def test_clusters_from_the_oldest_to_the_newest_do(version: str, there: set[str]) -> None:
    require_apis("lab", version, there)


def test_a_cluster_that_is_too_old_is_refused() -> None:
    with pytest.raises(
        TargetError, match=r"^the cluster 'lab' has Kubernetes v1\.19\.16, older than 1\.20\n"
    ) as raised:
        require_apis("lab", "v1.19.16", OLD)
    assert raised.value.remedy


def test_all_that_an_api_lacks_is_named_at_once() -> None:
    with pytest.raises(TargetError) as raised:
        require_apis("lab", "v1.30.0", NEW - {"apps/v1", "autoscaling/v2"})
    assert raised.value.what == "the API of the cluster 'lab' lacks apps/v1, autoscaling/v2 or autoscaling/v2beta2"


def test_what_was_added_is_known_by_its_group() -> None:
    assert added_to(OLD) == ["metrics.k8s.io"]
    assert added_to(NEW) == ["keda.sh", "gateway.networking.k8s.io", "serving.kserve.io"]
