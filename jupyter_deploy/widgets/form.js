// What forms are made of: labelled fields that say what is wrong with them, lists to choose from, and texts to copy.

import { button, copy, element, t } from "./dom.js";

const LONGEST = 10000; // letters in a field

let count = 0;
const unique = () => `jd-field-${(count += 1)}-${Math.random().toString(36).slice(2)}`;

/**
 * A field with its label, help and problem.
 *
 * @param facts `name`, `label`, `kind` (text, number, truth, choice, secret or area), and where there are any `help`, `facts`, `unit`,
 *   `minimum`, `maximum`, `step`, `choices` (pairs of value and label), `default` (of a truth), `list` (of suggestions), `placeholder`.
 * @param changed called when its text has changed.
 * @returns `element`, `control`, `get()` and `set(text)`: the text, empty for nothing given; `mark(text)`: what is wrong, or "".
 */
export function field(facts, changed) {
  const id = unique();
  const control = drawn(facts, id);
  const problem = element("div.problem", { id: `${id}-problem`, hidden: true });
  const help = [facts.help, ...(facts.facts ?? [])].filter(Boolean).join(" · ");
  const isTruth = facts.kind === "truth";
  control.addEventListener(isTruth || control.tagName === "SELECT" ? "change" : "input", changed);
  const label = element("label", { for: id }, facts.label);
  const row = element("div.control", {}, control, facts.unit && element("span.unit", { "aria-hidden": "true" }, facts.unit));
  const made = element("div.field", { "data-name": facts.name }, label, row, problem, help && element("div.help", { id: `${id}-help` }, help));
  control.setAttribute("aria-describedby", `${help ? `${id}-help ` : ""}${id}-problem`);
  return {
    name: facts.name,
    label: facts.label,
    element: made,
    control,
    get: () => text(control, facts),
    set: (value) => {
      if (isTruth) control.checked = value ? value === "true" : Boolean(facts.default);
      else if (control.tagName === "SELECT") choices(control, [...control.options].map((one) => [one.value, one.label]), value);
      else control.value = value;
    },
    mark: (what) => {
      problem.textContent = what;
      problem.hidden = !what;
      if (what) control.setAttribute("aria-invalid", "true");
      else control.removeAttribute("aria-invalid");
    },
  };
}

function text(control, { kind, default: isOn }) {
  if (kind === "truth") return control.checked === Boolean(isOn) ? "" : String(control.checked);
  return control.validity.badInput ? "?" : control.value; // a browser does not tell what no number was typed
}

function drawn(facts, id) {
  if (facts.kind === "truth") return element("input", { type: "checkbox", id, checked: Boolean(facts.default) });
  if (facts.kind === "choice") return choices(element("select", { id }), facts.choices);
  if (facts.kind === "secret") return choices(element("select", { id }), [["", t("not given")]]);
  if (facts.kind === "area") return element("textarea", { id, rows: 2, maxlength: LONGEST, placeholder: facts.placeholder });
  const { minimum: min, maximum: max, step, placeholder, list } = facts;
  if (facts.kind === "number") return element("input", { type: "number", id, min, max, step });
  return element("input", { type: "text", id, placeholder, list, maxlength: LONGEST, spellcheck: "false", autocomplete: "off" });
}

/** Give a select these choices, pairs of value and label, and keep what is chosen, even if it is not among them any more. */
export function choices(select, pairs, chosen = select.value) {
  const known = pairs.some(([value]) => value === chosen) ? pairs : [...pairs, [chosen, chosen]];
  select.replaceChildren(...(chosen ? known : pairs).map(([value, label]) => element("option", { value }, label)));
  select.value = chosen;
  return select;
}

/** Suggestions for a text field; `element` has to be on the page, `id` is what the field names as its `list`. */
export function suggestions() {
  const id = unique();
  const made = element("datalist", { id });
  return { id, element: made, set: (values) => made.replaceChildren(...values.map((value) => element("option", { value }))) };
}

/** A group of fields to fold out; its heading says how many of them are set, and it opens where one has a problem. */
export function group(heading, fields, isOpen = false) {
  const note = element("span.muted");
  const made = element("details.group", { open: isOpen },
    element("summary", {}, heading, " ", note),
    element("div", { role: "group", "aria-label": heading }, fields.map((one) => one.element)));
  return {
    element: made,
    heading,
    fields,
    said: () => {
      const set = fields.filter((one) => one.get()).length;
      const wrong = fields.filter((one) => one.control.getAttribute("aria-invalid")).length;
      note.textContent = [set && t("{set} set", { set }), wrong && t("{wrong} to mend", { wrong })].filter(Boolean).join(", ");
      if (wrong) made.open = true;
    },
  };
}

/** A text that can be copied; `set(text)` changes it. */
export function copied(label) {
  const shown = element("pre", { tabindex: 0, "aria-label": label });
  const done = element("span.note", { role: "status" });
  const press = button(t("Copy"), () => copy(shown, done), { "aria-label": t("Copy: {label}", { label }) });
  return {
    element: element("div.copied", {}, shown, press, done),
    set: (value) => {
      if (shown.textContent !== value) done.textContent = "";
      shown.textContent = value;
    },
  };
}

/** A part of a form under a heading. */
export function section(heading, ...children) {
  return element("section", { "aria-label": heading }, element("h4", {}, heading), ...children);
}

/** Everything that is in the way, each with a button that leads to its field; nothing where all is well. */
export function problemList(heading, problems, fields) {
  if (!problems.length) return [];
  const known = new Map(fields.map((one) => [one.name, one]));
  const rows = problems.map(({ fields: [name], text: what }) => {
    const one = known.get(name);
    const go = () => {
      one.element.closest("details")?.setAttribute("open", "");
      one.control.focus();
    };
    return element("li", {}, one && element("button.link", { type: "button", onclick: go }, one.label), one && ": ", what.split("\n")[0]);
  });
  return [element("div", {}, heading), element("ul", {}, rows)];
}

/** Mark each field with what is wrong with it. */
export function markAll(fields, problems) {
  for (const one of fields) one.mark(problems.filter((each) => each.fields.includes(one.name)).map((each) => each.text).join("\n"));
}
