// What is sent: from a form, JSON, a file or a variable of the notebook.

import { button, element, t, tabs } from "./dom.js";
import { read, write } from "./exact.js";
import { field, isForm } from "./schema_form.js";

const PIECE = 3 << 18; // bytes of a file in one message
const LARGEST_TEXT = 1 << 20; // characters that are sent in one message
const TYPES = ["application/json", "text/csv", "text/plain", "image/png", "image/jpeg", "application/octet-stream", "application/vnd.apache.arrow.stream"];

/**
 * Make the pages.
 *
 * @param kernel the conversation. @param description what the service says of its input. @param watch runs work and shows its error.
 * @param changed called when something is typed or chosen.
 * @returns `{element, given(), text(), put(text)}`: what is sent, a promise of `{source, content_type}`; its text where it is typed here.
 */
export function inputPages(kernel, { schema, sample }, watch, changed) {
  const hasForm = isForm(schema);
  const form = hasForm ? field(schema, "", touchedForm) : null;
  let page = hasForm ? "form" : "json";
  let isFormNewer = hasForm; // than the JSON, or the other way round
  const uploads = new Map();

  const text = element("textarea.json", { rows: 10, spellcheck: "false", "aria-label": t("Body as JSON"), oninput: () => ((isFormNewer = false), judge(), changed()) });
  const verdict = element("div.note", { role: "status" });
  const list = `jd-${Math.random().toString(36).slice(2)}`;
  const type = element("input", { type: "text", value: TYPES[0], list, "aria-label": t("Content type"), oninput: changed });
  const types = element("datalist", { id: list }, TYPES.map((value) => element("option", { value })));
  const path = element("input.wide", { type: "text", "aria-label": t("A path on the kernel's machine"), placeholder: t("or a path on the kernel's machine"), oninput: chosePath });
  const file = element("input", { type: "file", "aria-label": t("A file of this computer"), onchange: choseFile });
  const variable = element("select", { "aria-label": t("Variable of the notebook"), onchange: changed });

  function touchedForm() {
    isFormNewer = true;
    changed();
  }
  function judge() {
    try {
      read(text.value);
      verdict.textContent = "";
    } catch (error) {
      verdict.textContent = text.value.trim() ? t("not JSON: {reason}", { reason: error.message }) : "";
    }
    text.setAttribute("aria-invalid", Boolean(verdict.textContent));
  }
  function choseFile() {
    path.value = "";
    if (file.files[0]?.type) type.value = file.files[0].type;
    changed();
  }
  function chosePath() {
    file.value = "";
    const end = { csv: "text/csv", txt: "text/plain", png: "image/png", jpg: "image/jpeg", jpeg: "image/jpeg", json: "application/json", arrow: "application/vnd.apache.arrow.stream" }[path.value.split(".").at(-1).toLowerCase()];
    if (end) type.value = end;
    changed();
  }

  function toForm() {
    if (!isFormNewer) form.set(read(text.value));
    isFormNewer = true;
  }
  function toJson() {
    if (isFormNewer && form) text.value = form.json();
    isFormNewer = false;
    judge();
  }

  function put(json) {
    text.value = json;
    isFormNewer = false;
    judge();
    if (!form) return pages.open("json");
    try {
      form.set(read(json));
      isFormNewer = true;
    } catch {
      pages.open("json"); // what does not fit the form is JSON alone
    }
    if (page !== "form" && page !== "json") pages.open(isFormNewer ? "form" : "json");
    else if (page === "json") toJson();
  }

  const opened = (name, work = () => {}) => () => {
    page = name;
    work();
    changed();
  };
  const all = [
    { name: "form", label: t("Form"), make: (place) => place.append(form?.element), opened: opened("form", () => watch(toForm)) },
    { name: "json", label: t("JSON"), make: (place) => place.append(text, verdict), opened: opened("json", toJson) },
    { name: "file", label: t("File"), make: (place) => place.append(element("div.bar", {}, file, path), element("div.bar", {}, element("label", {}, t("Content type"), type), types)), opened: opened("file") },
    { name: "variable", label: t("Variable"), make: (place) => place.append(element("div.bar", {}, variable, button(t("Refresh"), () => watch(variables)),
      button(t("Change it here"), () => watch(takeOver)))), opened: opened("variable", () => watch(variables)) },
  ];

  async function variables() {
    const found = await kernel.ask("variables");
    const last = variable.value;
    variable.replaceChildren(...found.map(({ name, about }) => element("option", { value: name, selected: name === last }, `${name}: ${about}`)));
    if (!found.length) variable.append(element("option", { value: "" }, t("no table, array, list or text")));
    changed();
  }

  async function takeOver() {
    put(await kernel.ask("text", { source: { variable: variable.value } }));
    pages.element.querySelector('[aria-selected="true"]').focus(); // the button is hidden now
  }

  async function uploaded(blob, name) {
    if (!uploads.has(blob)) {
      const upload = Math.random().toString(36).slice(2);
      for (let begin = 0; begin === 0 || begin < blob.size; begin += PIECE) {
        await kernel.ask("upload", { upload, name, piece: await base64(blob.slice(begin, begin + PIECE)) });
      }
      uploads.clear();
      uploads.set(blob, upload);
    }
    return { upload: uploads.get(blob) };
  }

  async function given() {
    if (page === "variable") return { source: { variable: variable.value }, content_type: TYPES[0] };
    if (page === "file") {
      const chosen = file.files[0];
      if (!chosen && !path.value) throw { what: t("no file is chosen"), remedy: t("choose one, or write the path of one") };
      return { source: chosen ? await uploaded(chosen, chosen.name) : { path: path.value }, content_type: type.value };
    }
    const problems = page === "form" ? form.problems() : [];
    if (problems.length) throw { what: problems[0], why: problems.slice(1).join("\n"), remedy: t("mend it; what should be sent as it is can be written as JSON") };
    const json = typedText();
    if (json.length <= LARGEST_TEXT) return { source: { text: json }, content_type: TYPES[0] };
    return { source: await uploaded(new Blob([json]), "body.json"), content_type: TYPES[0] };
  }
  const typedText = () => (page === "form" ? form.json() : page === "json" ? text.value : "");

  const pages = tabs(all.filter(({ name }) => form || name !== "form"), t("What is sent"));
  if (sample) put(sample);
  return { element: pages.element, given, text: typedText, put };
}

function base64(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.split(",")[1] ?? "");
    reader.onerror = () => reject({ what: t("the file cannot be read"), why: String(reader.error), remedy: t("choose it again") });
    reader.readAsDataURL(blob);
  });
}
