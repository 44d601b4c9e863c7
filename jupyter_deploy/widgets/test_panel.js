// The test panel: what is sent, what came back, and what can be done with both.

import { answerView } from "./answer_view.js";
import { busyPlace, button, element, errorPlace, t, tabs, view } from "./dom.js";
import { inputPages } from "./input_pages.js";
import { talk } from "./talk.js";
import { casesPage, codePage, historyPage, repeatPage } from "./test_tools.js";

const PAUSE = 400; // milliseconds after the last key, before the code is made anew

/**
 * Draw the panel.
 *
 * @param el where. @param model the front end's; where it has a trait `body`, what is sent can be kept in the notebook.
 * @param name of the service. @param part of the view that answers.
 * @returns how it is taken away.
 */
export function testPanel(el, model, name, part) {
  const errors = errorPlace();
  const busy = busyPlace();
  const kernel = talk(model, part, busy.set);
  const asking = element("div.note", { role: "status" }, t("asking {name} what it takes…", { name }));
  const input = element("div.input", { onkeydown: (event) => event.key === "Enter" && (event.ctrlKey || event.metaKey) && sending.click() }, asking);
  const answer = element("div", { "aria-live": "off" });
  const keeps = element("input", { type: "checkbox", checked: Boolean(model.get("body")), onchange: keep });
  const sending = button(t("Send"), () => run(send), { class: "primary", title: t("Ctrl+Enter") });
  const controls = element("div.bar", {}, sending, button(t("Reload"), () => run(load), { title: t("Ask the service again what it takes") }),
    model.get("body") === undefined ? null : element("label", {}, keeps, t("keep what is sent in the notebook")));
  let pages = null;
  let latest = 0;
  let timer = 0;
  let isCodeOpen = false;

  const given = () => pages?.given() ?? Promise.reject({ what: t("it is not known what the service takes"), remedy: t("press Reload") });
  const history = historyPage(kernel, run, {
    show: async (number) => show(await kernel.ask("show", { number })),
    again: async (number) => show(await kernel.ask("again", { number })),
    change: async (number) => pages?.put(await kernel.ask("sent", { number })),
  });
  const code = codePage(kernel, given);
  const repeat = repeatPage(kernel, run, given);
  const cases = casesPage(kernel, run, () => latest);
  const tool = (key, label, page) => ({
    name: key,
    label,
    make: (place) => place.append(page.element),
    opened: () => {
      isCodeOpen = page === code;
      if (page.refresh) watch(page.refresh);
    },
  });
  const tools = tabs([tool("history", t("History"), history), tool("code", t("Code"), code), tool("repeat", t("Repeat"), repeat), tool("cases", t("Test cases"), cases)], t("More"));
  kernel.told("sent", () => watch(history.refresh)); // from another copy, too
  kernel.told("lost", () => errors.show({ what: t("the kernel is gone; nothing can be sent from here any more"), remedy: t("run the cell again") }));
  el.replaceChildren(element("div.jupyter-deploy.test-panel", { "data-lm-suppress-shortcuts": "true" }, busy.element, input, controls, errors.element, answer, tools.element));

  /** Do what was asked for: its error takes the place of the last one. */
  async function run(work) {
    errors.clear();
    await watch(work);
  }
  /** Do what nobody asked for: only its error is shown. */
  async function watch(work) {
    try {
      await work();
    } catch (error) {
      errors.show(error);
    }
  }

  async function load() {
    try {
      const description = await kernel.ask("describe");
      const typed = pages?.text() || model.get("body") || "";
      pages = inputPages(kernel, description, watch, changed);
      input.replaceChildren(pages.element);
      if (typed) pages.put(typed);
    } catch (error) {
      if (!pages) asking.textContent = t("It is not known yet what {name} takes.", { name });
      throw error;
    }
  }

  async function send() {
    const request = await given();
    keep();
    show(await kernel.ask("send", request));
  }

  function show(shown) {
    latest = shown.number;
    answer.replaceChildren(answerView(kernel, shown, watch));
  }

  function keep() {
    if (model.get("body") === undefined) return;
    model.set("body", keeps.checked ? (pages?.text() ?? "") : "");
    model.save_changes();
  }

  function changed() {
    clearTimeout(timer);
    if (isCodeOpen) timer = setTimeout(() => watch(code.refresh), PAUSE);
  }

  run(load);
  return () => {
    clearTimeout(timer);
    kernel.end();
  };
}

export default view((el, model) => testPanel(el, model, model.get("name"), ""));
