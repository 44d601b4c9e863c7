// A form for a JSON schema: a field for each type, a grid for lists of rows, JSON for what is neither. Fields write JSON as it was typed.

import { json as cellJson, problem, typed } from "./cells.js";
import { element, t } from "./dom.js";
import { join, read, write } from "./exact.js";
import { grid } from "./grid.js";

const SCALARS = ["number", "integer", "string", "boolean"];

/**
 * Make a field; one of an object holds others.
 *
 * @param schema of its value, with all references resolved. @param label its name. @param changed called when it is.
 * @param isNeeded whether it may be left out where it is empty.
 * @returns `{element, set(value), json(indent)}`: the JSON text, undefined where it is left out; and `problems()`, a list of texts.
 */
export function field(schema, label, changed, isNeeded = true) {
  const { type, isNullable, plain } = simple(schema);
  const facts = { label, changed, isNeeded, isNullable, about: plain.description ?? "" };
  if (Array.isArray(plain.enum)) return choice(facts, plain.enum);
  if (type === "boolean") return choice(facts, [true, false]);
  if (type === "object" && plain.properties) return group(plain, facts);
  if (type === "array") return list(plain, facts);
  return type === "string" || type === "number" || type === "integer" ? line(type, facts) : free(facts);
}

/** Whether a form can be made of a schema: an object whose parameters are known. */
export const isForm = (schema) => simple(schema).type === "object" && Object.keys(schema.properties ?? {}).length > 0;

/** A schema without the ways to say that null is allowed, too. */
function simple(schema) {
  const options = schema.anyOf ?? schema.oneOf;
  const real = options?.filter((option) => option.type !== "null");
  let plain = real?.length === 1 ? { ...schema, ...real[0] } : schema.allOf?.length === 1 ? { ...schema, ...schema.allOf[0] } : schema;
  let isNullable = Boolean(plain.nullable || plain["x-nullable"] || (real && real.length < options.length));
  let { type } = plain;
  if (Array.isArray(type)) {
    isNullable ||= type.includes("null");
    const others = type.filter((one) => one !== "null");
    type = others.length === 1 ? others[0] : undefined;
  }
  if (real?.length > 1) type = undefined;
  return { type, isNullable, plain };
}

function labelled(control, { label, isNeeded, about }, ...more) {
  const id = `jd-${Math.random().toString(36).slice(2)}`;
  control.id = id;
  if (about) control.setAttribute("aria-describedby", `${id}-about`);
  return element("div.field", {}, element("label", { for: id }, label, isNeeded ? null : element("span.muted", {}, ` ${t("(optional)")}`)),
    control, ...more, about ? element("div.muted", { id: `${id}-about` }, about) : null);
}

/** A number or a text. */
function line(type, facts) {
  const wrong = element("div.wrong", { role: "status" });
  const control = element("textarea", { rows: 1, inputmode: type === "string" ? null : "decimal", spellcheck: "false", oninput: () => (mark(), facts.changed()) });
  const isLeftOut = () => control.value === "" && (!facts.isNeeded || (facts.isNullable && type !== "string"));
  const check = () => {
    if (control.value.trim() === "" && type !== "string" && facts.isNeeded && !facts.isNullable) return t("a number is missing");
    return problem(control.value, type);
  };
  const mark = () => {
    wrong.textContent = check();
    control.setAttribute("aria-invalid", Boolean(wrong.textContent));
  };
  return {
    element: labelled(control, facts, wrong),
    set: (value) => {
      control.value = typed(value, type) ?? "";
      mark();
    },
    json: () => {
      if (!isLeftOut()) return cellJson(control.value, type);
      return facts.isNeeded ? "null" : undefined;
    },
    problems: () => {
      mark();
      return check() ? [`${facts.label}: ${check()}`] : [];
    },
  };
}

/** One of several values. */
function choice(facts, values) {
  const texts = values.map((value) => write(value));
  const nothing = facts.isNeeded && !facts.isNullable ? [] : [element("option", { value: "" }, facts.isNeeded ? "null" : t("(left out)"))];
  const control = element("select", { onchange: facts.changed }, nothing,
    values.map((value, number) => element("option", { value: texts[number] }, typeof value === "string" ? value : texts[number])));
  return {
    element: labelled(control, facts),
    set: (value) => {
      control.value = value === undefined || value === null ? "" : write(value);
      if (control.selectedIndex < 0 && value !== undefined) throw new Error(t("{label}: {value} is none of its values", { label: facts.label, value: write(value) }));
    },
    json: () => control.value || (facts.isNeeded ? "null" : undefined),
    problems: () => [],
  };
}

/** An object, whose fields are its properties; what a sample has beside them is kept. */
function group(schema, facts) {
  const needed = schema.required ?? Object.keys(schema.properties);
  const fields = Object.entries(schema.properties).map(([name, inner]) => [name, field(inner, name, facts.changed, needed.includes(name))]);
  const legend = facts.label ? element("legend", {}, facts.label) : null;
  let others = [];
  return {
    element: element(facts.label ? "fieldset" : "div", {}, legend, facts.about ? element("div.muted", {}, facts.about) : null, fields.map(([, inner]) => inner.element)),
    set: (value) => {
      if (value === null || typeof value !== "object" || Array.isArray(value)) throw new Error(t("{label} is no object", { label: facts.label || t("the input") }));
      for (const [name, inner] of fields) if (name in value || !needed.includes(name)) inner.set(value[name]);
      others = Object.entries(value).filter(([name]) => !(name in schema.properties));
    },
    json: (indent = "") => {
      const texts = fields.map(([name, inner]) => [name, inner.json(`${indent} `)]).filter(([, text]) => text !== undefined);
      if (!facts.isNeeded && !texts.length) return undefined;
      return join([...texts, ...others.map(([name, value]) => [name, write(value, `${indent} `)])].map(([name, text]) => `${JSON.stringify(name)}: ${text}`), "{}", indent);
    },
    problems: () => fields.flatMap(([, inner]) => inner.problems()),
  };
}

/** A list: a grid where its items are rows or single values. */
function list(schema, facts) {
  const items = simple(schema.items ?? {});
  const columns = (type) => [{ type }];
  let made = null;
  if (SCALARS.includes(items.type) && !items.plain.enum) made = grid(facts.label, "values", columns(items.type), facts.changed);
  else if (items.type === "array") {
    const inner = simple(items.plain.items ?? {});
    if (SCALARS.includes(inner.type) || (inner.type === undefined && !inner.plain.anyOf)) made = grid(facts.label, "rows", columns(inner.type), facts.changed);
  } else if (items.type === "object" && items.plain.properties) {
    const found = Object.entries(items.plain.properties).map(([name, inner]) => ({ name, type: simple(inner).type, isPlain: isCell(inner) }));
    if (found.every(({ isPlain }) => isPlain)) made = grid(facts.label, "records", found, facts.changed);
  }
  if (!made) return free(facts);
  let isGiven = facts.isNeeded;
  return {
    element: element("fieldset", {}, element("legend", {}, facts.label, facts.isNeeded ? null : element("span.muted", {}, ` ${t("(optional)")}`)), made.element),
    set: (value) => {
      isGiven = facts.isNeeded || value !== undefined;
      made.set(value ?? []);
    },
    json: (indent) => {
      const text = made.json(indent);
      return isGiven || text !== "[]" ? text : undefined;
    },
    problems: made.problems,
  };
}

const isCell = (schema) => {
  const { type, plain } = simple(schema);
  return SCALARS.includes(type) || (type === undefined && !plain.properties && !plain.items && !plain.anyOf && !plain.oneOf);
};

/** What no other field is for, as JSON. */
function free(facts) {
  const wrong = element("div.wrong", { role: "status" });
  const control = element("textarea", { rows: 3, spellcheck: "false", oninput: () => (mark(), facts.changed()) });
  const check = () => {
    if (control.value.trim() === "") return facts.isNeeded ? t("a value is missing") : "";
    try {
      read(control.value);
      return "";
    } catch (error) {
      return t("this is no JSON: {reason}", { reason: error.message });
    }
  };
  const mark = () => {
    wrong.textContent = check();
    control.setAttribute("aria-invalid", Boolean(wrong.textContent));
  };
  return {
    element: labelled(control, { ...facts, about: [facts.about, t("as JSON")].filter(Boolean).join("; ") }, wrong),
    set: (value) => {
      control.value = value === undefined ? "" : write(value);
      mark();
    },
    json: () => control.value.trim() || undefined,
    problems: () => (check() ? [`${facts.label}: ${check()}`] : []),
  };
}
