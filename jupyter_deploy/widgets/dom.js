// Elements of a page. Text only ever enters as text: there is no way here to make HTML of a string.

/**
 * Make an element.
 *
 * @param kind `"button"`, or with classes `"button.primary"`.
 * @param facts attributes; `onclick` and the like are listeners; `false`, null and undefined are left out.
 * @param children elements and texts.
 */
export function element(kind, facts = {}, ...children) {
  const [tag, ...classes] = kind.split(".");
  const made = document.createElement(tag);
  if (classes.length) made.className = classes.join(" ");
  for (const [name, value] of Object.entries(facts)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (["value", "checked", "disabled", "hidden", "selected"].includes(name)) made[name] = value;
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

/** A button that shows what its work failed with, and cannot be pressed twice meanwhile. */
export function button(label, work, facts = {}) {
  const made = element("button", { type: "button", ...facts }, label);
  made.addEventListener("click", async () => {
    if (made.getAttribute("aria-disabled") === "true") return;
    made.setAttribute("aria-disabled", "true"); // not `disabled`, which would lose the focus
    try {
      await work(made);
    } finally {
      made.removeAttribute("aria-disabled");
    }
  });
  return made;
}

/** A place for errors: what happened, why, and what to do; read out when it changes. */
export function errorPlace() {
  const place = element("div.error", { role: "alert", hidden: true });
  return {
    element: place,
    clear: () => {
      place.hidden = true;
      place.replaceChildren();
    },
    show: (error) => {
      const { what, why, remedy } = error?.what ? error : { what: String(error?.message ?? error), why: error?.stack };
      place.replaceChildren(
        element("div.what", {}, what),
        ...(why ? [element("pre", { tabindex: 0 }, why)] : []),
        ...(remedy ? [element("div.remedy", {}, remedy)] : []),
      );
      place.hidden = false;
    },
  };
}

/** The notice that a cell runs and buttons wait for it. */
export function busyPlace() {
  const place = element("div.busy", { role: "status", hidden: true }, t("The kernel is busy with a cell: this goes on when the cell has ended."));
  return { element: place, set: (busy) => (place.hidden = !busy) };
}

/** Copy the text of an element, and say so; where a page may not (one without TLS), it is marked, and the reader copies it. */
export async function copy(shown, said) {
  try {
    await navigator.clipboard.writeText(shown.textContent);
    said.textContent = t("copied");
  } catch {
    getSelection().selectAllChildren(shown);
    said.textContent = t("marked; copy it with Ctrl+C");
  }
}

/** What a front end calls to draw a view; what stands below it for readers without a kernel is hidden as long as the view is there. */
export const view = (draw) => ({
  render: ({ model, el }) => {
    const end = draw(el, model);
    const still = model.get("still");
    if (still) el.append(element("style", {}, `.${still} { display: none; }`));
    return end;
  },
});

let catalogue = {};

/** Use another language: a translation for each text of {@link t}. */
export const translate = (texts) => (catalogue = texts);

/** A text in the reader's language; `{name}` is replaced by a value. */
export function t(text, values = {}) {
  return (catalogue[text] ?? text).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** Tabs by the ARIA pattern: arrow keys move, the panel is made when it is first seen. `pages` are `{name, label, make, opened}`. */
export function tabs(pages, label) {
  const list = element("div.tabs", { role: "tablist", "aria-label": label });
  const area = element("div");
  const made = pages.map(({ name, label: text, make, opened }) => {
    const id = `jd-${name}-${Math.random().toString(36).slice(2)}`;
    const panel = element("div.page", { role: "tabpanel", id, "aria-labelledby": `${id}-tab`, hidden: true });
    const tab = element("button", { type: "button", role: "tab", id: `${id}-tab`, "aria-controls": id, onclick: () => open(name) }, text);
    list.append(tab);
    area.append(panel);
    return { name, tab, panel, make, opened, isMade: false };
  });
  const open = (name) => {
    for (const page of made) {
      const chosen = page.name === name;
      page.tab.setAttribute("aria-selected", chosen);
      page.tab.tabIndex = chosen ? 0 : -1;
      page.panel.hidden = !chosen;
      if (chosen && !page.isMade) {
        page.isMade = true;
        page.make(page.panel);
      }
      if (chosen) page.opened?.();
    }
  };
  list.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation(); // the notebook's own keys
    const next = made[(made.findIndex((page) => page.tab === document.activeElement) + step + made.length) % made.length];
    next.tab.focus();
    open(next.name);
  });
  open(pages[0].name);
  return { element: element("div", {}, list, area), open };
}
