// A list of files, one folder at a time; a folder is opened by Enter or a double click.

import { button, element, t } from "./dom.js";

/**
 * Draw the list.
 *
 * @param kernel answers `folder`. @param chosen called with the path of a file or folder that was chosen. @param guarded shows errors.
 * @returns `element`, and `open(path)`.
 */
export function fileBrowser(kernel, chosen, guarded) {
  const place = element("div.muted", { role: "status" });
  const list = element("select.files", { size: 8, "aria-label": t("Files"), onchange: () => chosen(list.value) });
  const up = button(t("Up"), () => guarded(() => open(state.path.split("/").slice(0, -1).join("/"))), { "aria-label": t("The folder above") });
  const enter = button(t("Open folder"), () => guarded(openChosen));
  const state = { path: "" };

  async function open(path) {
    const found = await kernel.ask("folder", { path });
    state.path = found.path;
    const rest = found.rest ? t("; {rest} more, whose path can be typed", { rest: found.rest }) : "";
    place.textContent = `${found.path || t("the current folder")}${found.entries.length ? "" : t(" (empty)")}${rest}`;
    up.disabled = !found.path;
    list.replaceChildren(...found.entries.map((entry) => element("option", { value: entry.path, disabled: !entry.path, "data-folder": entry.is_folder },
      entry.is_folder ? `${entry.name}/` : `${entry.name} — ${entry.size}`)));
  }
  const openChosen = async () => {
    const folder = list.selectedOptions[0];
    if (folder?.dataset.folder !== undefined) {
      await open(folder.value);
      list.focus();
    }
  };
  list.addEventListener("dblclick", () => guarded(openChosen));
  list.addEventListener("keydown", (event) => {
    if (event.key === "Enter") guarded(openChosen);
  });
  return { element: element("div.browser", {}, element("div.bar", {}, up, enter, place), list), open };
}
