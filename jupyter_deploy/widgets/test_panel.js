// The test panel: what is sent, what came back, and what can be done with both.

import { answerView } from "./answer_view.js";
import { busyPlace, button, element, errorPlace, t, tabs } from "./dom.js";
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
  const input = element("div.input", {}, element("div.note", { role: "status" }, t("asking {name} what it takes…", { name })));
  const answer = element("div", { "aria-live": "off" });
  const keeps = element("input", { type: "checkbox", checked: Boolean(model.get("body")), onchange: keep });
  const sending = button(t("Send"), () => guarded(send), { class: "primary" });
  const controls = element("div.bar", {}, sending, button(t("Reload"), () => guarded(load), { title: t("Ask the service again what it takes") }),
    model.get("body") === undefined ? null : element("label", {}, keeps, t("keep what is sent in the notebook")));
  let pages = null;
  let latest = 0;
  let timer = 0;
  let isCodeOpen = false;

  const given = () => pages?.given() ?? Promise.reject({ what: t("it is not known what the service takes"), remedy: t("press Reload") });
  const history = historyPage(kernel, guarded, {
    show: async (number) => show(await kernel.ask("show", { number })),
    again: async (number) => show(await kernel.ask("again", { number })),
    change: async (number) => pages?.put(await kernel.ask("sent", { number })),
  });
  const code = codePage(kernel, guarded, given);
  const repeat = repeatPage(kernel, guarded, given);
  const cases = casesPage(kernel, guarded, () => latest);
  const opened = (page, isCode = false) => () => {
    isCodeOpen = isCode;
    page.refresh?.();
  };
  const tools = tabs([["history", t("History"), history], ["code", t("Code"), code], ["repeat", t("Repeat"), repeat], ["cases", t("Test cases"), cases]].map(
    ([key, label, page]) => ({ name: key, label, make: (place) => place.append(page.element), opened: opened(page, page === code) })), t("More"));
  kernel.told("sent", () => history.refresh()); // from another copy, too
  kernel.told("lost", () => errors.show({ what: t("the kernel is gone; nothing can be sent from here any more"), remedy: t("run the cell again") }));
  el.replaceChildren(element("div.jupyter-deploy.test-panel", { "data-lm-suppress-shortcuts": "true" }, busy.element, input, controls, errors.element, answer, tools.element));

  async function guarded(work) {
    try {
      errors.clear();
      await work();
    } catch (error) {
      errors.show(error);
    }
  }

  async function load() {
    const description = await kernel.ask("describe");
    const typed = pages?.text() || model.get("body") || "";
    pages = inputPages(kernel, description, guarded, changed);
    input.replaceChildren(pages.element);
    if (typed) pages.put(typed);
  }

  async function send() {
    const request = await given();
    keep();
    show(await kernel.ask("send", request));
  }

  function show(shown) {
    latest = shown.number;
    answer.replaceChildren(answerView(kernel, shown, guarded));
  }

  function keep() {
    if (model.get("body") === undefined) return;
    model.set("body", keeps.checked ? (pages?.text() ?? "") : "");
    model.save_changes();
  }

  function changed() {
    clearTimeout(timer);
    if (isCodeOpen) timer = setTimeout(code.refresh, PAUSE);
  }

  guarded(load);
  return () => {
    clearTimeout(timer);
    kernel.end();
  };
}

export default { render: ({ model, el }) => testPanel(el, model, model.get("name"), "") };
