import { ellipsesIcon } from "@jupyterlab/ui-components";
import { type Message } from "@lumino/messaging";
import { Signal } from "@lumino/signaling";
import { Widget } from "@lumino/widgets";

import { element } from "../../jupyter_deploy/widgets/dom.js";
import { type RowText } from "./row_texts";

/** Rows that are drawn beyond what is seen, at each end. */
const BEYOND = 8;
/** Pixels, where nothing is measured yet. */
const HEIGHT = 44;

const EVENTS = ["scroll", "keydown", "focusin", "click", "dblclick"];

interface Drawn<Row> {
  row: Row;
  node: HTMLElement;
}

/** What a list of rows has to know of them. */
export interface RowListOptions<Row> {
  /** Of the list, for those who hear it. */
  label: string;
  key: (row: Row) => string;
  text: (row: Row) => RowText;
}

/**
 * Rows of one height, of which only those that are seen are drawn, and only those that changed are drawn again. One row has the focus; arrow
 * keys move it.
 */
export class RowList<Row extends object> extends Widget {
  /** The reader wants a row opened. */
  readonly opened = new Signal<this, Row>(this);
  /** A row was given the focus. */
  readonly chosen = new Signal<this, Row>(this);
  private readonly space = element("div.jp-DeployPanel-space", { role: "presentation" });
  private readonly drawn = new Map<string, Drawn<Row>>();
  private rows: readonly Row[] = [];
  private indices = new Map<string, number>();
  private chosenKey = "";
  private chosenIndex = 0;
  private height = HEIGHT;

  constructor(private readonly options: RowListOptions<Row>) {
    super();
    this.addClass("jp-DeployPanel-list");
    this.node.setAttribute("role", "tree");
    this.node.setAttribute("aria-label", options.label);
    this.node.append(this.space);
  }

  /** Show other rows. */
  setRows(rows: readonly Row[]): void {
    this.rows = rows;
    this.indices = new Map(rows.map((row, index) => [this.options.key(row), index]));
    this.update();
  }

  handleEvent(event: Event): void {
    if (event.type === "scroll") this.draw();
    else if (event.type === "keydown") this.onKey(event as KeyboardEvent);
    else if (event.type === "focusin") this.onFocus(event);
    else if (event.type === "dblclick") this.open(this.rowAt(event));
    else if (event.type === "click") openMenu(event);
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    for (const type of EVENTS) this.node.addEventListener(type, this);
    this.update();
  }

  protected override onBeforeDetach(message: Message): void {
    for (const type of EVENTS) this.node.removeEventListener(type, this);
    super.onBeforeDetach(message);
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this.update();
  }

  protected override onResize(message: Widget.ResizeMessage): void {
    super.onResize(message);
    this.update();
  }

  protected override onUpdateRequest(message: Message): void {
    super.onUpdateRequest(message);
    if (!this.isVisible) return;
    const known = this.indices.get(this.chosenKey);
    this.chosenIndex = known ?? Math.max(0, Math.min(this.chosenIndex, this.rows.length - 1));
    const hadFocus = this.node.contains(document.activeElement);
    this.draw();
    if (hadFocus && !this.node.contains(document.activeElement)) this.focus(this.chosenIndex); // its row is gone, or was moved
  }

  /** Draw what is seen, and the row that the tabulator key leads to. */
  private draw(): void {
    this.measure();
    const { scrollTop, clientHeight } = this.node;
    const first = Math.max(0, Math.floor(scrollTop / this.height) - BEYOND);
    const end = Math.min(this.rows.length, Math.ceil((scrollTop + (clientHeight || 600)) / this.height) + BEYOND);
    const wanted = Array.from({ length: Math.max(0, end - first) }, (_, index) => first + index);
    if (this.rows.length && this.chosenIndex < first) wanted.unshift(this.chosenIndex);
    if (this.rows.length && this.chosenIndex >= end) wanted.push(this.chosenIndex);
    const keys = new Set(wanted.map((index) => this.options.key(this.rows[index])));
    for (const [key, { node }] of this.drawn) {
      if (keys.has(key)) continue;
      node.remove();
      this.drawn.delete(key);
    }
    let next: Element | null = null;
    for (const index of wanted.reverse()) {
      const node = this.drawRow(index);
      if (node.parentElement !== this.space || node.nextElementSibling !== next) this.space.insertBefore(node, next);
      next = node;
    }
    this.space.style.height = `${this.rows.length * this.height}px`;
  }

  private drawRow(index: number): HTMLElement {
    const row = this.rows[index];
    const key = this.options.key(row);
    let drawn = this.drawn.get(key);
    if (drawn?.row !== row) {
      const node = drawn?.node ?? element("div.jp-DeployPanel-row", { role: "treeitem", "data-key": key });
      fill(node, this.options.text(row));
      drawn = { row, node };
      this.drawn.set(key, drawn);
    }
    const { node } = drawn;
    node.style.top = `${index * this.height}px`;
    node.tabIndex = index === this.chosenIndex ? 0 : -1;
    node.setAttribute("aria-posinset", `${index + 1}`);
    node.setAttribute("aria-setsize", `${this.rows.length}`);
    node.setAttribute("aria-selected", `${key === this.chosenKey}`);
    return node;
  }

  private measure(): void {
    for (const { node } of this.drawn.values()) {
      this.height = node.offsetHeight || HEIGHT;
      return;
    }
  }

  private onKey(event: KeyboardEvent): void {
    const page = Math.max(1, Math.floor(this.node.clientHeight / this.height) - 1);
    const moves: Record<string, number> = {
      ArrowDown: this.chosenIndex + 1,
      ArrowUp: this.chosenIndex - 1,
      PageDown: this.chosenIndex + page,
      PageUp: this.chosenIndex - page,
      Home: 0,
      End: this.rows.length - 1,
    };
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key === "Enter") this.open(this.rows[this.chosenIndex]);
    else if (event.key in moves) this.focus(moves[event.key]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  private onFocus(event: Event): void {
    const row = this.rowAt(event);
    if (row) this.choose(row);
  }

  /** Give the focus to a row, and bring it into view. */
  private focus(index: number): void {
    if (!this.rows.length) return;
    const row = this.rows[Math.max(0, Math.min(index, this.rows.length - 1))];
    this.choose(row);
    const top = this.chosenIndex * this.height;
    const { scrollTop, clientHeight } = this.node;
    if (top < scrollTop) this.node.scrollTop = top;
    else if (top + this.height > scrollTop + clientHeight) this.node.scrollTop = top + this.height - clientHeight;
    this.draw();
    this.drawn.get(this.chosenKey)?.node.focus({ preventScroll: true });
  }

  private choose(row: Row): void {
    const key = this.options.key(row);
    if (key !== this.chosenKey) {
      this.chosenKey = key;
      this.chosenIndex = this.indices.get(key) ?? 0;
      this.draw();
    }
    this.chosen.emit(row);
  }

  private open(row: Row | undefined): void {
    if (row) this.opened.emit(row);
  }

  private rowAt(event: Event): Row | undefined {
    const key = (event.target as Element).closest<HTMLElement>("[data-key]")?.dataset.key;
    const index = key === undefined ? undefined : this.indices.get(key);
    return index === undefined ? undefined : this.rows[index];
  }
}

/** A press on the row's button shows the menu that a right click shows. */
function openMenu({ target }: Event): void {
  const more = (target as Element).closest("[data-more]");
  if (!more) return;
  const { left: clientX, bottom: clientY } = more.getBoundingClientRect();
  more.dispatchEvent(new MouseEvent("contextmenu", { bubbles: true, cancelable: true, clientX, clientY }));
}

function fill(node: HTMLElement, { name, word, tone, facts }: RowText): void {
  const more = element("span.jp-DeployPanel-more", { "data-more": true, "aria-hidden": "true" });
  ellipsesIcon.element({ container: more });
  node.dataset.tone = tone;
  node.title = [`${name}: ${word}`, ...facts].join("\n");
  node.setAttribute("aria-label", [name, word, ...facts].join(", "));
  node.replaceChildren(
    element(
      "div.jp-DeployPanel-first",
      {},
      element("span.jp-DeployPanel-mark", { "aria-hidden": "true" }),
      element("span.jp-DeployPanel-name", {}, name),
      element("span.jp-DeployPanel-word", {}, word),
    ),
    element("div.jp-DeployPanel-second", {}, element("span.jp-DeployPanel-facts", {}, facts.join(" · ")), more),
  );
}
