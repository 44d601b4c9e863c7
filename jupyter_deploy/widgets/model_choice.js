// Which models are deployed, and in which version.

import { element, t } from "./dom.js";
import { choices } from "./form.js";

/**
 * Rows of a model and its version, to be added and removed.
 *
 * @param kernel answers `versions`. @param changed called when the choice has changed. @param failed shows an error.
 * @returns `element`, `get()`: names or name:version, `set(ids)`, `offer(names)`, and what a field has: `name`, `label`, `control`, `mark`.
 */
export function modelChoice(kernel, changed, failed) {
  const list = element("div", { role: "group", "aria-label": t("Models") });
  const problem = element("div.problem", { id: `jd-models-${Math.random().toString(36).slice(2)}`, hidden: true });
  const empty = element("div.help", { hidden: true }, t("There are no models yet: %register_model opens the form that registers one."));
  const add = element("button", { type: "button", "aria-describedby": problem.id, onclick: () => {
    row("").name.focus();
    changed();
  } }, t("Add a model"));
  const state = { names: [], rows: [] };

  function row(id) {
    const [name, version] = id.split(":");
    const made = {
      name: element("select", { "aria-label": t("Model"), "aria-describedby": problem.id, onchange: () => (versions(made, ""), changed()) }),
      version: element("select", { "aria-label": t("Version"), onchange: changed }),
    };
    const remove = element("button", { type: "button", "aria-label": t("Remove this model"), onclick: () => {
      const at = state.rows.indexOf(made);
      state.rows.splice(at, 1);
      made.element.remove();
      (state.rows[Math.min(at, state.rows.length - 1)]?.name ?? add).focus();
      changed();
    } }, "✕");
    made.element = element("div.bar", {}, made.name, made.version, remove);
    named(made, name);
    choices(made.version, [["", t("newest")]], version ?? "");
    state.rows.push(made);
    list.append(made.element);
    if (name) versions(made, version ?? "");
    return made;
  }
  const named = (made, chosen) => choices(made.name, [["", t("choose…")], ...state.names.map((one) => [one, one])], chosen);

  async function versions(made, chosen) {
    choices(made.version, [["", t("newest")]], chosen);
    const name = made.name.value;
    if (!name) return;
    try {
      const found = await kernel.ask("versions", { name });
      if (made.name.value === name) choices(made.version, [["", t("newest")], ...found.map((one) => [String(one), String(one)])]);
    } catch (error) {
      failed(error);
    }
  }

  const get = () => state.rows.filter((one) => one.name.value).map((one) => one.name.value + (one.version.value && `:${one.version.value}`));
  return {
    name: "models",
    label: t("Models"),
    element: element("div.field", {}, element("span.label", {}, t("Models")), element("div.control.column", {}, list, add), problem, empty),
    control: add,
    get,
    set: (ids) => {
      if (ids.join() === get().join() && state.rows.length) return;
      state.rows = [];
      list.replaceChildren();
      for (const id of ids.length ? ids : [""]) row(id);
    },
    offer: (names) => {
      state.names = names;
      empty.hidden = names.length > 0;
      for (const made of state.rows) named(made);
    },
    mark: (text) => {
      problem.textContent = text;
      problem.hidden = !text;
      for (const made of state.rows) {
        if (text) made.name.setAttribute("aria-invalid", "true");
        else made.name.removeAttribute("aria-invalid");
      }
    },
  };
}
