// A live table: all rows are here, so that filtering and sorting wait for nobody; fifty of them are on the page.

import { busyPlace, button, element, errorPlace, t, view } from "./dom.js";
import { talk } from "./talk.js";

const PAGE = 50;
const SIGN = 60000; // milliseconds between two signs that the table is still open
const NEWEST = "created";

const text = (cell) => (Array.isArray(cell) ? cell[1] : cell === null ? "" : String(cell));
const order = (cell) => (Array.isArray(cell) ? cell[0] : cell === null ? "" : cell);
const words = new Intl.Collator(undefined, { numeric: true });
const inOrder = (one, other) => (typeof one === "number" && typeof other === "number" ? one - other : words.compare(one, other));

/**
 * Draw the table.
 *
 * @param el where. @param model the front end's. @param name what is in it. @param part of the view that answers for its rows.
 * @returns how it is taken away.
 */
export function table(el, model, name, part) {
  const errors = errorPlace();
  const busy = busyPlace();
  const kernel = talk(model, part, busy.set);
  const state = { facts: null, rows: new Map(), told: [], sort: null, isDown: true, page: 0, chosen: [] };

  const filter = element("input", { type: "search", placeholder: t("Filter"), "aria-label": t("Filter {name}", { name: t(name) }), oninput: filtered, onkeydown: (event) => event.stopPropagation() });
  const note = element("span.note", { role: "status" }, t("reading…"));
  const previous = element("button", { type: "button", onclick: () => turned(-1) }, t("Previous"));
  const next = element("button", { type: "button", onclick: () => turned(1) }, t("Next"));
  const pages = element("span.bar", { hidden: true }, previous, next);
  const compare = element("button", { type: "button", onclick: compared }, t("Compare"));
  const head = element("thead");
  const body = element("tbody");
  const grid = element("div.scroll.rows", { hidden: true, tabindex: 0, role: "region", "aria-label": t(name) }, element("table", { "aria-label": t(name) }, head, body));
  const empty = element("p", { hidden: true });
  const comparison = element("section", { hidden: true, "aria-label": t("Comparison") });
  const bar = element("div.bar", {}, filter, pages, note);
  el.replaceChildren(element("div.jupyter-deploy.table", { "data-lm-suppress-shortcuts": "true" }, bar, busy.element, errors.element, empty, grid, comparison));

  kernel.told("changed", (message) => {
    if (!state.facts) state.told.push(message);
    else if (message.count > state.count) changed(message);
  });
  kernel.told("failed", ({ error }) => errors.show(error));
  kernel.told("lost", () => (note.textContent = t("The kernel is gone; what is shown here stays as it is.")));

  async function opened() {
    try {
      const facts = await kernel.ask("rows");
      Object.assign(state, { facts, count: facts.count });
      for (const [key, cells] of facts.rows) put(key, cells);
      sortedBy(facts.columns.indexOf(NEWEST), true);
      headed();
      for (const message of state.told) if (message.count > state.count) changed(message);
      draw();
    } catch (error) {
      errors.show(error);
    }
  }

  function put(key, cells) {
    const row = state.rows.get(key) ?? { key, line: null };
    state.rows.set(key, Object.assign(row, { cells, words: cells.map(text).join("\n").toLowerCase() }));
    if (row.line) filled(row);
  }

  function changed({ rows, gone, count }) {
    state.count = count;
    for (const [key, cells] of rows) put(key, cells);
    for (const key of gone) state.rows.delete(key);
    state.chosen = state.chosen.filter((key) => state.rows.has(key));
    errors.clear();
    draw();
  }

  function headed() {
    const { columns, compares, opens } = state.facts;
    if (compares) bar.insertBefore(compare, note);
    state.heads = columns.map((label, index) => element("th", { scope: "col" }, element("button.sort", { type: "button", onclick: () => {
      sortedBy(index, state.sort === index ? !state.isDown : label === NEWEST);
      draw();
    } }, t(label), element("span", { "aria-hidden": "true" }))));
    head.replaceChildren(element("tr", {}, compares ? element("th", { scope: "col" }, t("compare")) : null, state.heads, opens ? element("th", { scope: "col" }, t("card")) : null));
  }

  function sortedBy(index, isDown) {
    Object.assign(state, { sort: index, isDown, page: 0 });
  }

  /** The rows that fit the filter, in order. */
  function fitting() {
    const wanted = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = [...state.rows.values()].filter((row) => wanted.every((word) => row.words.includes(word)));
    const sign = state.isDown ? -1 : 1;
    return found.sort((one, other) => sign * inOrder(order(one.cells[state.sort]), order(other.cells[state.sort])) || inOrder(one.key, other.key));
  }

  function draw() {
    const found = fitting();
    const last = Math.max(0, Math.ceil(found.length / PAGE) - 1);
    state.page = Math.min(state.page, last);
    const begin = state.page * PAGE;
    placed(found.slice(begin, begin + PAGE));
    state.heads.forEach((made, index) => {
      const isSorted = index === state.sort;
      made.setAttribute("aria-sort", isSorted ? (state.isDown ? "descending" : "ascending") : "none");
      made.querySelector("span").textContent = isSorted ? (state.isDown ? " ▼" : " ▲") : "";
    });
    pages.hidden = last === 0;
    usable(previous, state.page > 0);
    usable(next, state.page < last);
    usable(compare, state.chosen.length === 2);
    compare.title = state.chosen.length === 2 ? "" : t("choose two versions first");
    grid.hidden = !found.length;
    empty.hidden = found.length > 0;
    if (!found.length) empty.replaceChildren(...hint());
    note.textContent = counted(found.length, begin);
  }

  function counted(fit, begin) {
    const values = { from: begin + 1, to: Math.min(begin + PAGE, fit), fit: fit.toLocaleString(), all: state.rows.size.toLocaleString() };
    if (!state.rows.size) return "";
    const which = fit === state.rows.size ? t("{all} in all", values) : t("{fit} of {all} fit", values);
    return fit > PAGE ? t("{from}–{to}; ", values) + which : which;
  }

  function hint() {
    if (state.rows.size) return [t("Nothing fits the filter.")];
    const [said, line] = state.facts.empty;
    return [t(said), " ", element("code", {}, line)];
  }

  /** Put lines into the body as they are wanted; a line that stays where it is is not touched, so that it keeps the focus. */
  function placed(rows) {
    const focus = document.activeElement;
    rows.forEach((row, index) => {
      row.line ??= lined(row);
      if (body.children[index] !== row.line) body.insertBefore(row.line, body.children[index] ?? null);
    });
    while (body.children.length > rows.length) body.lastChild.remove();
    for (const row of state.rows.values()) if (row.line && !row.line.isConnected && grid.isConnected) row.line = null;
    if (focus !== document.activeElement && focus?.isConnected) focus.focus();
  }

  function lined(row) {
    const { columns, compares, opens } = state.facts;
    const box = compares && element("td", {}, element("input", { type: "checkbox", checked: state.chosen.includes(row.key), "aria-label": t("compare {key}", { key: row.key }), onchange: (event) => chose(row.key, event.target.checked) }));
    row.places = columns.map(() => element("div.clip"));
    const places = row.places.map((place, index) => element(index ? "td" : "th", index ? {} : { scope: "row" }, place));
    const open = opens && element("td", {}, button(t("Open"), () => guarded(() => kernel.ask("open", { name: row.key })), { "aria-label": t("Open {key}", { key: row.key }) }));
    row.line = element("tr", {}, box, places, open);
    filled(row);
    return row.line;
  }

  function filled(row) {
    row.cells.forEach((cell, index) => {
      const place = row.places[index];
      if (place.textContent === text(cell)) return;
      place.textContent = place.title = text(cell); // of a long one the beginning is seen
    });
  }

  function chose(key, isChosen) {
    state.chosen = [...state.chosen.filter((one) => one !== key), ...(isChosen ? [key] : [])].slice(-2);
    for (const box of body.querySelectorAll("input")) box.checked = state.chosen.some((one) => box.getAttribute("aria-label") === t("compare {key}", { key: one }));
    draw();
  }

  async function compared() {
    if (state.chosen.length !== 2) return;
    const [left, right] = state.chosen.sort((one, other) => inOrder(one, other));
    await guarded(async () => {
      const rows = await kernel.ask("compare", { left, right });
      comparison.replaceChildren(...besides(left, right, rows));
      comparison.hidden = false;
      comparison.querySelector("h3").focus();
    });
  }

  function besides(left, right, rows) {
    const bodies = [...new Set(rows.map((row) => row.group))].map((group) => element("tbody", {},
      element("tr", {}, element("th", { colspan: 4, scope: "rowgroup" }, t(group))),
      rows.filter((row) => row.group === group).map((row) => element(row.differs ? "tr.differs" : "tr", {},
        element("td", {}, row.differs ? t("≠ differs") : ""), element("th", { scope: "row" }, row.name), element("td", {}, row.left), element("td", {}, row.right)))));
    const made = element("table", {}, element("thead", {}, element("tr", {}, [t("difference"), t("what"), left, right].map((label) => element("th", { scope: "col" }, label)))), bodies);
    const only = element("input", { type: "checkbox", onchange: () => made.classList.toggle("only", only.checked) });
    const count = rows.filter((row) => row.differs).length;
    return [
      element("h3", { tabindex: -1 }, t("{left} and {right}: {count} differences", { left, right, count })),
      element("div.bar", {}, element("label", {}, only, t("only what differs")), button(t("Close"), () => {
        comparison.hidden = true;
        compare.focus();
      })),
      element("div.scroll.compared", { tabindex: 0, role: "region", "aria-label": t("Comparison") }, made),
    ];
  }

  async function guarded(work) {
    try {
      await work();
      errors.clear();
    } catch (error) {
      errors.show(error);
    }
  }
  function usable(pressed, is) {
    if (is) pressed.removeAttribute("aria-disabled");
    else pressed.setAttribute("aria-disabled", "true");
  }
  function turned(by) {
    state.page = Math.max(0, state.page + by); // the last one is seen to when it is drawn
    draw();
    grid.scrollTop = 0;
  }
  function filtered() {
    state.page = 0;
    if (state.facts) draw();
  }

  const signs = setInterval(() => document.hidden || kernel.ask("sign").catch(() => {}), SIGN);
  opened();
  return () => {
    clearInterval(signs);
    kernel.end();
  };
}

export default view((el, model) => table(el, model, model.get("name"), ""));
