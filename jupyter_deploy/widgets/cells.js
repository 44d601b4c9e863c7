// What stands in the cells of a grid: text as it is typed, by the type of its column, as JSON and back; and cells of a spreadsheet.

import { Exact, isNumber, read, write } from "./exact.js";
import { t } from "./dom.js";

/** A JSON value as the text of a cell; null stays null. */
export function typed(value, type) {
  if (value === null || value === undefined) return null;
  if (typeof value === "string") return type === "string" || !isJson(value) ? value : JSON.stringify(value);
  return value instanceof Exact ? value.source : typeof value === "object" ? write(value) : String(value);
}

/** The text of a cell as JSON. */
export function json(text, type) {
  if (text === null) return "null";
  if (type === "string") return JSON.stringify(text);
  if (text.trim() === "") return "null";
  return isJson(text) ? text.trim() : JSON.stringify(text);
}

/** What is wrong with the text of a cell; empty where nothing is. */
export function problem(text, type) {
  if (text === null || text.trim() === "" || type === "string") return "";
  const bare = text.trim();
  if (type === "integer" && !/^-?(0|[1-9]\d*)$/.test(bare)) return t("{text} is no integer", { text: short(text) });
  if (type === "number" && !isNumber(bare)) return t("{text} is no number", { text: short(text) });
  if (type === "boolean" && !["true", "false"].includes(bare)) return t("{text} is neither true nor false", { text: short(text) });
  return "";
}

/** Cells that were copied from a spreadsheet: tabs between them, quotes around what holds tabs or line ends. */
export function pasted(text) {
  const rows = [[]];
  const cell = /(?:"((?:[^"]|"")*)"(?=[\t\r\n]|$)|([^\t\r\n]*))(\t|\r\n|\n|\r|$)/gy;
  for (let found = cell.exec(text); found; found = cell.exec(text)) {
    rows.at(-1).push(found[1] === undefined ? found[2] : found[1].replaceAll('""', '"'));
    if (found[3] === "") break;
    if (found[3] !== "\t") rows.push([]);
  }
  if (rows.at(-1).length <= 1 && !rows.at(-1)[0]) rows.pop(); // a spreadsheet ends each row with a line end
  return rows;
}

const short = (text) => `“${text.length > 30 ? `${text.slice(0, 30)}…` : text}”`;

function isJson(text) {
  try {
    read(text);
    return true;
  } catch {
    return false;
  }
}
