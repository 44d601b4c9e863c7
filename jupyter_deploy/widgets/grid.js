// An editable grid for lists of rows: arrow keys move, typing or Enter edits, Tab goes on to the next cell, cells of a spreadsheet are pasted.

import { json, pasted, problem, typed } from "./cells.js";
import { button, element, t } from "./dom.js";
import { join } from "./exact.js";

const ROWS = 200; // rows and columns that are shown; more are kept and sent
const COLUMNS = 50;

/**
 * Make a grid.
 *
 * @param label what it holds. @param kind "records" (objects), "rows" (lists) or "values" (a list of single values).
 * @param columns `{name, type}`; of "rows" those that a sample has are added.
 * @param changed called when something is.
 * @returns `{element, set, json, problems}`.
 */
export function grid(label, kind, columns, changed) {
  let rows = [];
  let given = columns; // of rows, as many as the widest has
  let at = { row: 0, column: 0 };
  let editor = null;
  const note = element("div.note", { role: "status" });
  const table = element("table", { role: "grid", "aria-label": label, "aria-description": t("Arrow keys move; typing or Enter edits; Tab goes to the next cell while editing; Escape leaves a cell as it was.") });
  const bar = element("div.bar", {}, button(t("Add row"), addRow), button(t("Remove row"), removeRow),
    ...(kind === "rows" ? [button(t("Add column"), addColumn), button(t("Remove column"), removeColumn)] : []), note);
  const place = element("div.grid", {}, element("div.scroll", {}, table), bar);
  table.addEventListener("keydown", pressed);
  table.addEventListener("paste", paste);
  table.addEventListener("click", ({ target }) => target.closest("td") && move(...position(target.closest("td"))));
  table.addEventListener("dblclick", ({ target }) => target.closest("td") && edit());
  table.addEventListener("focusin", ({ target }) => {
    if (target.matches("td")) [at.row, at.column] = position(target);
  });

  function set(value) {
    if (!Array.isArray(value)) throw new Error(t("{label} is no list", { label }));
    if (kind === "records") rows = value.map((record) => columns.map(({ name, type }) => typed(record?.[name], type)));
    else if (kind === "values") rows = value.map((item) => [typed(item, columns[0].type)]);
    else rows = value.map((row) => (Array.isArray(row) ? row : [row]).map((item) => typed(item, columns[0].type)));
    draw();
  }

  function draw() {
    editor = null;
    if (kind === "rows") widen();
    at = { row: Math.min(at.row, Math.max(rows.length - 1, 0)), column: Math.min(at.column, given.length - 1) };
    const shown = given.slice(0, COLUMNS);
    const head = element("tr", { role: "row" }, element("td.corner", { "aria-hidden": "true" }),
      shown.map(({ name, type }, number) => element("th", { scope: "col", title: type || null }, name ?? String(number))));
    const body = rows.slice(0, ROWS).map((row, number) => element("tr", { role: "row" }, element("th", { scope: "row" }, String(number)),
      shown.map(({ type }, column) => show(element("td", { role: "gridcell", tabindex: number === at.row && column === at.column ? 0 : -1 }), row[column] ?? null, type))));
    table.replaceChildren(element("thead", {}, head), element("tbody", {}, body));
    const parts = [t("{rows} rows × {columns} columns", { rows: rows.length.toLocaleString(), columns: given.length.toLocaleString() })];
    if (rows.length > ROWS || given.length > COLUMNS) parts.push(t("the first {rows} × {columns} are shown, all are sent", { rows: Math.min(ROWS, rows.length), columns: Math.min(COLUMNS, given.length) }));
    note.textContent = parts.join("; ");
  }

  function widen() {
    const width = rows.reduce((most, row) => Math.max(most, row.length), 1);
    given = Array.from({ length: width }, () => ({ type: columns[0].type }));
    for (const row of rows) while (row.length < width) row.push(null);
  }

  function show(cell, text, type) {
    const wrong = problem(text, type);
    cell.replaceChildren(text === null ? element("span.muted", {}, "null") : text);
    cell.classList.toggle("number", type === "number" || type === "integer");
    cell.toggleAttribute("aria-invalid", Boolean(wrong));
    if (wrong) cell.setAttribute("aria-invalid", "true");
    cell.title = wrong;
    return cell;
  }

  const cellAt = (row, column) => table.tBodies[0]?.rows[row]?.cells[column + 1];
  const position = (cell) => [cell.parentElement.sectionRowIndex, cell.cellIndex - 1];

  function move(row, column) {
    const next = cellAt(row, column);
    if (!next || (editor && editor.parentElement === next)) return;
    commit();
    const last = cellAt(at.row, at.column);
    if (last) last.tabIndex = -1;
    at = { row, column };
    next.tabIndex = 0;
    next.focus();
  }

  function edit(begin) {
    const cell = cellAt(at.row, at.column);
    if (!cell || editor) return;
    const name = t("row {row}, column {column}", { row: at.row, column: given[at.column].name ?? at.column });
    editor = element("input", { type: "text", value: begin ?? rows[at.row][at.column] ?? "", "aria-label": name, onblur: () => commit() });
    cell.replaceChildren(editor);
    editor.focus();
    if (begin === undefined) editor.select();
  }

  function commit(keeps = true) {
    if (!editor) return;
    const input = editor;
    editor = null;
    if (keeps) write(at.row, at.column, input.value);
    const cell = cellAt(at.row, at.column);
    const hadFocus = cell.contains(document.activeElement);
    show(cell, rows[at.row][at.column], given[at.column].type);
    if (hadFocus) cell.focus();
  }

  function write(row, column, text) {
    const wasNull = rows[row][column] === null && text === "";
    rows[row][column] = wasNull || (text === "" && given[column].type !== "string") ? null : text;
    changed();
  }

  function pressed(event) {
    const { key } = event;
    event.stopPropagation(); // the notebook's own keys
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[key];
    if (key === "Escape") commit(false);
    else if (key === "Enter") entered(event.shiftKey ? -1 : 1);
    else if (key === "Tab" && editor) next(event.shiftKey ? -1 : 1);
    else if (step && (!editor || step[0])) move(at.row + step[0], at.column + step[1]);
    else if (editor) return;
    else if (key === "Home") move(at.row, 0);
    else if (key === "End") move(at.row, Math.min(given.length, COLUMNS) - 1);
    else if (key === "F2") edit();
    else if (key === "Delete" || key === "Backspace") clear();
    else if (key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey) edit("" + key);
    else return;
    event.preventDefault();
  }

  function entered(step) {
    if (!editor) return edit();
    commit();
    move(at.row + step, at.column);
  }

  function next(step) {
    const width = Math.min(given.length, COLUMNS);
    const place = at.row * width + at.column + step;
    commit();
    if (!cellAt(Math.floor(place / width), place % width)) return;
    move(Math.floor(place / width), place % width);
    edit();
  }

  function clear() {
    if (!rows.length) return;
    rows[at.row][at.column] = given[at.column].type === "string" ? "" : null;
    show(cellAt(at.row, at.column), rows[at.row][at.column], given[at.column].type);
    changed();
  }

  function paste(event) {
    const text = event.clipboardData.getData("text/plain");
    if (editor && !/[\t\n]/.test(text)) return; // into the cell
    event.preventDefault();
    commit(false);
    const cells = pasted(text);
    if (kind === "records" && cells.length && cells[0].every((name, number) => name === given[at.column + number]?.name)) cells.shift();
    const width = kind === "rows" ? Infinity : given.length;
    cells.forEach((line, down) => {
      const row = (rows[at.row + down] ??= given.map(() => null));
      line.forEach((value, right) => {
        if (at.column + right < width) row[at.column + right] = value === "" && given[at.column + right]?.type !== "string" ? null : value;
      });
      for (let column = 0; column < row.length; column += 1) row[column] ??= null;
    });
    redraw();
  }

  function redraw() {
    draw();
    cellAt(at.row, at.column)?.focus();
    changed();
  }
  function addRow() {
    at.row = rows.length ? at.row + 1 : 0;
    rows.splice(at.row, 0, given.map(() => null));
    redraw();
  }
  function removeRow() {
    rows.splice(at.row, 1);
    redraw();
  }
  function addColumn() {
    if (!rows.length) rows.push([]);
    for (const row of rows) row.splice(at.column + 1, 0, null);
    at.column += rows[0].length > 1 ? 1 : 0;
    redraw();
  }
  function removeColumn() {
    if (given.length > 1) for (const row of rows) row.splice(at.column, 1);
    redraw();
  }

  function toJson(indent = "") {
    commit();
    const deeper = `${indent} `;
    const texts = rows.map((row) => {
      const values = given.map(({ type }, column) => json(row[column] ?? null, type));
      if (kind === "values") return values[0];
      if (kind === "rows") return `[${values.join(", ")}]`;
      return `{${columns.map(({ name }, column) => `${JSON.stringify(name)}: ${values[column]}`).join(", ")}}`;
    });
    return join(texts, "[]", kind === "values" || texts.length < 2 ? indent : deeper.slice(1));
  }

  function problems() {
    commit();
    const found = [];
    for (const [row, cells] of rows.entries()) {
      for (const [column, text] of cells.entries()) {
        const wrong = problem(text, given[column]?.type);
        if (wrong) found.push(t("{label}, row {row}, column {column}: {wrong}", { label, row, column: given[column].name ?? column, wrong }));
        if (found.length > 4) return found;
      }
    }
    return found;
  }

  draw();
  return { element: place, set, json: toJson, problems };
}
