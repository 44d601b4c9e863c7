// What a form or a service says, said in the other ways: a line, Python, files with their command.

import { element, t, tabs } from "./dom.js";
import { copied } from "./form.js";

/**
 * Draw the ways.
 *
 * @returns `element`, and `set(said)` with what `equivalents.shown` makes.
 */
export function otherwise() {
  const line = copied(t("Line"));
  const python = copied(t("Python"));
  const json = fileTexts();
  const yaml = fileTexts();
  const pages = tabs([
    { name: "line", label: t("Line"), make: (panel) => panel.append(line.element) },
    { name: "python", label: t("Python"), make: (panel) => panel.append(python.element) },
    { name: "json", label: t("JSON files"), make: (panel) => panel.append(json.element) },
    { name: "yaml", label: t("YAML files"), make: (panel) => panel.append(yaml.element) },
  ], t("The same, said otherwise"));
  const set = (said) => {
    line.set(said.line);
    python.set(said.python);
    json.set(said.json);
    yaml.set(said.yaml);
  };
  return { element: pages.element, set };
}

/** Files with their names, and the command that takes them. */
function fileTexts() {
  const command = copied(t("Command"));
  const place = element("div");
  const state = { names: "", texts: [] };
  const set = ({ files, command: text }) => {
    const names = Object.keys(files);
    if (state.names !== names.join()) { // else the focus stays where it is
      Object.assign(state, { names: names.join(), texts: names.map((one) => copied(one)) });
      place.replaceChildren(...names.flatMap((one, at) => [element("div.muted", {}, one), state.texts[at].element]));
    }
    names.forEach((one, at) => state.texts[at].set(files[one]));
    command.set(text);
  };
  return { element: element("div", {}, place, command.element), set };
}
