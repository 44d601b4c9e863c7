// The log pane: holds a window on the log and asks for the rest; follows the end unless the reader looks elsewhere.

import { busyPlace, button, element, errorPlace, t, view } from "./dom.js";
import { talk } from "./talk.js";

const WINDOW = 3000; // lines that are held
const PAGE = 500; // lines that are asked for at once
const EDGE = 200; // pixels from the top or bottom at which more is asked for
const LEVELS = ["debug", "info", "warning", "error"];

/**
 * Draw the pane.
 *
 * @param el where. @param model the front end's. @param name of the service. @param part of the view that answers for the log.
 * @returns how it is taken away.
 */
export function logPane(el, model, name, part) {
  const errors = errorPlace();
  const busy = busyPlace();
  const kernel = talk(model, part, busy.set);
  const list = element("div.lines", { role: "log", tabindex: 0, "aria-label": t("Log of {name}", { name }) });
  const note = element("span.note", { role: "status" });
  const state = { lines: [], follows: true, isPaused: false, isAtEnd: true, reached: 0, unseen: 0, isAsking: false, hit: -1 };

  const words = element("input", { type: "search", placeholder: t("Search"), "aria-label": t("Search the log"), onkeydown: searched });
  const pattern = element("input", { type: "checkbox", onchange: filtered });
  const only = element("input", { type: "checkbox", onchange: filtered });
  const level = element("select", { "aria-label": t("Least level"), onchange: filtered },
    element("option", { value: "" }, t("all levels")), LEVELS.map((name) => element("option", { value: name }, t(name))));
  const pause = element("button", { type: "button", "aria-pressed": "false", onclick: () => paused(!state.isPaused) }, t("Pause"));
  const jump = button(t("Jump to end"), () => guarded(newest));
  const bar = element("div.bar", {}, words,
    button("↑", () => find(-1), { "aria-label": t("Search upwards"), title: t("Search upwards (Enter)") }),
    button("↓", () => find(1), { "aria-label": t("Search downwards"), title: t("Search downwards (Shift+Enter)") }),
    element("label", {}, pattern, t("pattern")), element("label", {}, only, t("only what matches")), level, pause, jump,
    button(t("Download"), () => guarded(download)), note);
  el.replaceChildren(element("div.jupyter-deploy.log-pane", { "data-lm-suppress-shortcuts": "true" }, bar, busy.element, errors.element, list));
  list.addEventListener("scroll", scrolled, { passive: true });

  const filter = () => ({ text: only.checked ? words.value : "", level: level.value, regex: pattern.checked });
  const isFiltered = () => Boolean((only.checked && words.value) || level.value);

  let turn = Promise.resolve(); // one question after the other, so that lines keep their order
  function guarded(work) {
    turn = turn.then(async () => {
      state.isAsking = true;
      try {
        await work();
        errors.clear();
      } catch (error) {
        errors.show(error);
      } finally {
        state.isAsking = false;
      }
    });
    return turn;
  }

  async function newest() {
    const answer = await kernel.ask("newest", { count: PAGE, ...filter() });
    clear();
    Object.assign(state, { isAtEnd: true, unseen: 0, reached: answer.end, start: answer.start, top: answer.reached, hit: -1 });
    state.follows = true;
    show(answer.lines, 0);
    toEnd();
    said();
  }

  kernel.told("lines", async ({ lines, begin, end }) => {
    if (state.isPaused || !state.follows || !state.isAtEnd) {
      state.unseen += lines.length;
      said();
    } else if (isFiltered()) {
      await guarded(below);
      toEnd();
    } else {
      if (lines[0][0] > begin) clear(); // it grew faster than it is sent: what was skipped can be scrolled back to
      show(lines.filter((line) => line[0] >= state.reached), state.lines.length);
      state.reached = Math.max(state.reached, lines.at(-1)[1]);
      toEnd();
    }
  });
  kernel.told("over", ({ reason }) => (note.textContent = reason));
  kernel.told("failed", ({ error }) => errors.show(error));
  kernel.told("again", () => guarded(async () => {
    do await below();
    while (state.follows && !state.isAtEnd);
    if (state.follows) toEnd();
  }));
  kernel.told("lost", () => (note.textContent = t("The kernel is gone; what is shown here stays as it is.")));
  const pieces = [];
  kernel.told("piece", (_message, buffers) => pieces.push(...buffers));

  async function download() {
    pieces.length = 0;
    const { file } = await kernel.ask("download");
    const address = URL.createObjectURL(new Blob(pieces, { type: "text/plain" }));
    element("a", { href: address, download: file }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
  }

  async function above() {
    const first = state.lines[0];
    const from = first ? Math.min(first.position, state.top ?? first.position) : state.top ?? 0;
    if (from <= (state.start ?? 0)) return;
    const answer = await kernel.ask("before", { position: from, count: PAGE, ...filter() });
    Object.assign(state, { start: answer.start, top: answer.reached });
    const height = list.scrollHeight;
    show(answer.lines, 0);
    list.scrollTop += list.scrollHeight - height;
    while (state.lines.length > WINDOW) drop(state.lines.pop());
    if (state.lines.length === WINDOW) Object.assign(state, { isAtEnd: false, reached: state.lines.at(-1).end });
  }

  async function below() {
    const answer = await kernel.ask("after", { position: state.reached, count: PAGE, ...filter() });
    show(answer.lines, state.lines.length);
    Object.assign(state, { reached: answer.reached, isAtEnd: answer.reached >= answer.end });
  }

  function show(lines, at) {
    const made = lines.map(([position, end, text, severity, source]) => {
      const row = element(severity ? `div.line.${severity}` : "div.line", source ? { title: source } : {}, ...marked(text));
      return { position, end, row };
    });
    const next = state.lines[at]?.row ?? null;
    const piece = document.createDocumentFragment();
    piece.append(...made.map((line) => line.row));
    list.insertBefore(piece, next);
    state.lines.splice(at, 0, ...made);
    if (at > 0 || state.follows) while (state.lines.length > WINDOW) drop(state.lines.shift());
    if (state.lines.length) state.top = Math.min(state.top ?? Infinity, state.lines[0].position);
  }

  function marked(text) {
    const wanted = pattern.checked ? "" : words.value;
    if (!wanted) return [text];
    const pieces = [];
    const low = text.toLowerCase();
    let begin = 0;
    for (let at = low.indexOf(wanted.toLowerCase()); at >= 0; at = low.indexOf(wanted.toLowerCase(), begin)) {
      pieces.push(text.slice(begin, at), element("mark", {}, text.slice(at, at + wanted.length)));
      begin = at + wanted.length;
    }
    return [...pieces, text.slice(begin)];
  }

  function clear() {
    for (const line of state.lines) drop(line);
    Object.assign(state, { lines: [], top: undefined });
  }
  const drop = (line) => line.row.remove();

  /** Look for the next line with the text, in the file; a long way goes in several questions. */
  async function find(direction) {
    const query = { count: 1, text: words.value, regex: pattern.checked };
    if (!words.value) return;
    await guarded(async () => {
      const seen = state.lines.find((line) => line.position === state.hit);
      let position = seen ? (direction < 0 ? seen.position : seen.end) : direction < 0 ? state.reached : (state.start ?? 0);
      for (;;) {
        const answer = await kernel.ask(direction < 0 ? "before" : "after", { position, ...query });
        if (answer.lines.length) return await around(answer.lines[0]);
        position = answer.reached;
        if (direction < 0 ? position <= answer.start : position >= answer.end) break;
        note.textContent = t("searching…");
      }
      note.textContent = t("not found");
    });
  }

  async function around([position, end]) {
    state.follows = false;
    if (!state.lines.some((line) => line.position === position)) {
      const [upper, lower] = await Promise.all([
        kernel.ask("before", { position: end, count: PAGE / 2 }),
        kernel.ask("after", { position: end, count: PAGE / 2 }),
      ]);
      clear();
      show([...upper.lines, ...lower.lines], 0);
      Object.assign(state, { start: upper.start, top: upper.reached, reached: lower.reached, isAtEnd: lower.reached >= lower.end });
    }
    list.querySelector(".hit")?.classList.remove("hit");
    state.hit = position;
    const { row } = state.lines.find((line) => line.position === position);
    row.replaceChildren(...marked(row.textContent));
    row.classList.add("hit");
    row.scrollIntoView({ block: "center" });
    note.textContent = row.textContent.slice(0, 120);
  }

  function searched(event) {
    if (event.key === "Enter") (only.checked ? filtered() : find(event.shiftKey ? 1 : -1));
  }
  function filtered() {
    guarded(newest);
  }
  function scrolled() {
    const rest = list.scrollHeight - list.scrollTop - list.clientHeight;
    state.follows = rest < 4 && state.isAtEnd;
    if (state.follows) state.unseen = 0;
    said();
    if (state.isAsking) return;
    if (list.scrollTop < EDGE) guarded(above);
    else if (rest < EDGE && !state.isAtEnd) guarded(below);
  }
  function paused(isPaused) {
    state.isPaused = isPaused;
    pause.setAttribute("aria-pressed", isPaused);
    pause.textContent = isPaused ? t("Go on") : t("Pause");
    if (!isPaused) guarded(newest);
  }
  function toEnd() {
    list.scrollTop = list.scrollHeight;
  }
  function said() {
    jump.textContent = state.unseen ? t("Jump to end ({count} new)", { count: state.unseen.toLocaleString() }) : t("Jump to end");
  }

  list.addEventListener("keydown", (event) => {
    if (event.key === "End") guarded(newest);
  });
  guarded(newest);
  return kernel.end;
}

export default view((el, model) => logPane(el, model, model.get("name"), ""));
