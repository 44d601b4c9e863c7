"""``/docs``: the swagger document as a page that needs no network and runs no script."""

from __future__ import annotations

import html
import json
from typing import Any

_STYLE = "body{font:16px/1.5 sans-serif;max-width:50em;margin:2em auto;padding:0 1em}pre{background:#f4f4f4;padding:1em;overflow:auto}"


def render(document: dict[str, Any], name: str) -> str:
    """Return the page.

    Parameters
    ----------
    document : a swagger document of any version; a user's own may hold anything.
    name : the service's name.
    """
    parts = [f"<h1>{html.escape(name)}</h1>"]
    paths = document.get("paths")
    for path, operations in paths.items() if isinstance(paths, dict) else []:
        for method, operation in operations.items() if isinstance(operations, dict) else []:
            about = operation.get("description", "") if isinstance(operation, dict) else ""
            parts.append(f"<h2>{html.escape(f'{method.upper()} {path}')}</h2><p>{html.escape(str(about))}</p>")
    for schema, content in _schemas(document).items():
        text = json.dumps(content, indent=2, ensure_ascii=False)
        parts.append(f"<h2>{html.escape(str(schema))}</h2><pre>{html.escape(text)}</pre>")
    body = "\n".join(parts)
    title = html.escape(name)
    return f"<!doctype html><html><head><meta charset=utf-8><title>{title}</title><style>{_STYLE}</style></head><body>{body}</body></html>"


def _schemas(document: dict[str, Any]) -> dict[str, Any]:
    components = document.get("components")
    found = components.get("schemas") if isinstance(components, dict) else document.get("definitions")
    return found if isinstance(found, dict) else {}
