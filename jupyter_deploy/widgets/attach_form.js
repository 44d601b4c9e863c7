// The fields with which a cluster is attached, to be chosen as the target of a form.

import { button, element, errorPlace, t } from "./dom.js";
import { choices, field, markAll } from "./form.js";
import { talk } from "./talk.js";

/**
 * Draw the fields.
 *
 * @param el where. @param model the front end's. @param part of the view that answers for them.
 * @param attached called with the name of a cluster that was attached.
 * @returns `begin()` when they are shown, and `end()`.
 */
export function attachForm(el, model, part, attached) {
  const kernel = talk(model, part);
  const errors = errorPlace();
  const note = element("div.note", { role: "status" });
  const command = element("div.help");
  let timer;
  let looks = 0;
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(() => look(""), 300);
  };
  const kubeconfig = field({ name: "kubeconfig", label: t("Kubeconfig"), kind: "text", placeholder: t("kubectl's own"),
    help: t("The file with the cluster's address and credentials; it stays where it is, and its path is recorded.") }, soon);
  const context = field({ name: "context", label: t("Context"), kind: "choice", choices: [], help: t("Which cluster of that file, and as whom.") },
    () => look(context.get()));
  const namespace = field({ name: "namespace", label: t("Cluster namespace"), kind: "text",
    help: t("Where services go; it has to be there. Left empty, the context's own.") }, () => {});
  const registry = field({ name: "image_registry", label: t("Image registry"), kind: "text", placeholder: "registry.example.com/team",
    help: t("Where images are pushed to; left empty, the nodes share this machine's Docker Engine.") }, () => {});
  const name = field({ name: "name", label: t("Name of the cluster"), kind: "text",
    help: t("By which it is a target from now on: 1 to 32 letters, digits and '-'.") }, () => (name.isTyped = true));
  const all = [kubeconfig, context, namespace, registry, name];
  el.replaceChildren(element("fieldset", {}, element("legend", {}, t("Attach a cluster")),
    all.map((one) => one.element), command,
    element("div.bar", {}, button(t("Attach"), attach)), note, errors.element));

  const values = () => Object.fromEntries(all.map((one) => [one.name, one.get()]));

  function show({ problems }) {
    markAll(all, problems);
    const [first] = problems.filter((each) => !each.fields.length);
    if (first) {
      const [what, ...rest] = first.text.split("\n");
      errors.show({ what, why: rest.join("\n") });
    } else errors.clear();
  }

  async function look(wanted) {
    const asked = (looks += 1);
    try {
      const found = await kernel.ask("look", { kubeconfig: kubeconfig.get(), context: wanted });
      if (asked !== looks) return; // something else was typed meanwhile
      choices(context.control, found.contexts.map((one) => [one, one]), found.context ?? "");
      namespace.control.placeholder = found.namespace ?? "";
      if (!name.isTyped) name.set(found.name ?? "");
      command.textContent = found.command ? t("For its credentials this runs: {command}", { command: found.command }) : "";
      show(found);
    } catch (error) {
      errors.show(error);
    }
  }

  async function attach() {
    note.textContent = t("asking the cluster…");
    try {
      const found = await kernel.ask("attach", values());
      show(found);
      note.textContent = "";
      if (!found.name) return;
      name.isTyped = false;
      await attached(found.name, found.notes);
    } catch (error) {
      note.textContent = "";
      errors.show(error);
    }
  }
  kernel.told("said", ({ line }) => (note.textContent = line));

  return {
    begin: () => look(context.get()),
    end: () => {
      clearTimeout(timer);
      kernel.end();
    },
  };
}
