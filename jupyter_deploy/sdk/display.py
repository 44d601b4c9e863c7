"""How objects show themselves: lists as tables, everything as text and HTML, escaped, and without secrets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import pandas

Item = TypeVar("Item")

PAGE = 50
"""How many rows a list shows of itself."""


class Table(list[Item]):
    """A list that shows itself as a table and becomes a DataFrame with :meth:`to_frame`.

    Parameters
    ----------
    items : what it holds; each has a method ``row()`` that gives column to value.
    empty : what to say when there is nothing, and what to do first.
    page : how many rows it shows of itself; what is left out is said below them.
    total : how many there are with those that it does not hold; None where it holds all.
    rest : how those are listed that it does not hold.

    Attributes
    ----------
    live : shows it in a notebook while its kernel lives; None where it is shown as it is.
    """

    def __init__(
        self,
        items: Iterable[Item],
        empty: str = "nothing",
        *,
        page: int = PAGE,
        total: int | None = None,
        rest: str = "",
    ) -> None:
        super().__init__(items)
        self.total = len(self) if total is None else total
        self.rest = rest
        self.live: Callable[[], None] | None = None
        self._empty, self._page = empty, page

    @property
    def _ipython_display_(self) -> Callable[[], None] | None:
        return self.live

    @property
    def remark(self) -> str:
        """What is not shown, and how to see it; empty where all is."""
        shown = min(len(self), self._page)
        if shown == self.total:
            return ""
        how = self.rest if self.total > len(self) else "to_frame() has all of them"
        return f"{shown:,} of {self.total:,}; {how}"

    def rows(self, count: int | None = None) -> list[dict[str, Any]]:
        """One mapping of column to value for each item, or for the first so many."""
        return [item.row() for item in self[:count]]  # type: ignore[attr-defined]  # the items' one duty here

    def to_frame(self) -> pandas.DataFrame:
        """The same as a pandas DataFrame, one row for each item."""
        import pandas

        frame: pandas.DataFrame = pandas.DataFrame(self.rows())
        return frame

    def __repr__(self) -> str:
        table = text_table(self.rows(self._page)) if self else self._empty
        return "\n".join(filter(None, (table, self.remark)))

    def _repr_html_(self) -> str:
        if not self:
            return f"<em>{escape(self._empty)}</em>"
        remark = f"<p>{escape(self.remark)}</p>" if self.remark else ""
        return html_table(self.rows(self._page)) + remark


def shown(value: Any) -> str:
    """A value as one cell of a table."""
    if value is None:
        return ""
    if isinstance(value, Mapping):
        return ", ".join(f"{key}={item}" for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    return str(value)


def human_size(size: int) -> str:
    """Bytes for a person.

    >>> human_size(1_500_000)
    '1.5 MB'
    """
    value = float(size)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"


def progress_printer() -> Callable[[int, int], None]:
    """Print progress in steps of ten per cent; the store calls it for large files only."""
    shown = -1

    def show(done: int, total: int) -> None:
        nonlocal shown
        tenth = 10 * done // max(total, 1)
        if tenth != shown:
            shown = tenth
            print(f"  {human_size(done)} of {human_size(total)}")  # noqa: T201  (what the person waits for)

    return show


def text_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows as text, columns aligned."""
    columns = list(rows[0])
    cells = [columns, *([shown(row[column]) for column in columns] for row in rows)]
    widths = [max(len(line[index]) for line in cells) for index in range(len(columns))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells)
    return "\n".join(lines)


def html_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows as an HTML table, everything escaped."""
    head = "".join(f"<th style='text-align:left'>{escape(column)}</th>" for column in rows[0])
    body = "".join(
        "<tr>"
        + "".join(f"<td style='text-align:left'>{_linked(shown(value))}</td>" for value in row.values())
        + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def html_facts(title: str, facts: Mapping[str, Any]) -> str:
    """A title and a two-column table of facts, everything escaped."""
    rows = "".join(
        f"<tr><td style='text-align:left'><b>{escape(name)}</b></td>"
        f"<td style='text-align:left'>{_linked(shown(value))}</td></tr>"
        for name, value in facts.items()
        if value not in (None, "", {}, [], ())
    )
    return f"<div><b>{escape(title)}</b><table>{rows}</table></div>"


def _linked(text: str) -> str:
    safe = escape(text)
    if text.startswith(("http://", "https://")) and " " not in text:
        return f'<a href="{safe}" target="_blank" rel="noopener">{safe}</a>'
    return safe
