"""The router: a small Deployment of nginx that shares requests between the versions of a service, where these run side by side."""

from __future__ import annotations

import hashlib
import http.client
import json
from collections.abc import Iterator, Mapping

from jupyter_deploy.images.dockerfile import PORT
from jupyter_deploy.targets.kubernetes.kinds import Object
from jupyter_deploy.targets.kubernetes.manifests import Plan, pull_secret_name
from jupyter_deploy.targets.kubernetes.names import CONTAINER, all_labels, pod_labels, router_name
from jupyter_deploy.targets.kubernetes.pods import CONFINED, DRAIN_SECONDS, unprivileged
from jupyter_deploy.targets.kubernetes.reach import BOUND
from jupyter_deploy.targets.kubernetes.running import TRAFFIC
from jupyter_deploy.targets.shares import ALL, HEADER, Traffic

IMAGE = "nginx:1.28"
"""The public image of the router, where the options name no other."""
HEALTH_PORT = 5002
"""At which it says that it runs: a path of the service's own port would be the service's."""
_CONFIG = "/etc/router"
_LONGEST_ANSWER = 3600
"""Seconds that an answer may take: the versions themselves end theirs earlier."""
ENDING_SECONDS = 300
"""That a router's pod takes at most to end, for the answers that it still waits for."""
_PROGRESS_SECONDS = 120
"""That its pods may take to come up, with the pulling of the image."""
_RESOURCES = {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "256Mi"}}

_MAIN = """\
daemon off;
worker_processes 2;
error_log /dev/stderr warn;
pid /tmp/nginx.pid;
events {{
    worker_connections 4096;
}}
http {{
    access_log off;
    server_tokens off;
    default_type text/plain;
    client_body_temp_path /tmp/client;
    proxy_temp_path /tmp/proxy;
    fastcgi_temp_path /tmp/fastcgi;
    uwsgi_temp_path /tmp/uwsgi;
    scgi_temp_path /tmp/scgi;

    # what is allowed is for the versions to say
    client_max_body_size 0;
    large_client_header_buffers 4 64k;
    underscores_in_headers on;
    ignore_invalid_headers off;

    # a connection of its own for each request, so that none goes to one which its pod is just closing
    proxy_http_version 1.1;
    proxy_set_header Host $http_host;
    proxy_request_buffering off;
    proxy_buffering off;
    proxy_buffer_size 64k;
    proxy_buffers 4 64k;
    proxy_connect_timeout 5s;
    proxy_read_timeout {longest}s;
    proxy_send_timeout {longest}s;
    {keepalive}

    split_clients $request_id $shared {{
{shares}
    }}
    map $http_{header} $version {{
        default "";
        "" $shared;
{named}
    }}
{mirrors}
    server {{
        listen {port};
        location / {{
            if ($version = "") {{
                return 404 "no version $http_{header} runs here: {header_name} takes {numbers}\\n";
            }}
            if (-f /tmp/ending) {{
                return 418;
            }}
            error_page 418 = @ending;
{copies}            proxy_pass http://$version;
        }}
        location @ending {{
            keepalive_timeout 0;  # this connection closes, as this pod does
{copies}            proxy_pass http://$version;
        }}
{copied}    }}
    server {{
        listen {health_port};
        return 200 "ok\\n";
    }}
}}
"""
_MIRROR = """\
    split_clients "{version} $request_id" $drawn_{version} {{
        {percent} "{address}";
{rest}    }}
    map $http_{header} $mirror_{version} {{
        default "";
        "" $drawn_{version};
    }}
"""
_COPIED = """\
        location = /.mirror-{version} {{
            internal;
            if ($mirror_{version} = "") {{
                return 204;
            }}
            proxy_pass http://$mirror_{version}$request_uri;
        }}
"""
_END = """\
touch /tmp/ending  # from now on each answer says that its connection ends
sleep {drain}  # until every node has learnt to send nothing here
nginx -c {config}/nginx.conf -e stderr -s quit
while [ -e /tmp/nginx.pid ]; do sleep 0.2; done
"""


def nginx_conf(traffic: Traffic, addresses: Mapping[int, str]) -> str:
    """The configuration of nginx.

    Parameters
    ----------
    traffic : how requests are shared. addresses : host and port of each version.
    """
    mirrored = sorted(version for version, percent in traffic.mirror.items() if percent)
    header = HEADER.replace("-", "_")
    return _MAIN.format(
        longest=_LONGEST_ANSWER, port=PORT, health_port=HEALTH_PORT, header=header, header_name=HEADER,
        # nginx begins with the next request of a connection when the copy of the last one is answered: so there is none
        keepalive=f"keepalive_timeout {0 if mirrored else 75}s;",
        shares="\n".join(f"        {line}" for line in _shares(traffic, addresses)),
        named="\n".join(f'        "{version}" "{addresses[version]}";' for version in traffic.versions),
        numbers=", ".join(map(str, traffic.versions)),
        mirrors="".join(_mirror(version, traffic.mirror[version], addresses[version], header) for version in mirrored),
        copies="".join(f"            mirror /.mirror-{version};\n" for version in mirrored),
        copied="".join(_COPIED.format(version=version) for version in mirrored),
    )  # fmt: skip


def _mirror(version: int, percent: int, address: str, header: str) -> str:
    drawn, rest = (f"{percent}%", '        * "";\n') if percent < ALL else ("*", "")
    return _MIRROR.format(version=version, percent=drawn, rest=rest, address=address, header=header)


def _shares(traffic: Traffic, addresses: Mapping[int, str]) -> Iterator[str]:
    *others, last = sorted(version for version, percent in traffic.shares.items() if percent)
    for version in others:
        yield f'{traffic.shares[version]}% "{addresses[version]}";'
    yield f'* "{addresses[last]}";'


def answers_at(host: str, port: int) -> bool | None:
    """Whether a router answers at an address, and not a version itself; None where nothing does."""
    connection = http.client.HTTPConnection(host, port, timeout=2, source_address=BOUND)
    try:
        connection.request(
            "GET", "/", headers={HEADER: "0"}
        )  # a version that there never is: to who is one the header says nothing
        return connection.getresponse().status == http.HTTPStatus.NOT_FOUND
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def router(plan: Plan, traffic: Traffic, addresses: Mapping[int, str]) -> list[Object]:
    """The router's objects: what it is told, under a name of its content, and its Deployment.

    Parameters
    ----------
    plan : of the version that the service returns to.
    """
    files = {"nginx.conf": nginx_conf(traffic, addresses), "end.sh": _END.format(drain=DRAIN_SECONDS, config=_CONFIG)}
    digest = hashlib.sha256(json.dumps(files).encode()).hexdigest()[:10]
    config = plan.about(f"{router_name(plan.place)}-{digest}")
    return [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": config, "data": files},
        _deployment(plan, traffic, str(config["name"])),
    ]


def _deployment(plan: Plan, traffic: Traffic, config: str) -> Object:
    name = router_name(plan.place)
    labels = pod_labels(plan.place, name)
    shown = {key: value for key, value in all_labels(plan.place).items() if key.startswith("app.")}
    spec = {
        "replicas": 2 if plan.is_many else 1,
        "revisionHistoryLimit": 2,
        "progressDeadlineSeconds": _PROGRESS_SECONDS,
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": {**shown, **labels}}, "spec": _pod(plan, config)},
    }
    annotations = {TRAFFIC: json.dumps(traffic.to_json())}
    about = plan.about(name, annotations=annotations)
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": about, "spec": spec}


def _pod(plan: Plan, config: str) -> Object:
    container = {
        "name": CONTAINER,
        "image": plan.options.router_image or IMAGE,
        "imagePullPolicy": "IfNotPresent",
        "command": ["nginx", "-c", f"{_CONFIG}/nginx.conf", "-e", "stderr"],
        "ports": [{"name": "http", "containerPort": PORT, "protocol": "TCP"}],
        "resources": _RESOURCES,
        "readinessProbe": {"httpGet": {"path": "/", "port": HEALTH_PORT}, "periodSeconds": 1, "failureThreshold": 1},
        "livenessProbe": {"httpGet": {"path": "/", "port": HEALTH_PORT}, "periodSeconds": 10},
        "lifecycle": {"preStop": {"exec": {"command": ["sh", f"{_CONFIG}/end.sh"]}}},
        "securityContext": CONFINED,
        "volumeMounts": [
            {"name": "config", "mountPath": _CONFIG, "readOnly": True},
            {"name": "memory", "mountPath": "/tmp"},  # noqa: S108  (the pod's own)
        ],
    }
    return {
        **unprivileged(plan.name, pull_secret_name(plan)),
        "terminationGracePeriodSeconds": DRAIN_SECONDS + ENDING_SECONDS,
        "containers": [container],
        "volumes": [{"name": "config", "configMap": {"name": config}}, {"name": "memory", "emptyDir": {}}],
    }
