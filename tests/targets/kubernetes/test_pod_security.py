"""Pods of every option meet the Pod Security Standard "restricted"."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from jupyter_deploy.targets.kubernetes.kinds import Object
from jupyter_deploy.targets.kubernetes.options import KubernetesOptions
from jupyter_deploy.targets.kubernetes.pods import Content, pod_spec
from tests.targets.kubernetes.plans import every_choice, every_choice_of_kserve, objects, plan
from tests.targets.kubernetes.pod_security import violations


def pod_of(options: KubernetesOptions) -> Object:
    kinds = ("Deployment", "InferenceService")
    found: Object = next(thing for thing in objects(plan(options)) if thing["kind"] in kinds)
    spec: Object = found["spec"]["predictor"] if options.is_kserve else found["spec"]["template"]["spec"]
    return spec


def test_pods_of_every_option_are_restricted(tmp_path: Path) -> None:
    choices = [*every_choice(tmp_path), *every_choice_of_kserve(tmp_path)]
    found = [(options, violations(pod_of(options))) for options in choices]
    assert [(options, broken) for options, broken in found if broken] == []


def test_a_pod_whose_image_is_pulled_with_a_login_is_restricted() -> None:
    content = Content("web", "registry.example.com/web:1", 1, "web-settings", ("keys",), pull_secret="web-pull")
    spec = pod_spec(content, KubernetesOptions())
    assert spec["imagePullSecrets"] == [{"name": "web-pull"}]
    assert violations(spec) == []


CONTAINER = ("containers", 0)
CONTEXT = (*CONTAINER, "securityContext")


@pytest.mark.parametrize(
    ("path", "value", "control"),
    [
        (("hostNetwork",), True, "Host Namespaces"),
        (("hostPID",), True, "Host Namespaces"),
        (("volumes", 0), {"name": "settings", "hostPath": {"path": "/"}}, "HostPath Volumes"),
        (("volumes", 0), {"name": "settings", "nfs": {"path": "/", "server": "s"}}, "Volume Types"),
        (("securityContext", "sysctls"), [{"name": "kernel.msgmax", "value": "1"}], "Sysctls"),
        (("securityContext", "seccompProfile"), {"type": "Unconfined"}, "Seccomp"),
        (("securityContext", "seccompProfile"), {}, "Seccomp"),
        (("securityContext", "runAsNonRoot"), False, "Running as Non-root"),
        (("securityContext", "runAsUser"), 0, "Running as Non-root user"),
        (("securityContext", "windowsOptions"), {"hostProcess": True}, "HostProcess"),
        (("securityContext", "seLinuxOptions"), {"user": "root"}, "SELinux"),
        (("securityContext", "appArmorProfile"), {"type": "Unconfined"}, "AppArmor"),
        ((*CONTEXT, "privileged"), True, "Privileged Containers"),
        ((*CONTEXT, "allowPrivilegeEscalation"), None, "Privilege Escalation"),
        ((*CONTEXT, "capabilities"), {}, "Capabilities"),
        ((*CONTEXT, "capabilities", "add"), ["SYS_ADMIN"], "Capabilities"),
        ((*CONTEXT, "procMount"), "Unmasked", "/proc Mount Type"),
        ((*CONTEXT, "runAsUser"), 0, "Running as Non-root user"),
        ((*CONTAINER, "ports", 0, "hostPort"), 80, "Host Ports"),
        ((*CONTAINER, "livenessProbe", "httpGet", "host"), "example.com", "Host Probes / Lifecycle Hooks"),
        ((*CONTAINER, "lifecycle", "preStop"), {"httpGet": {"host": "x", "port": 1}}, "Host Probes / Lifecycle Hooks"),
        (("initContainers",), [{"name": "first"}], "Privilege Escalation"),
    ],
)
def test_each_control_of_the_standard_is_looked_at(path: tuple[Any, ...], value: Any, control: str) -> None:
    spec = copy.deepcopy(pod_of(KubernetesOptions()))
    place: Any = spec
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    assert control in violations(spec)
