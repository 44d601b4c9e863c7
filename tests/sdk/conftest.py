from __future__ import annotations

from tests.services import shared as shared
