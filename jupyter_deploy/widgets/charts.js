// The charts of a service: draws what it is told every two seconds, and asks for what it has missed while nobody saw it.

import { busyPlace, element, errorPlace, t, view } from "./dom.js";
import { number, plot } from "./plot.js";
import { talk } from "./talk.js";

const SIGN = 60000; // milliseconds between two signs that the charts are still open

/**
 * Draw the charts.
 *
 * @param el where. @param model the front end's. @param name of the service. @param part of the view that answers for the charts.
 * @returns how they are taken away.
 */
export function charts(el, model, name, part) {
  const errors = errorPlace();
  const busy = busyPlace();
  const kernel = talk(model, part, (isBusy) => busy.set(isBusy && !state.rows.length)); // once begun, points come whatever a cell does
  const state = { charts: [], rows: [], period: 2, window: 900, at: null, news: 0, isPlanned: false };
  const note = element("span.note", { role: "status" }, t("measuring…"));
  const moment = element("input", { type: "range", min: 0, max: 0, value: 0, step: 1, oninput: moved, onkeydown: pressed });
  const when = element("span.muted", {});
  const bar = element("div.bar", { hidden: true }, element("label", {}, t("Look at"), " ", moment), when);
  const plots = element("div.plots");
  const table = element("table");
  const details = element("details", { hidden: true, ontoggle: () => details.open && tabulated() }, element("summary", {}, t("Values as a table")),
    element("div.scroll", { tabindex: 0, role: "region", "aria-label": t("Values of the charts") }, table));
  const root = element("div.jupyter-deploy.charts", { "data-lm-suppress-shortcuts": "true", role: "group", "aria-label": t("Charts of {name}", { name }) },
    note, busy.element, errors.element, plots, bar, details);
  el.replaceChildren(root);

  kernel.told("point", ({ point }) => take([point]));
  kernel.told("error", ({ error }) => {
    state.news += 1;
    said(error);
  });
  kernel.told("again", catchUp);
  kernel.told("lost", () => (note.textContent = t("The kernel is gone; what is shown here stays as it is.")));

  async function catchUp() {
    if (document.hidden) return;
    const { news } = state;
    try {
      const answer = await kernel.ask("points", { since: state.rows.at(-1)?.[0] ?? 0 });
      if (!state.charts.length) begin(answer);
      if (state.news === news) said(answer.error); // else it was told how it is now
      take(answer.points);
      drawn(); // what was told meanwhile
    } catch (error) {
      errors.show(error);
    }
  }

  function begin({ charts: found, period, window }) {
    Object.assign(state, { charts: found.map((chart) => ({ ...chart, plot: plot(chart, looked) })), period, window });
    plots.replaceChildren(...state.charts.map((chart) => chart.plot.element));
    const lines = state.charts.flatMap(({ title, unit, lines: names }) => names.map((line) => `${t(title)} ${names.length > 1 ? t(line) : ""} (${t(unit)})`));
    table.replaceChildren(element("caption", {}, t("Charts of {name}, newest first", { name })),
      element("thead", {}, element("tr", {}, [t("time"), ...lines].map((text) => element("th", { scope: "col" }, text)))), element("tbody"));
  }

  /** Keep points, in order; what was asked for may come after what was told meanwhile. */
  function take(points) {
    const last = state.rows.at(-1)?.[0] ?? 0;
    const known = new Set(state.rows.map((row) => row[0]));
    const fresh = points.filter((point) => !known.has(point[0]));
    if (!fresh.length) return;
    const seen = state.at === null ? null : state.rows[state.at][0];
    const rows = [...state.rows, ...fresh].sort((one, other) => one[0] - other[0]);
    state.rows = rows.filter((row) => row[0] > rows.at(-1)[0] - state.window);
    state.at = seen === null ? null : nearest(seen);
    if (details.open) tabulated(fresh[0][0] > last ? fresh : null);
    drawn();
  }

  function said(error) {
    if (error) errors.show(error);
    else errors.clear();
    if (error || state.rows.length) note.textContent = "";
  }

  function drawn() {
    if (state.isPlanned || document.hidden || !state.charts.length || !state.rows.length) return;
    state.isPlanned = true;
    requestAnimationFrame(() => {
      state.isPlanned = false;
      draw();
    });
  }

  function draw() {
    const times = state.rows.map((row) => row[0]);
    let column = 1;
    for (const chart of state.charts) {
      const lines = chart.lines.map((_, index) => state.rows.map((row) => row[column + index]));
      column += lines.length;
      chart.plot.draw(times, lines, state);
    }
    const at = state.at ?? times.length - 1;
    note.textContent = "";
    bar.hidden = details.hidden = false;
    moment.max = times.length - 1;
    moment.value = at;
    when.textContent = state.at === null ? t("now") : clock(times[at]);
    moment.setAttribute("aria-valuetext", `${when.textContent}: ${spoken(state.rows[at])}`);
  }

  function spoken(row) {
    let column = 1;
    return state.charts.map((chart) => `${t(chart.title)} ${chart.lines.map((line) => `${t(line)} ${number(row[column++])}`).join(", ")}`).join("; ");
  }

  /** Fill the table, or set what is fresh on top of it. */
  function tabulated(fresh = null) {
    const body = table.tBodies[0];
    const made = (fresh ?? state.rows).map((row) => element("tr", {}, element("th", { scope: "row" }, clock(row[0])), row.slice(1).map((value) => element("td", {}, number(value)))));
    if (fresh) body.prepend(...made.reverse());
    else body.replaceChildren(...made.reverse());
    while (body.rows.length > state.rows.length) body.lastChild.remove();
  }

  function looked(time) {
    state.at = time === null || !state.rows.length ? null : nearest(time);
    drawn();
  }
  function moved() {
    const at = Number(moment.value);
    state.at = at === state.rows.length - 1 ? null : at;
    drawn();
  }
  function pressed(event) {
    if (event.key === "Escape") looked(null);
    event.stopPropagation(); // the notebook's own keys
  }
  function nearest(time) {
    return state.rows.reduce((best, row, index) => (Math.abs(row[0] - time) < Math.abs(state.rows[best][0] - time) ? index : best), 0);
  }

  const sizes = new ResizeObserver(drawn);
  sizes.observe(plots);
  const signs = setInterval(catchUp, SIGN);
  document.addEventListener("visibilitychange", catchUp);
  catchUp();
  return () => {
    sizes.disconnect();
    clearInterval(signs);
    document.removeEventListener("visibilitychange", catchUp);
    kernel.end();
  };
}

const clock = (time) => new Date(time * 1000).toLocaleTimeString();

export default view((el, model) => charts(el, model, model.get("name"), ""));
