"""Reads a kubeconfig: which context is meant, what has to run for its credentials, and the settings of a connection."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_deploy.errors import TargetError
from jupyter_deploy.targets.kubernetes.plug_ins import PlugIn, shown

if TYPE_CHECKING:
    from kubernetes.client import Configuration

_USUAL = "~/.kube/config"
_REMEDY = "mend it, or attach the cluster with another kubeconfig or context"


def paths_of(given: str | Path | None) -> str:
    """The whole path of a kubeconfig, or of several as in $KUBECONFIG: of the given one, else of kubectl's own."""
    text = str(given or os.environ.get("KUBECONFIG") or _USUAL)
    return os.pathsep.join(str(Path(each).expanduser().absolute()) for each in text.split(os.pathsep) if each)


def contexts_of(paths: str) -> tuple[list[str], str]:
    """The names of a kubeconfig's contexts, and that of its current one, which may be empty.

    Raises
    ------
    TargetError : there is no such file, or it is no kubeconfig.
    """
    config, current = _read(paths)
    try:
        return [str(each.value["name"]) for each in config.value["contexts"]], current
    except (AttributeError, KeyError, TypeError):
        raise _unlike(paths) from None


class Context:
    """A context of a kubeconfig.

    Parameters
    ----------
    paths : of the file, or of several as in $KUBECONFIG. name : of the context; empty for the current one.

    Attributes
    ----------
    namespace : that it names; empty where it names none.
    command : what runs to get its credentials, as one line; empty where nothing does.
    is_insecure : whether anyone may stand in for the cluster, as its certificate is not checked.

    Raises
    ------
    TargetError : there is no such file, it is no kubeconfig, or has no such context.
    """

    def __init__(self, paths: str, name: str = "") -> None:
        self._paths = paths
        self._config, current = _read(paths)
        try:
            contexts = {each.value["name"]: each.value["context"] for each in self._config.value["contexts"]}
            self.name = _chosen(paths, name or current, list(contexts))
            about = contexts[self.name]
            self._user = self._entry("users", about.get("user"))
            cluster = self._entry("clusters", about["cluster"])
            self._fixed = dict(self._user.value["user"] or {}) if self._user else {}
            self._plug_in = self._plug_in_of(cluster)
            self.namespace: str = about.get("namespace") or ""
            self.command = self._plug_in.line if self._plug_in else _older_command(self._fixed)
            self.is_insecure = bool(cluster.value["cluster"].get("insecure-skip-tls-verify"))
        except (AttributeError, KeyError, TypeError):
            raise _unlike(paths) from None

    @property
    def fingerprint(self) -> str:
        """A hash of the command, to know it again; empty where there is none."""
        return hashlib.sha256(self.command.encode()).hexdigest() if self.command else ""

    def settings(self) -> Configuration:
        """Run what has to run for the credentials, and return the client's settings of a connection.

        Raises
        ------
        TargetError : what the file names cannot be had, or the command failed.
        """
        from kubernetes.client import Configuration
        from kubernetes.config import ConfigException
        from kubernetes.config.kube_config import KubeConfigLoader

        if self._plug_in:  # run by us, since the client only logs its failure, and goes on without credentials
            self._user.value["user"] = {**self._fixed, **self._plug_in.credentials()}
        settings = Configuration()
        try:
            loader = KubeConfigLoader(self._config, active_context=self.name, config_base_path=None)  # type: ignore[no-untyped-call]
            loader.load_and_set(settings)  # type: ignore[no-untyped-call]
        except (ConfigException, OSError, ValueError, TypeError, AttributeError) as error:
            words = str(error).partition("{")[0]  # behind it the client quotes the file, secrets and all
            raise TargetError(
                f"the context '{self.name}' of {self._paths} cannot be used: {words}", remedy=_REMEDY
            ) from None
        if self._plug_in:
            settings.refresh_api_key_hook = self._plug_in.renew  # type: ignore[assignment]  # it is None in the class
        return settings

    def _entry(self, kind: str, name: str | None) -> Any:
        return next((each for each in self._config.value[kind] if each.value["name"] == name), None)

    def _plug_in_of(self, cluster: Any) -> PlugIn | None:
        if self._fixed.keys() & {"token", "tokenFile", "auth-provider"} or "exec" not in self._fixed:
            return None
        user, self._fixed = self._user["user"], {key: value for key, value in self._fixed.items() if key != "exec"}
        return PlugIn(user, cluster["cluster"], os.path.dirname(self._user.path or ""))  # noqa: PTH120  (of a text)


def _read(paths: str) -> tuple[Any, str]:
    """The merged file as the client reads it, and the name of its current context: that of the first file that names one."""
    from kubernetes.config import ConfigException
    from kubernetes.config.kube_config import KubeConfigMerger
    from yaml import YAMLError

    try:
        if not any(Path(each).exists() for each in paths.split(os.pathsep)):
            raise TargetError(
                f"there is no kubeconfig at {paths}", remedy="name the file as kubeconfig, or attach the cluster anew"
            )
        merger = KubeConfigMerger(paths)  # type: ignore[no-untyped-call]
        named = [each.get("current-context") for each in merger.config_files.values()]
    except OSError as error:
        raise TargetError(f"the kubeconfig {paths} cannot be read: {error.strerror}", remedy=_REMEDY) from None
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark else ""
        raise TargetError(f"the kubeconfig {paths} is no YAML{where}", remedy=_REMEDY) from None
    except (ConfigException, AttributeError, KeyError, TypeError, ValueError):
        raise _unlike(paths) from None
    return merger.config, next(filter(None, named), "")


def _chosen(paths: str, name: str, known: list[str]) -> str:
    if name in known:
        return name
    what = f"has no context '{name}'" if name else "names no current context"
    raise TargetError(
        f"the kubeconfig {paths} {what}", f"It has {', '.join(known) or 'none'}.", "name one of them as context"
    )


def _unlike(paths: str) -> TargetError:
    return TargetError(
        f"{paths} is no kubeconfig: it has not the clusters, contexts and users that kubectl writes", remedy=_REMEDY
    )


def _older_command(user: dict[str, Any]) -> str:
    """What runs for a user of the kind that plug-ins replaced; the client still runs it."""
    about = (user.get("auth-provider") or {}).get("config") or {}
    return (
        shown([*str(about["cmd-path"]).split(), *str(about.get("cmd-args", "")).split()]) if "cmd-path" in about else ""
    )
