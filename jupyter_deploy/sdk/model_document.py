"""A model as a document, in the original's keys."""

from __future__ import annotations

from typing import Any

from jupyter_deploy.workspace.records import ModelRecord


def document(record: ModelRecord) -> dict[str, Any]:
    """Return a model as a JSON document (azureml-v1 1.2)."""
    return {
        "name": record.name, "id": record.id, "version": record.version, "framework": record.framework,
        "frameworkVersion": record.framework_version, "createdTime": record.created_time.isoformat(),
        "createdBy": record.created_by, "tags": record.tags, "properties": record.properties,
        "description": record.description, "experimentName": record.experiment_name, "runId": record.run_id,
        "resourceConfiguration": record.resource_configuration, "size": record.size,
        "files": [{"path": file.path, "sha256": file.sha256, "size": file.size} for file in record.files],
        "python": record.python, "packages": record.packages, "source": record.source, "trusted": list(record.trusted),
        "sampleInput": record.sample,
    }  # fmt: skip
