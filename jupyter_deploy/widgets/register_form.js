// The form that registers a model: what is chosen is looked into by Python, and what its pickle would import is asked about.

import { busyPlace, button, element, errorPlace, t, view } from "./dom.js";
import { fileBrowser } from "./file_browser.js";
import { choices, copied, field, markAll, problemList, section, suggestions } from "./form.js";
import { talk } from "./talk.js";
import { together } from "./typing.js";

/**
 * Draw the form.
 *
 * @param el where. @param model the front end's, whose `values` are what is typed. @param part of the view that answers for it.
 * @returns how it is taken away.
 */
export function registerForm(el, model, part) {
  const errors = errorPlace(); // of what a button was pressed for
  const faults = errorPlace(); // of the checks, which go on meanwhile
  const busy = busyPlace();
  const kernel = talk(model, part, busy.set);
  const note = element("div.note", { role: "status" });
  const names = suggestions();
  const samples = suggestions();
  const changed = () => typing.soon();

  const path = field({ name: "path", label: t("File or folder"), kind: "text", help: t("Typed, or chosen from the list; a path may lead anywhere.") }, () => only(variable));
  const variable = field({ name: "variable", label: t("Or a variable"), kind: "choice", choices: [["", t("none")]],
    help: t("Of the notebook: a trained object, or the path of one.") }, () => only(path));
  const files = fileBrowser(kernel, (chosen) => (path.set(chosen), only(variable)), guarded);
  const name = field({ name: "name", label: t("Name"), kind: "text", list: names.id, help: t("A name that is there already gets its next version.") }, changed);
  const framework = field({ name: "framework", label: t("Framework"), kind: "choice", choices: [["", t("as found")]] }, changed);
  const version = field({ name: "framework_version", label: t("Its version"), kind: "text", placeholder: t("as found") }, changed);
  const sample = field({ name: "sample", label: t("Sample input"), kind: "text", list: samples.id,
    help: t("A variable, or a .csv or .json file; the first rows describe the model's input.") }, changed);
  const tags = field({ name: "tags", label: t("Tags"), kind: "area", placeholder: "data=sklearn", help: t("KEY=VALUE, each in a line of its own.") }, changed);
  const description = field({ name: "description", label: t("Description"), kind: "text" }, changed);
  const plain = [path, variable, name, framework, version, sample, tags, description];

  const facts = element("div", { role: "status" });
  const trust = trustList(changed);
  const problems = element("div.problems", { role: "status" });
  const line = copied(t("Line"));
  const same = section(t("The same, said otherwise"), line.element);
  const done = element("div", { role: "status" });
  el.replaceChildren(element("div.jupyter-deploy.register-form", { "data-lm-suppress-shortcuts": "true", onfocusin: entered }, busy.element,
    section(t("What"), path.element, element("div.field", {}, element("span.label", {}, t("Files below the current folder")), element("div.control", {}, files.element)), variable.element),
    section(t("What is found in it"), facts, trust.element, framework.element, version.element),
    section(t("As"), name.element, sample.element, tags.element, description.element),
    same, problems,
    element("div.bar", {}, button(t("Register"), () => guarded(register), { class: "primary" })),
    note, errors.element, faults.element, done, names.element, samples.element));

  const values = () => ({ ...Object.fromEntries(plain.map((one) => [one.name, one.get()])), trust: trust.get() });
  const typing = together(model, kernel, { values, take, answered, guarded: (work) => guarded(work, faults) });

  async function guarded(work, place = errors) {
    try {
      place.clear();
      return await work();
    } catch (error) {
      place.show(error);
      return undefined;
    }
  }
  function only(other) {
    other.set("");
    changed();
  }
  function take(given) {
    for (const one of plain) if (one.control !== document.activeElement) one.set(given[one.name]);
    trust.set(given.trust);
  }
  function answered(found) {
    markAll([...plain, trust], found.problems);
    problems.replaceChildren(...problemList(t("Before this can be registered:"), found.problems, [...plain, trust]));
    facts.replaceChildren(table(found.found.facts));
    trust.offer(found.found);
    same.hidden = !found.line;
    line.set(found.line);
  }
  async function offered() {
    const offers = await kernel.ask("offers");
    choices(variable.control, [["", t("none")], ...offers.variables.map(([one, kind]) => [one, `${one} (${kind})`])]);
    choices(framework.control, [["", t("as found")], ...offers.frameworks.map((one) => [one, one])]);
    names.set(offers.models);
    samples.set(offers.variables.map(([one]) => one));
  }
  function entered(event) {
    if (event.relatedTarget && !event.currentTarget.contains(event.relatedTarget)) guarded(offered, faults); // there may be new ones by now
  }

  kernel.told("said", ({ line: text }) => (note.textContent = text));
  kernel.told("again", () => guarded(offered, faults));
  kernel.told("lost", () => (note.textContent = t("The kernel is gone; run the cell again.")));

  async function register() {
    note.textContent = t("registering…");
    try {
      const made = await kernel.ask("register", { values: values() });
      const next = copied(t("Next"));
      next.set(made.next);
      done.replaceChildren(element("h4", {}, t("{model} is registered", { model: made.model })), table(made.facts), element("div", {}, t("To deploy it:")), next.element);
    } finally {
      note.textContent = "";
    }
  }

  take(model.get("values"));
  guarded(async () => {
    await Promise.all([offered(), files.open("")]);
    if (Object.values(values()).some((one) => one.length)) await typing.look(); // nothing is wrong with a form that nobody has touched
  }, faults);
  return () => {
    typing.end();
    kernel.end();
  };
}

/** The names that a pickle would import: those that are known to be safe, and those that are asked about, each with a box to tick. */
function trustList(changed) {
  const list = element("div", { role: "group", "aria-label": t("Names to trust"), tabindex: -1 });
  const problem = element("div.problem", { hidden: true });
  const safe = element("pre", { tabindex: 0, "aria-label": t("Names that are known to be safe") });
  const heading = element("summary");
  const known = element("details.group", { hidden: true }, heading, safe);
  const state = { ticked: new Set(), shown: "" };
  const boxes = (names) => names.map((name) => {
    const tick = (event) => {
      state.ticked[event.target.checked ? "add" : "delete"](name);
      changed();
    };
    return element("label.tick", {}, element("input", { type: "checkbox", checked: state.ticked.has(name), onchange: tick }), element("code", {}, name));
  });
  const draw = (names) => list.replaceChildren(...(names.length ? [element("div", {}, t("Loading it would import these; tick those that you trust:")), ...boxes(names)] : []));
  return {
    name: "trust",
    label: t("Names to trust"),
    element: element("div", {}, list, problem, known),
    control: list,
    get: () => state.names?.filter((name) => state.ticked.has(name)) ?? [...state.ticked],
    set: (names) => {
      if ([...state.ticked].join() === names.join()) return;
      state.ticked = new Set(names);
      draw(state.names ?? []);
    },
    offer: ({ outside, safe: others }) => {
      if (state.shown !== outside.join()) draw(outside); // else the focus stays where it is
      Object.assign(state, { names: outside, shown: outside.join() });
      known.hidden = !others.length;
      heading.textContent = t("{count} names that it imports are known to be safe", { count: others.length });
      safe.textContent = others.join("\n");
    },
    mark: (text) => {
      problem.textContent = text;
      problem.hidden = !text;
    },
  };
}

function table(rows) {
  return element("table", {}, element("tbody", {}, rows.map(([head, text]) => element("tr", {}, element("th", { scope: "row" }, head), element("td", {}, text)))));
}

export default view((el, model) => registerForm(el, model, ""));
