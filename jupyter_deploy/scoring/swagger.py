"""The service's swagger documents (2.0, 3.0, 3.1), made from the decorators' schemas or taken from the user's files."""

from __future__ import annotations

import json
from typing import Any

from .dialects import lowered
from .script import RunFunction, ScriptFailed, input_schema, output_schema, swagger_versions
from .settings import Settings

_OWN_FILES = {"2.0": ("swagger2.json", "swagger.json"), "3.0": ("swagger3.json",), "3.1": ("swagger3.1.json",)}
_ANYTHING = {"type": "object", "example": {}}
_ERROR = {"type": "object", "properties": {"message": {"type": "string"}}}


def documents(settings: Settings, run: RunFunction) -> dict[str, Any]:
    """Return the documents by version; a file of the user's in the app root takes the place of a made one."""
    make = {"2.0": _swagger, "3.0": _openapi_30, "3.1": _openapi_31}
    versions = [version for version in swagger_versions(run.call) if version in make]
    made = {version: make[version](settings, _schemas(run, version)) for version in versions}
    return {**made, **_own_documents(settings)}


def _schemas(run: RunFunction, version: str) -> dict[str, Any]:
    if run.hints is not None:
        input_, output = (lowered(schema, version) for schema in (run.hints.input_schema(), run.hints.output_schema()))
    elif run.kind == "schema":
        input_, output = input_schema(run.call), output_schema(run.call)
    else:
        input_, output = _ANYTHING, _ANYTHING
    return {"ServiceInput": input_, "ServiceOutput": output, "ErrorResponse": _ERROR}


def _own_documents(settings: Settings) -> dict[str, Any]:
    own: dict[str, Any] = {}
    for version, names in _OWN_FILES.items():
        path = next((settings.app_root / name for name in names if (settings.app_root / name).is_file()), None)
        if path is not None:
            try:
                own[version] = json.loads(path.read_text(encoding="utf-8"))
            except ValueError as error:
                raise ScriptFailed("start", f"{path.name} is not valid JSON: {error}; mend or remove it") from error
            if not isinstance(own[version], dict):
                raise ScriptFailed("start", f"{path.name} is not a JSON object; mend or remove it")
    return own


def _swagger(settings: Settings, schemas: dict[str, Any]) -> dict[str, Any]:
    def answer(description: str, schema: dict[str, Any]) -> dict[str, Any]:
        return {"description": description, "schema": schema}

    body = {"name": "serviceInputPayload", "in": "body", "schema": {"$ref": "#/definitions/ServiceInput"}}
    return {
        "swagger": "2.0",
        "info": _info(settings),
        "schemes": ["https", "http"],
        "consumes": ["application/json"],
        "produces": ["application/json"],
        "securityDefinitions": {"Bearer": _security()},
        "paths": _paths(settings, {"parameters": [body]}, answer, "#/definitions/"),
        "definitions": schemas,
    }


def _openapi_30(settings: Settings, schemas: dict[str, Any]) -> dict[str, Any]:
    return _openapi("3.0.3", settings, schemas)


def _openapi_31(settings: Settings, schemas: dict[str, Any]) -> dict[str, Any]:
    return _openapi("3.1.0", settings, schemas)


def _openapi(version: str, settings: Settings, schemas: dict[str, Any]) -> dict[str, Any]:
    def answer(description: str, schema: dict[str, Any]) -> dict[str, Any]:
        return {"description": description, "content": {"application/json": {"schema": schema}}}

    body = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/ServiceInput"}}}}
    return {
        "openapi": version,
        "info": _info(settings),
        "paths": _paths(settings, {"requestBody": body}, answer, "#/components/schemas/"),
        "components": {"schemas": schemas, "securitySchemes": {"Bearer": _security()}},
    }


def _info(settings: Settings) -> dict[str, str]:
    about = f"API specification for the service {settings.name}"
    if settings.workspace:
        about += f" of the workspace {settings.workspace}"
    return {"title": settings.name, "version": settings.version, "description": about}


def _security() -> dict[str, str]:
    return {"type": "apiKey", "name": "Authorization", "in": "header", "description": "For example: Bearer abc123"}


def _paths(settings: Settings, taking: dict[str, Any], answer: Any, references: str) -> dict[str, Any]:
    failure = answer("the request failed", {"$ref": references + "ErrorResponse"})

    def operation(name: str, about: str, schema: dict[str, Any], **more: Any) -> dict[str, Any]:
        answers = {"200": answer(about, schema), "default": failure}
        return {"operationId": name, "description": about, "responses": answers, **more}

    prefix = f"/{settings.path_prefix}" if settings.path_prefix else ""
    guarded: dict[str, Any] = {"security": [{"Bearer": []}]} if settings.is_guarded else {}
    output = {"$ref": references + "ServiceOutput"}
    return {
        f"{prefix}/": {"get": operation("ServiceHealthCheck", "whether the service runs", {"type": "string"})},
        f"{prefix}/score": {"post": operation("RunMLService", "what run() returned", output, **taking, **guarded)},
        f"{prefix}/swagger.json": {"get": operation("GetSwaggerSpec", "this document", {"type": "object"}, **guarded)},
    }
