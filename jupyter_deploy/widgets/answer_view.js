// What a service answered: a table, a tree, an image or text; with status, time, headers, and the lines of its log.

import { button, element, t, tabs } from "./dom.js";
import { Exact, read, write } from "./exact.js";

const ROWS = 200;
const COLUMNS = 50;
const ITEMS = 100; // of one list or object in the tree, until more are asked for

/**
 * Show an exchange.
 *
 * @param kernel the conversation. @param shown the exchange, as Python sends it. @param watch runs work and shows its error.
 */
export function answerView(kernel, shown, watch) {
  const { number, status, reason, milliseconds, size, headers, answer } = shown;
  const good = status >= 200 && status < 300;
  const summary = element("div.summary", { role: "status" }, element(good ? "strong.good" : "strong.bad", {}, `${good ? "✓" : "✗"} ${status} ${reason}`),
    ` · ${t("{time} ms", { time: milliseconds.toLocaleString() })} · ${t("{size} bytes", { size: size.toLocaleString() })}`);
  const log = element("div.lines.few", { tabindex: 0, role: "log", "aria-label": t("Log of this request") }, element("div.note", {}, t("looking…")));
  watch(async () => {
    const lines = await kernel.ask("log", { number });
    log.replaceChildren(...lines.map(([text, level]) => element(level ? `div.line.${level}` : "div.line", {}, text)));
    if (!lines.length) log.append(element("div.note", {}, t("The service wrote nothing into its log while it answered.")));
  });
  const facts = element("table.plain", {}, element("tbody", {}, headers.map(([name, value]) => element("tr", {}, element("th", { scope: "row" }, name), element("td", {}, value)))));
  return element("div.answer", {}, summary, body(answer, shown),
    element("div.bar", {}, button(t("Download the answer"), () => watch(() => download(kernel, shown)))),
    element("details", {}, element("summary", {}, t("Headers")), facts),
    element("details", { open: true }, element("summary", {}, t("Log of this request")), log));
}

function body(answer, { size }) {
  if (answer.kind === "image") return element("img", { src: `data:${answer.type};base64,${answer.data}`, alt: t("The answer, an image of type {type}", { type: answer.type }) });
  const asText = (text) => element("pre.body", { tabindex: 0 }, text);
  if (answer.kind === "text") {
    const note = answer.is_cut ? element("div.note", {}, t("The beginning of {size} bytes; the rest is in the download.", { size: size.toLocaleString() })) : null;
    return element("div", {}, note, answer.text ? asText(answer.text) : element("div.note", {}, t("The answer is empty.")));
  }
  let value;
  try {
    value = read(answer.text);
  } catch {
    return asText(answer.text); // NaN, which is no JSON
  }
  const inner = inside(value);
  const table = tableOf(inner);
  const pages = [
    table && { name: "table", label: t("Table"), make: (place) => place.append(table()) },
    inner !== null && typeof inner === "object" && !(inner instanceof Exact) && { name: "tree", label: t("Tree"), make: (place) => place.append(element("div.tree", {}, node(null, inner, true))) },
    { name: "text", label: t("Text"), make: (place) => place.append(asText(pretty(inner))) },
  ].filter(Boolean);
  const note = inner === value ? null : element("div.note", {}, t("The answer is a text that holds JSON; this is what it holds."));
  return element("div", {}, note, pages.length > 1 ? tabs(pages, t("Answer")).element : asText(pretty(inner)));
}

/** What is in a text that holds JSON, as scripts that return `json.dumps(…)` answer. */
function inside(value) {
  if (typeof value !== "string" || !/^\s*[[{]/.test(value)) return value;
  try {
    return read(value);
  } catch {
    return value;
  }
}

const pretty = (value) => {
  if (typeof value === "string") return value;
  try {
    return write(value);
  } catch {
    return t("This is nested too deeply to be shown; see the download.");
  }
};

/** The table of a list of records, of rows or of values, or of the only one in an object; null where there is none. */
function tableOf(value) {
  const list = Array.isArray(value) ? value : onlyList(value);
  if (!list?.length) return null;
  const isRecord = (item) => item !== null && typeof item === "object" && !Array.isArray(item) && !(item instanceof Exact);
  const first = list.slice(0, ROWS);
  if (first.every(isRecord)) {
    const names = [...new Set(first.flatMap((item) => Object.keys(item)))];
    return () => table(names, list, (item, name) => item[name]);
  }
  if (first.every(Array.isArray)) {
    const width = first.reduce((most, row) => Math.max(most, row.length), 0);
    return () => table(Array.from({ length: width }, (_, number) => number), list, (row, number) => row[number]);
  }
  return first.some((item) => isRecord(item) || Array.isArray(item)) ? null : () => table([""], list, (item) => item);
}

function onlyList(value) {
  const lists = value !== null && typeof value === "object" ? Object.values(value).filter(Array.isArray) : [];
  return lists.length === 1 ? lists[0] : null;
}

function table(names, list, cell) {
  const shown = names.slice(0, COLUMNS);
  const rows = list.slice(0, ROWS).map((item, number) => element("tr", {}, element("th", { scope: "row" }, String(number)),
    shown.map((name) => {
      const value = cell(item, name);
      return element(typeof value === "number" || value instanceof Exact ? "td.number" : "td", {}, value === undefined ? "" : typeof value === "string" ? value : pretty(value));
    })));
  const head = element("tr", {}, element("td.corner", { "aria-hidden": "true" }), shown.map((name) => element("th", { scope: "col" }, String(name))));
  const isCut = list.length > ROWS || names.length > COLUMNS;
  const note = t("{rows} rows × {columns} columns", { rows: list.length.toLocaleString(), columns: names.length.toLocaleString() }) + (isCut ? `; ${t("the first {rows} × {columns} are shown", { rows: rows.length, columns: shown.length })}` : "");
  return element("div.grid", {}, element("div.scroll", { tabindex: 0, role: "region", "aria-label": t("Answer as a table") }, element("table", {}, element("thead", {}, head), element("tbody", {}, rows))), element("div.note", {}, note));
}

/** A value in the tree; what is inside is made when it is opened. */
function node(key, value, isOpen = false) {
  const name = key === null ? "" : `${key}: `;
  if (value === null || typeof value !== "object" || value instanceof Exact) return element("div.leaf", {}, element("span.key", {}, name), write(value));
  const entries = Object.entries(value);
  const sign = Array.isArray(value) ? `[${entries.length.toLocaleString()}]` : `{${entries.length.toLocaleString()}}`;
  const made = element("details", { open: isOpen }, element("summary", {}, element("span.key", {}, name), element("span.muted", {}, sign)));
  let shown = 0;
  const more = element("button", { type: "button", onclick: grow });
  function grow() {
    const next = entries.slice(shown, shown + ITEMS).map(([inner, item]) => node(inner, item));
    more.remove();
    made.append(...next);
    shown += next.length;
    more.textContent = t("{count} more", { count: (entries.length - shown).toLocaleString() });
    if (shown < entries.length) made.append(more);
  }
  made.addEventListener("toggle", () => made.open && !shown && grow());
  if (isOpen) grow();
  return made;
}

async function download(kernel, { number, answer, headers }) {
  const pieces = [];
  for (let position = 0; ; ) {
    const piece = await kernel.ask("download", { number, position });
    if (!piece) break;
    pieces.push(Uint8Array.from(atob(piece), (one) => one.charCodeAt(0)));
    position += pieces.at(-1).length;
  }
  const type = Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value]))["content-type"] ?? "";
  const ending = answer.kind === "image" ? answer.type.split("/")[1].split("+")[0] : type.includes("json") ? "json" : "txt";
  const address = URL.createObjectURL(new Blob(pieces));
  element("a", { href: address, download: `answer-${number}.${ending}` }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}
