"""Models keep a sample of their input."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the column."""
    op.add_column("models", sa.Column("sample", sa.JSON()))
