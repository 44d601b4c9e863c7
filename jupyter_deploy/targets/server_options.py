"""The options that services have on all targets, and those of services that answer on this machine, under AksWebservice's names."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jupyter_deploy.config import certificates
from jupyter_deploy.config.options import Options, option

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True)
class _Address(Options):
    """Where a service of this machine answers; a base of its own, so that it is shown first."""

    port: int | None = option(
        None, json="port", alias="po", minimum=1, maximum=65535, group="Address", updatable=False,
        help="Port to listen on; a free one is chosen, and kept, when this is not set.",
    )  # fmt: skip
    host: str = option(
        "127.0.0.1", json="host", group="Address", updatable=False,
        help="Address to bind; keys are on by default when it is not a loopback address.",
    )  # fmt: skip


@dataclass(frozen=True)
class ScoringOptions(Options):
    """Options that services have wherever they run."""

    allowed_hosts: tuple[str, ...] = option(
        (), json="allowedHosts", group="Address",
        help="Host names that requests may ask for, besides 127.0.0.1, localhost, [::1] and the bound host.",
    )  # fmt: skip
    auth_enabled: bool | None = option(
        None, json="authEnabled", alias="ae", group="Access",
        help="Whether requests need a key; by default only under JupyterHub or when host is not loopback.",
    )  # fmt: skip
    token_auth_enabled: bool = option(
        False, json="tokenAuthEnabled", group="Access",
        help="Whether requests need a signed token that expires, from get_access_token; instead of keys.",
    )  # fmt: skip
    primary_key: str | None = option(
        None, json="keys.primaryKey", alias="kp", group="Access", secret=True, updatable=False,
        help="Primary key; generated when it is not given. Changed by regen_key.",
    )  # fmt: skip
    secondary_key: str | None = option(
        None, json="keys.secondaryKey", alias="ks", group="Access", secret=True, updatable=False,
        help="Secondary key; generated when it is not given. Changed by regen_key.",
    )  # fmt: skip
    ssl_enabled: bool = option(
        False, json="sslEnabled", alias="se", group="Access", updatable=False,
        help="Whether the service answers over TLS (https) and no other way; needs certificate, key and name.",
    )  # fmt: skip
    ssl_cert_pem_file: str | None = option(
        None, json="sslCertificate", alias="sp", group="Access",
        help="Path of the certificate in PEM, those of its issuers behind it; its content is kept, and an update replaces it.",
    )  # fmt: skip
    ssl_key_pem_file: str | None = option(
        None, json="sslKey", alias="sk", group="Access",
        help="Path of the certificate's private key in PEM; its content is kept in the secrets folder alone.",
    )  # fmt: skip
    ssl_cname: str | None = option(
        None, json="cname", alias="sc", group="Access", updatable=False,
        help="Host name that the certificate is for and that the service's address has.",
    )  # fmt: skip
    replica_max_concurrent_requests: int = option(
        1, json="maxConcurrentRequestsPerContainer", alias="rm", minimum=1, group="Requests",
        help="How many calls of run() may be in progress at once, spread over the workers; with more than one to a worker"
        " the script must be thread-safe.",
    )  # fmt: skip
    worker_count: int = option(
        1, json="workerCount", minimum=1, maximum=256, group="Scale",
        help="Processes that run the script, each with a model of its own; init() is called once in each.",
    )  # fmt: skip
    worker_preload: bool = option(
        False, json="workerPreload", group="Resources",
        help="Whether the workers are forked from one process that has imported the script and called init() once, so that they share"
        " the model's memory; a script that has begun threads or opened a GPU by then is refused.",
    )  # fmt: skip
    max_request_wait_time: int = option(
        500, json="maxQueueWaitMs", alias="mr", unit="ms", minimum=1, group="Requests",
        help="How long a request may wait for its turn before it is answered with 503.",
    )  # fmt: skip
    scoring_timeout_ms: int = option(
        60_000, json="scoringTimeoutMs", alias="tm", unit="ms", minimum=1, group="Requests",
        help="How long a call of run() may take; then it is answered with 504 and its worker is replaced.",
    )  # fmt: skip
    max_batch_rows: int = option(
        0, json="maxBatchRows", unit="rows", minimum=0, group="Requests",
        help="Rows of waiting requests that one call of run() may take together; 0 takes each request alone.",
    )  # fmt: skip
    max_body_mb: int = option(
        100, json="maxBodyMb", unit="MB", minimum=1, group="Requests",
        help="Largest request body; a larger one is answered with 413.",
    )  # fmt: skip
    nan_as: str = option(
        "null", json="nanAs", choices=("null", "error"), group="Requests",
        help="What becomes of NaN and infinity in a result, which JSON does not know: null, or an error (500).",
    )  # fmt: skip
    log_format: str = option(
        "text", json="logFormat", choices=("text", "json"), group="Observation",
        help="Form of the service's log; json writes one object a line.",
    )  # fmt: skip
    enable_app_insights: bool = option(
        False, json="appInsightsEnabled", alias="ai", group="Observation",
        help="Whether requests and log records are sent to Azure Monitor.",
    )  # fmt: skip
    app_insights_connection_string: str | None = option(
        None, json="appInsightsConnectionString", group="Observation", secret=True,
        help="Where Azure Monitor takes them; from APPLICATIONINSIGHTS_CONNECTION_STRING when it is not given.",
    )  # fmt: skip
    collect_model_data: bool = option(
        False, json="dataCollection.storageEnabled", alias="md", group="Observation",
        help="Whether inputs, outputs and request ids are kept.",
    )  # fmt: skip
    collect_url: str | None = option(
        None, json="dataCollection.url", group="Observation",
        help="Folder, or URL that fsspec knows, where they are kept; in the workspace when it is not set.",
    )  # fmt: skip
    collect_format: str = option(
        "csv", json="dataCollection.format", choices=("csv", "parquet"), group="Observation",
        help="Form of the files in which they are kept; parquet needs pyarrow in the environment.",
    )  # fmt: skip

    def rules(self) -> Iterable[str]:
        """A key without authentication would protect nothing; keys and tokens are two ways, not one; a certificate has to fit;
        what is switched off needs no place."""
        if self.auth_enabled and self.token_auth_enabled:
            yield "auth_enabled and token_auth_enabled are both true; choose keys or tokens, and set the other to false"
        elif self.token_auth_enabled and (self.primary_key or self.secondary_key):
            yield "a key is given, but token_auth_enabled is true and keys open nothing; leave out the key"
        elif self.auth_enabled is False and (self.primary_key or self.secondary_key):
            yield "a key is given, but auth_enabled is false; leave out the key or set auth_enabled to true"
        if self.primary_key and self.primary_key == self.secondary_key:
            yield "primary_key and secondary_key are the same; a key could not be changed without a break"
        tls = (self.ssl_cert_pem_file, self.ssl_key_pem_file, self.ssl_cname)
        yield from certificates.problems(self.ssl_enabled, *tls)
        if self.app_insights_connection_string and not self.enable_app_insights:
            yield "app_insights_connection_string is given, but enable_app_insights is false; set it to true"
        if not self.collect_model_data and (self.collect_url or self.collect_format != "csv"):
            yield "collect_url or collect_format is given, but collect_model_data is false; set it to true"
        if self.collect_url and urlsplit(self.collect_url).password:
            yield "collect_url holds a password, which would be recorded; give it as the filesystem's own variable or file"

    def collect_place(self) -> str:
        """Where data is kept, a folder by its absolute path; empty for the workspace's own."""
        given = self.collect_url or ""
        return str(Path(given).expanduser().absolute()) if given and "://" not in given else given

    def is_authenticated(self) -> bool:
        """Whether requests need a key, where the target has no default of its own that depends on its surroundings."""
        return bool(self.auth_enabled)

    def settings(self) -> dict[str, Any]:
        """The scoring server's part of ``service.json``, with defaults filled in from this process's surroundings."""
        return {
            "allowedHosts": list(self.allowed_hosts),
            "authEnabled": self.is_authenticated(),
            "tokenAuthEnabled": self.token_auth_enabled,
            "sslEnabled": self.ssl_enabled,
            "maxConcurrentRequestsPerContainer": self.replica_max_concurrent_requests,
            "maxQueueWaitMs": self.max_request_wait_time,
            "scoringTimeoutMs": self.scoring_timeout_ms,
            "workerCount": self.worker_count,
            "workerPreload": self.worker_preload,
            "maxBatchRows": self.max_batch_rows,
            "maxBodyMb": self.max_body_mb,
            "nanAs": self.nan_as,
            "logFormat": self.log_format,
            "appInsightsEnabled": self.enable_app_insights,
            "collectModelData": self.collect_model_data,
            "collectUrl": self.collect_place(),
            "collectFormat": self.collect_format,
        }


@dataclass(frozen=True)
class ServerOptions(ScoringOptions, _Address):
    """Options that the targets of this machine share."""

    cpu_cores: float | None = option(
        None, json="containerResourceRequirements.cpu", alias="cc", unit="cores", above=0, group="Resources",
        help="CPU request: a weight against other services where the system allows it, never a cap.",
    )  # fmt: skip
    memory_gb: float | None = option(
        None, json="containerResourceRequirements.memoryInGB", alias="gb", unit="GB", above=0, group="Resources",
        help="Memory limit of one generation of the service (front and workers together); none when it is not set.",
    )  # fmt: skip

    def is_authenticated(self) -> bool:
        """Whether requests need a key, with the default filled in (design: loopback is not private)."""
        if self.auth_enabled is not None or self.token_auth_enabled:
            return super().is_authenticated()
        return "JUPYTERHUB_API_TOKEN" in os.environ or self.host not in LOOPBACK

    def settings(self) -> dict[str, Any]:
        """The scoring server's part of ``service.json``, with defaults filled in from this process's surroundings."""
        return {"host": self.host, "port": self.port or 5001, **super().settings()}
