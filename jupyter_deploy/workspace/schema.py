"""The tables, as they are now. A change here needs a migration beside it; a test compares the two."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import sqlalchemy as sa

from jupyter_deploy.workspace.dialects import BIG

metadata = sa.MetaData()


class UtcTime(sa.TypeDecorator[datetime]):
    """An aware datetime, kept as ISO text in UTC, which sorts as it reads."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: sa.Dialect) -> str | None:
        """The text that is kept."""
        return None if value is None else value.astimezone(timezone.utc).isoformat(timespec="microseconds")

    def process_result_value(self, value: Any, _dialect: sa.Dialect) -> datetime | None:
        """The datetime that was kept."""
        return None if value is None else datetime.fromisoformat(value)


class TextTuple(sa.TypeDecorator[tuple[str, ...]]):
    """A tuple of texts, kept as a JSON list."""

    impl = sa.JSON
    cache_ok = True

    def process_bind_param(self, value: tuple[str, ...] | None, _dialect: sa.Dialect) -> list[str]:
        """The list that is kept."""
        return list(value or ())

    def process_result_value(self, value: Any, _dialect: sa.Dialect) -> tuple[str, ...]:
        """The tuple that was kept."""
        return tuple(value)


models = sa.Table(
    "models",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("created_time", UtcTime, nullable=False),
    sa.Column("created_by", sa.Text, nullable=False),
    sa.Column("root", sa.Text, nullable=False),
    sa.Column("is_folder", sa.Boolean, nullable=False),
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("tags", sa.JSON, nullable=False),
    sa.Column("properties", sa.JSON, nullable=False),
    sa.Column("framework", sa.Text),
    sa.Column("framework_version", sa.Text),
    sa.Column("run_id", sa.Text),
    sa.Column("experiment_name", sa.Text),
    sa.Column("resource_configuration", sa.JSON(none_as_null=True)),
    sa.Column("python", sa.Text, nullable=False),
    sa.Column("packages", sa.JSON, nullable=False),
    sa.Column("source", sa.JSON, nullable=False),
    sa.Column("imports", TextTuple, nullable=False),
    sa.Column("trusted", TextTuple, nullable=False),
    sa.Column("sample", sa.JSON(none_as_null=True)),
)

model_files = sa.Table(
    "model_files",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("path", sa.Text, primary_key=True),
    sa.Column("sha256", sa.Text, nullable=False, index=True),
    sa.Column("size", BIG, nullable=False),
    sa.ForeignKeyConstraint(["name", "version"], ["models.name", "models.version"], ondelete="CASCADE"),
)

# The highest version ever given, kept apart from the models, so that a deleted version's number never comes back.
model_counters = sa.Table(
    "model_counters",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("last", sa.Integer, nullable=False),
)

services = sa.Table(
    "services",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("target", sa.Text, nullable=False),
    sa.Column("created_time", UtcTime, nullable=False),
    sa.Column("updated_time", UtcTime, nullable=False),
    sa.Column("created_by", sa.Text, nullable=False),
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("tags", sa.JSON, nullable=False),
    sa.Column("properties", sa.JSON, nullable=False),
    sa.Column("scoring_uri", sa.Text),
    sa.Column("current", sa.Integer),
    sa.Column("options", sa.JSON, nullable=False),
    sa.Column("desired", sa.Text, nullable=False),
    sa.Column("error", sa.Text),
    sa.Column("served", sa.Boolean, nullable=False),
    sa.Column("home", sa.Text),
    sa.Column("host", sa.Text),
)

versions = sa.Table(
    "versions",
    metadata,
    sa.Column("service", sa.Text, sa.ForeignKey("services.name", ondelete="CASCADE"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("bundle", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("models", TextTuple, nullable=False),
    sa.Column("request", sa.JSON, nullable=False),
    sa.Column("created_time", UtcTime, nullable=False),
    sa.Column("operation", sa.Text, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("served_time", UtcTime),
    sa.Column("error", sa.Text),
)

operations = sa.Table(
    "operations",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("service", sa.Text, nullable=False, index=True),
    sa.Column("created_time", UtcTime, nullable=False),
    sa.Column("ended_time", UtcTime),
    sa.Column("outcome", sa.Text),
    sa.Column("error", sa.Text),
)

environments = sa.Table(
    "environments",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("document", sa.JSON, nullable=False),
    sa.Column("created_time", UtcTime, nullable=False),
)

computes = sa.Table(
    "computes",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("created_time", UtcTime, nullable=False),
    sa.Column("document", sa.JSON, nullable=False),
)

# Of records that a team shares: the id under which their files lie in the store ("store") and the store's address ("files").
about = sa.Table(
    "about",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)
