import { PanelWithToolbar } from "@jupyterlab/ui-components";
import { Widget } from "@lumino/widgets";

import { element } from "../../jupyter_deploy/widgets/dom.js";
import { RowList, type RowListOptions } from "./row_list";
import { type RowText } from "./row_texts";

/** What a section has to know of its rows, and says where there are none. */
export interface SectionOptions<Row> extends RowListOptions<Row> {
  compare: (left: Row, right: Row) => number;
  /** What to say where there are no rows, and the code that makes the first one. */
  empty: { text: string; code: string };
  /** What to say where the filter lets none through. */
  noMatch: string;
}

/** One list of the panel: its rows in order, as far as the filter lets them through, and how many there are. */
export class Section<Row extends object> extends PanelWithToolbar {
  readonly list: RowList<Row>;
  private readonly count = new Widget();
  private readonly empty = new Widget();
  private readonly searched = new WeakMap<Row, string>();
  private rows: Row[] | null = null;
  private words: string[] = [];

  constructor(private readonly options: SectionOptions<Row>) {
    super();
    this.addClass("jp-DeployPanel-section");
    this.title.label = options.label;
    this.count.addClass("jp-DeployPanel-count");
    this.toolbar.addItem("count", this.count);
    this.list = new RowList(options);
    this.empty.addClass("jp-DeployPanel-empty");
    this.empty.hide();
    this.addWidget(this.empty);
    this.addWidget(this.list);
  }

  /** Show other rows. */
  setRows(rows: Iterable<Row>): void {
    this.rows = [...rows].sort(this.options.compare);
    this.look();
  }

  /** Show only rows with all of these words, in lower case. */
  filter(words: string[]): void {
    this.words = words;
    this.look();
  }

  private look(): void {
    if (!this.rows) return; // nothing is known yet, which is not to say that there is nothing
    const shown = this.words.length ? this.rows.filter((row) => this.passes(row)) : this.rows;
    const all = this.rows.length;
    this.count.node.textContent = shown.length === all ? `${all}` : `${shown.length}/${all}`;
    this.empty.node.replaceChildren(...this.emptyText(all > 0));
    this.empty.setHidden(shown.length > 0);
    this.list.setHidden(shown.length === 0);
    this.list.setRows(shown);
  }

  private passes(row: Row): boolean {
    let text = this.searched.get(row);
    if (text === undefined) {
      const { name, word, facts }: RowText = this.options.text(row);
      text = [name, word, ...facts].join("\n").toLowerCase();
      this.searched.set(row, text);
    }
    return this.words.every((word) => text.includes(word));
  }

  private emptyText(isFiltered: boolean): (HTMLElement | string)[] {
    if (isFiltered) return [this.options.noMatch];
    const { text, code } = this.options.empty;
    return code ? [element("p", {}, text), element("code", {}, code)] : [element("p", {}, text)];
  }
}
