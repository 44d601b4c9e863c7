"""How databases of earlier releases become the present one: one file per step in ``versions``, applied by alembic."""
