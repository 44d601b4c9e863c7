// The form of a deployment: what is typed is checked by Python, and shown as a line, as Python and as files.

import { attachForm } from "./attach_form.js";
import { busyPlace, button, element, errorPlace, t, view } from "./dom.js";
import { choices, field, group, markAll, problemList, section, suggestions } from "./form.js";
import { modelChoice } from "./model_choice.js";
import { otherwise } from "./otherwise.js";
import { talk } from "./talk.js";
import { together } from "./typing.js";

/**
 * Draw the form.
 *
 * @param el where. @param model the front end's, whose `values` are what is typed. @param part of the view that answers for it.
 * @returns how it is taken away.
 */
export function deployForm(el, model, part) {
  const errors = errorPlace(); // of what a button was pressed for
  const faults = errorPlace(); // of the checks, which go on meanwhile
  const busy = busyPlace();
  const kernel = talk(model, part, busy.set);
  const note = element("div.note", { role: "status" });
  const scripts = suggestions();
  const environments = suggestions();
  const changed = () => typing.soon();

  const name = field({ name: "name", label: t("Service name"), kind: "text", help: t("3 to 32 small letters, digits and '-'") }, changed);
  const models = modelChoice(kernel, changed, (error) => errors.show(error));
  const script = field({ name: "script", label: t("Entry script"), kind: "text", list: scripts.id, placeholder: t("written for the model"),
    help: t("The .py file with init() and run(); left empty, one is written for the model.") }, changed);
  const env = field({ name: "env", label: t("Packages"), kind: "text", list: environments.id, placeholder: t("those of this kernel"),
    help: t("A requirements or conda file; left empty, the packages of this kernel that script and model import.") }, changed);
  const trust = field({ name: "trust", label: t("Trusted sources"), kind: "text",
    help: t("Addresses and folders, beside the package index, that packages may come from; separated by commas.") }, changed);
  const target = field({ name: "target", label: t("Target"), kind: "choice", choices: [] }, () => guarded(() => typing.after(chooseTarget())));
  const overwrite = field({ name: "overwrite", label: t("Overwrite"), kind: "truth", help: t("Update the service where the name is taken.") }, changed);
  const plain = [name, script, env, trust, target];

  const findings = element("ul.findings", { hidden: true });
  const written = element("pre", { tabindex: 0, "aria-label": t("The script that is written") });
  const writtenPlace = element("details.group", { hidden: true }, element("summary", {}, t("The script that is written")), written);
  const needs = element("div.help");
  const missing = element("div.problem", { role: "status", hidden: true });
  const attachPlace = element("div", { hidden: true });
  const options = element("div");
  const settings = element("div");
  const installed = element("div.installed", { role: "status" });
  const problems = element("div.problems", { role: "status" });
  const ways = otherwise();
  const same = section(t("The same, said otherwise"), ways.element);
  same.hidden = true;
  const state = { values: model.get("values"), target: undefined, groups: [], settings: [], needs: {}, secrets: [] };

  el.replaceChildren(element("div.jupyter-deploy.deploy-form", { "data-lm-suppress-shortcuts": "true", onfocusin: entered }, busy.element,
    section(t("Service"), name.element, models.element),
    section(t("Script and environment"), script.element, findings, writtenPlace, env.element, trust.element, settings,
      element("div.bar", {}, button(t("Show what will be installed"), () => guarded(install))), installed),
    section(t("Target"), target.element, needs, missing, attachPlace, options, overwrite.element),
    same,
    problems,
    element("div.bar", {}, button(t("Deploy"), () => guarded(deploy), { class: "primary" })),
    note, errors.element, faults.element, scripts.element, environments.element));

  const all = () => [...plain, overwrite, ...fieldsOf(state.settings), ...fieldsOf(state.groups)];
  const values = () => ({
    ...Object.fromEntries(plain.map((one) => [one.name, one.get()])),
    models: models.get(),
    overwrite: Boolean(overwrite.get()),
    options: state.groups.length ? texts(state.groups) : state.values.options,
    settings: state.settings.length ? texts(state.settings) : state.values.settings,
  });
  const fieldsOf = (groups) => groups.flatMap((one) => one.fields);
  const texts = (groups) => Object.fromEntries(fieldsOf(groups).map((one) => [one.name, one.get()]).filter(([, text]) => text));

  async function guarded(work, place = errors) {
    try {
      place.clear();
      return await work();
    } catch (error) {
      place.show(error);
      return undefined;
    }
  }

  async function offered() {
    const offers = await kernel.ask("offers");
    scripts.set(offers.scripts);
    environments.set(offers.environments);
    models.offer(offers.models);
    state.needs = Object.fromEntries(offers.targets.map(([value, , text]) => [value, text]));
    state.secrets = offers.secrets;
    if (!state.settings.length) {
      state.settings = drawn(offers.settings, state.values.settings);
      const here = t("Script and environment"); // whose fields stand in this section as they are
      settings.replaceChildren(...state.settings.flatMap((one) => (one.heading === here ? one.fields.map((each) => each.element) : [one.element])));
    }
    choices(target.control, offers.targets.map(([value, label]) => [value, label]));
    for (const one of all()) if (one.isSecret) offerSecrets(one);
  }
  const offerSecrets = (one) => choices(one.control, [["", t("not given")], ...state.secrets.map((each) => [each, `$${each}`])]);
  function entered(event) {
    if (event.relatedTarget && !event.currentTarget.contains(event.relatedTarget)) guarded(() => offered().then(typing.look), faults); // files may have changed by now
  }

  async function chooseTarget() {
    const chosen = target.get();
    const found = await kernel.ask("target", { name: chosen });
    if (chosen !== target.get()) return;
    const before = { ...state.values.options, ...texts(state.groups) };
    state.groups = drawn(found.groups, before);
    options.replaceChildren(...state.groups.map((one) => one.element));
    state.target = chosen;
    needs.textContent = state.needs[chosen] ?? "";
    missing.textContent = found.missing;
    missing.hidden = !found.missing;
    attachPlace.hidden = !found.attaches;
    if (found.attaches) await attach.begin();
  }
  const attach = attachForm(attachPlace, model, "attach", (name, notes) => guarded(async () => {
    await offered();
    target.set(name);
    await typing.after(chooseTarget());
    note.replaceChildren(t("{name} is attached.", { name }), ...notes.map((text) => element("div", {}, text)));
    target.control.focus();
  }));
  const drawn = (groups, given) => groups.map(([heading, rows]) => group(heading, rows.map((facts) => optionField(facts, given[facts.name] ?? ""))));
  function optionField(facts, text) {
    const help = facts.kind === "secret" ? `${facts.help} ${t("Taken from a variable of the notebook, so that it is not kept in it.")}` : facts.help;
    const made = field({ ...facts, help }, changed);
    made.isSecret = facts.kind === "secret";
    if (made.isSecret) offerSecrets(made);
    made.set(text);
    return made;
  }

  /** Take over what was typed in another copy of the form; a field in which somebody types here is left alone. */
  async function take(others) {
    state.values = others;
    show(others);
    if (target.get() !== state.target) await chooseTarget();
    for (const [groups, given] of [[state.groups, others.options], [state.settings, others.settings]]) {
      for (const one of fieldsOf(groups)) if (one.control !== document.activeElement) one.set(given[one.name] ?? "");
    }
  }
  function show(given) {
    for (const one of plain) if (one.control !== document.activeElement) one.set(given[one.name]);
    if (overwrite.control !== document.activeElement) overwrite.set(String(given.overwrite));
    models.set(given.models);
  }

  const typing = together(model, kernel, { values, take, answered, guarded: (work) => guarded(work, faults) });
  function answered(found) {
    markAll([...all(), models], found.problems);
    for (const one of [...state.settings, ...state.groups]) one.said();
    problems.replaceChildren(...problemList(t("Before this can be deployed:"), found.problems, [...all(), models]));
    findings.replaceChildren(...found.findings.map((text) => element("li", {}, text)));
    findings.hidden = !found.findings.length;
    written.textContent = found.script;
    writtenPlace.hidden = !found.script;
    same.hidden = !found.equivalents;
    if (found.equivalents) ways.set(found.equivalents);
  }

  async function install() {
    installed.textContent = t("looking…");
    try {
      const found = await kernel.ask("environment", { values: values() });
      const head = [t("Package"), t("Version"), t("Asked for by")].map((text) => element("th", { scope: "col" }, text));
      const rows = found.packages.map((cells) => element("tr", {}, cells.map((text) => element("td", {}, text))));
      installed.replaceChildren(
        element("div", {}, t("Python {python}, {count} packages", { python: found.python, count: found.packages.length })),
        ...found.notes.map((text) => element("div.problem", {}, text)),
        found.left_out.length ? element("div.muted", {}, t("Left out, as the scoring server replaces it: {names}", { names: found.left_out.join(", ") })) : "",
        element("div.scroll", { tabindex: 0, role: "region", "aria-label": t("Packages") },
          element("table", {}, element("thead", {}, element("tr", {}, head)), element("tbody", {}, rows))));
    } catch (error) {
      installed.textContent = "";
      throw error;
    }
  }
  kernel.told("said", ({ line }) => (note.textContent = line));
  kernel.told("again", () => guarded(async () => {
    await offered();
    await typing.look();
  }, faults));
  kernel.told("lost", () => (note.textContent = t("The kernel is gone; run the cell again.")));

  async function deploy() {
    note.textContent = t("deploying…");
    try {
      const { service, findings: remarks } = await kernel.ask("deploy", { values: values() });
      note.replaceChildren(t("The deployment of {service} has begun.", { service }), ...remarks.map((text) => element("div", {}, text)));
    } catch (error) {
      note.textContent = "";
      throw error;
    }
  }

  show(state.values);
  guarded(async () => {
    await offered();
    await chooseTarget();
    await typing.look();
  }, faults);
  return () => {
    typing.end();
    attach.end();
    kernel.end();
  };
}

export default view((el, model) => deployForm(el, model, ""));
