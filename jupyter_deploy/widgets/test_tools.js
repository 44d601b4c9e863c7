// What can be done with a request beside sending it: the history, its code, repeating it, and test cases.

import { button, copy, element, t } from "./dom.js";
import { histogram, ms } from "./histogram.js";

/** The last requests, to see and to send again. */
export function historyPage(kernel, run, { show, again, change }) {
  const body = element("tbody");
  const none = element("div.note", {}, t("Nothing has been sent yet."));
  const head = [t("Do"), t("Time"), t("Status"), "ms", t("Bytes"), t("Sent")].map((name) => element("th", { scope: "col" }, name));
  const table = element("div.scroll", { hidden: true }, element("table.plain.history", {}, element("thead", {}, element("tr", {}, head)), body));
  const row = (facts) => element("tr", {}, element("td.actions", {},
    button(t("Send again"), () => run(() => again(facts.number)), { "aria-label": t("Send request {number} again", facts) }),
    button(t("Show"), () => run(() => show(facts.number)), { "aria-label": t("Show the answer to request {number}", facts) }),
    button(t("Change"), () => run(() => change(facts.number)), { "aria-label": t("Change request {number}", facts) })),
  [facts.began, facts.status, facts.milliseconds, facts.size.toLocaleString(), facts.sent].map((text) => element("td", {}, String(text))));
  const made = new Map(); // rows by number, which stay where they are: one of their buttons may have the focus
  const refresh = async () => {
    const rows = await kernel.ask("history");
    for (const facts of [...rows].reverse()) {
      if (made.has(facts.number)) continue;
      made.set(facts.number, row(facts));
      body.prepend(made.get(facts.number));
    }
    const kept = new Set(rows.map(({ number }) => number));
    for (const [number, old] of made) if (!kept.has(number) && made.delete(number)) old.remove();
    none.hidden = rows.length > 0;
    table.hidden = !rows.length;
  };
  return { element: element("div", {}, none, table), refresh };
}

/** The request as code in several languages. */
export function codePage(kernel, given) {
  const code = element("pre.code", { tabindex: 0, role: "region", "aria-label": t("Code") });
  const language = element("select", { "aria-label": t("Language"), onchange: show });
  const said = element("span.note", { role: "status" });
  let texts = {};
  function show() {
    code.textContent = texts[language.value] ?? "";
    said.textContent = "";
  }
  const refresh = async () => {
    try {
      texts = await kernel.ask("code", await given());
    } catch (error) {
      code.textContent = "";
      said.textContent = error.what; // as long as it is so; what is being typed is no error yet
      return;
    }
    const last = language.value;
    language.replaceChildren(...Object.keys(texts).map((name) => element("option", { value: name, selected: name === last }, name)));
    show();
  };
  const note = element("div.note", {}, t("The key is taken from the environment variable SERVICE_KEY; service.get_keys() has it. Long bodies are read from a file."));
  return { element: element("div", {}, element("div.bar", {}, language, button(t("Copy"), () => copy(code, said)), said), code, note), refresh };
}

/** The same request many times. */
export function repeatPage(kernel, run, given) {
  const number = (value, most) => element("input.short", { type: "number", min: 1, max: most, value });
  const count = number(100, 1000);
  const clients = number(2, 8);
  const bar = element("progress", { max: 1, value: 0, hidden: true, "aria-label": t("Requests that are done") });
  const note = element("span.note", { role: "status" });
  const result = element("div");
  kernel.told("repeated", ({ done, wanted }) => {
    bar.max = wanted;
    bar.value = done;
  });
  const start = button(t("Repeat"), () => run(async () => {
    bar.hidden = cancel.hidden = false;
    note.textContent = "";
    try {
      const found = await kernel.ask("repeat", { ...(await given()), count: Number(count.value), at_once: Number(clients.value) });
      note.textContent = summary(found);
      result.replaceChildren(...(found.count ? [numbers(found), histogram(found)] : []));
    } finally {
      if (document.activeElement === cancel) start.focus();
      bar.hidden = cancel.hidden = true;
    }
  }));
  const cancel = button(t("Cancel"), () => run(() => kernel.ask("cancel")), { hidden: true });
  const controls = element("div.bar", {}, element("label", {}, count, t("times")), element("label", {}, clients, t("at once")), start, cancel, bar, note);
  return { element: element("div", {}, controls, result) };
}

function summary({ count, failures, duration, wanted }) {
  const failed = Object.entries(failures).map(([kind, times]) => `${times} × ${kind}`);
  const done = count + Object.values(failures).reduce((sum, times) => sum + times, 0);
  const parts = [t("{done} of {wanted} in {seconds} s, {rate} a second", { done, wanted, seconds: duration.toFixed(1), rate: (done / duration).toFixed(0) })];
  return [...parts, failed.length ? t("errors: {failed}", { failed: failed.join(", ") }) : t("no errors")].join("; ");
}

function numbers({ least, p50, p95, p99, most }) {
  const facts = [[t("least"), least], ["p50", p50], ["p95", p95], ["p99", p99], [t("most"), most]];
  return element("dl.numbers", {}, facts.map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, `${ms(value)} ms`))));
}

/** The saved test cases. */
export function casesPage(kernel, run, latest) {
  const name = element("input", { type: "text", "aria-label": t("Name of the test case"), placeholder: t("name of the test case") });
  const list = element("ul.cases");
  const note = element("span.note", { role: "status" });
  const where = element("div.note");
  const results = new Map();
  function show({ names, file }) {
    list.replaceChildren(...names.map((one) => element("li", {}, element("span", {}, one), outcome(results.get(one)),
      button(t("Remove"), () => run(() => remove(one)), { "aria-label": t("Remove {name}", { name: one }) }))));
    where.textContent = t("{count} in {file}", { count: names.length, file });
  }
  async function remove(one) {
    show(await kernel.ask("remove", { name: one }));
    (list.querySelector("button") ?? name).focus();
  }
  const save = button(t("Save the last request and its answer"), () => run(async () => {
    if (!latest()) throw { what: t("nothing has been sent yet"), remedy: t("send a request, then save it") };
    show(await kernel.ask("save", { number: latest(), name: name.value }));
    note.textContent = t("saved");
  }));
  const runAll = button(t("Run all saved"), () => run(async () => {
    const found = await kernel.ask("run_cases");
    results.clear();
    for (const result of found) results.set(result.name, result);
    show(await kernel.ask("cases"));
    const different = found.filter(({ different }) => different).length;
    note.textContent = different ? t("{different} of {count} are different", { different, count: found.length }) : t("all {count} are ok", { count: found.length });
  }));
  const refresh = async () => show(await kernel.ask("cases"));
  return { element: element("div", {}, element("div.bar", {}, name, save, runAll, note), list, where), refresh };
}

function outcome(result) {
  if (!result) return null;
  if (!result.different) return element("span.good", {}, `✓ ${t("ok")} · ${ms(result.milliseconds)} ms`);
  return element("span.bad", {}, `✗ ${t("different")}: ${result.different}`);
}
