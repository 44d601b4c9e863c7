import { type CommandRegistry } from "@lumino/commands";

import { OPEN_ROW } from "./commands";
import { KEYS, type ListName, type RowOf } from "./lists";
import { ROW_TEXTS } from "./row_texts";
import { Section } from "./section";
import { type IChosenRow, type ITexts } from "./tokens";

const ORDER = new Intl.Collator(undefined, { numeric: true });

/** The lists of the panel by their names. */
export type Sections = { [Name in ListName]: Section<RowOf<Name>> };

/**
 * The four lists of the panel.
 *
 * @param texts in the reader's language. @param commands that open what a row is about. @param choose is told which row got the focus.
 */
export function makeSections(texts: ITexts, commands: CommandRegistry, choose: (chosen: IChosenRow) => void): Sections {
  const labels: Record<ListName, string> = {
    models: texts.__("Models"),
    services: texts.__("Services"),
    computes: texts.__("Computes"),
    operations: texts.__("Operations"),
  };
  const empty = emptyTexts(texts);
  const noMatch = texts.__("Nothing here matches the filter.");
  function section<Name extends ListName>(
    name: Name,
    compare: (left: RowOf<Name>, right: RowOf<Name>) => number,
  ): Section<RowOf<Name>> {
    const key = KEYS[name];
    const text = (row: RowOf<Name>) => ROW_TEXTS[name](row, texts);
    const made = new Section<RowOf<Name>>({ label: labels[name], key, text, compare, empty: empty[name], noMatch });
    made.id = `jupyter-deploy-${name}`;
    made.list.node.dataset.list = name;
    made.list.chosen.connect((_, row) => {
      choose({ list: name, key: key(row) });
    });
    made.list.opened.connect((_, row) => void commands.execute(OPEN_ROW, { list: name, key: key(row) }));
    return made;
  }
  return {
    models: section("models", (left, right) => ORDER.compare(left.name, right.name) || right.version - left.version),
    services: section("services", (left, right) => ORDER.compare(left.name, right.name)),
    computes: section("computes", (left, right) => ORDER.compare(left.name, right.name)),
    operations: section("operations", (left, right) => right.began - left.began),
  };
}

function emptyTexts(texts: ITexts): Record<ListName, { text: string; code: string }> {
  return {
    models: {
      text: texts.__("No models yet. Register one first, in a cell or by a right click on its file:"),
      code: "%register_model model.pkl --name my-model",
    },
    services: {
      text: texts.__("No services yet. Deploy a model first:"),
      code: "%deploy my-service --models my-model",
    },
    computes: {
      text: texts.__("No clusters are attached. Services run on this machine; to use a cluster:"),
      code: "jupyter ml computetarget attach kubernetes --name my-cluster",
    },
    operations: { text: texts.__("Nothing is under way."), code: "" },
  };
}
