"""The certificate of a service that answers over TLS: kept with its key in the secrets folder, and replaced while it serves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jupyter_deploy.config.certificates import REFERENCE, Certificate, CertificateProblem
from jupyter_deploy.config.options import Options
from jupyter_deploy.engine.places import certificate_name
from jupyter_deploy.errors import ConfigError
from jupyter_deploy.script import Finding
from jupyter_deploy.workspace.folder import WorkspaceFolder

FIELDS = ("ssl_cert_pem_file", "ssl_key_pem_file")


def given_certificate(service: str, options: Options) -> tuple[Options, Certificate | None]:
    """Take the content of a certificate and its key; returns the options with a reference in the place of both files.

    Raises
    ------
    ConfigError : the options refer to a certificate of another service.
    """
    files = [path for field in FIELDS if (path := getattr(options, field, None))]
    if len(files) < len(FIELDS):
        return options, None
    own = REFERENCE + certificate_name(service)
    if files[0].startswith(REFERENCE):
        if set(files) != {own}:
            raise ConfigError([f"ssl_cert_pem_file is {files[0]!r}; give the path of a certificate in PEM"])
        return options, None
    try:
        found = Certificate.read(files[0], files[1], getattr(options, "ssl_cname", ""))
    except CertificateProblem as error:  # the files have changed since they were checked
        raise ConfigError([str(error)]) from None
    return options.replaced(dict.fromkeys(FIELDS, own)), found


def provide_certificate(
    folder: WorkspaceFolder, service: str, settings: Mapping[str, Any], given: Certificate | None
) -> None:
    """Keep a certificate that was given, with the one before it, which clients trust until the change is done.

    Raises
    ------
    NotFound : none was given, and the workspace holds none.
    """
    if not settings.get("sslEnabled"):
        return
    name = certificate_name(service)
    if given is None:
        folder.secrets.get(REFERENCE + name)
        return
    former = _held(folder, service).get("certificate", "")
    content = {"certificate": given.certificate, "key": given.key, "names": list(given.names), "former": former}
    folder.secrets.put(name, content)


def warnings_of(given: Certificate | None) -> tuple[Finding, ...]:
    """Say of a certificate what clients will not like."""
    if given is None or not given.has_expired:
        return ()
    text = "the certificate has expired, and clients will refuse it"
    remedy = "Renew it, and update the service with ssl_cert_pem_file and ssl_key_pem_file."
    return (Finding("warning", "certificate-expired", 0, text, remedy, given.file),)


def trusted_certificates(folder: WorkspaceFolder, service: str) -> str:
    """The certificates (PEM) by which a client knows a service: the one in use, and the one before it."""
    held = _held(folder, service)
    return "\n".join(str(held.get(name, "")) for name in ("certificate", "former"))


def _held(folder: WorkspaceFolder, service: str) -> Mapping[str, Any]:
    reference = REFERENCE + certificate_name(service)
    held = folder.secrets.get(reference) if folder.secrets.path(reference).exists() else {}
    assert isinstance(held, dict)  # written by provide_certificate alone
    return held
