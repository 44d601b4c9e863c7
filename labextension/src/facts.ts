import { Dialog, showDialog } from "@jupyterlab/apputils";
import { Widget } from "@lumino/widgets";

import { element } from "../../jupyter_deploy/widgets/dom.js";
import { type ComputeRow, type ModelRow, type OperationRow, type ServiceRow } from "./documents";
import { moment, size } from "./formats";
import { type ListName, type RowOf } from "./lists";
import { operationWord, roomText, stateWord } from "./row_texts";
import { type ITexts } from "./tokens";

/** Names and what is said under them; what is empty is not shown. */
type Facts = [name: string, text: string][];

/** Show all that is known of what a row is about. */
export async function showFacts<Name extends ListName>(list: Name, row: RowOf<Name>, texts: ITexts): Promise<void> {
  const [title, facts] = FACTS[list](row as never, texts);
  const shown = facts.filter(([, text]) => text);
  const pairs = shown.flatMap(([name, text]) => [element("dt", {}, name), element("dd", {}, text)]);
  const body = new Widget({ node: element("dl.jp-DeployPanel-pairs", {}, pairs) });
  await showDialog({ title, body, buttons: [Dialog.okButton({ label: texts.__("Close") })] });
}

const FACTS = { models: modelFacts, services: serviceFacts, computes: computeFacts, operations: operationFacts };

function modelFacts(row: ModelRow, texts: ITexts): [string, Facts] {
  return [
    row.id,
    [
      [texts.__("Description"), row.description],
      [texts.__("Framework"), `${row.framework} ${row.frameworkVersion}`.trim()],
      [texts.__("Size"), size(row.size)],
      [texts.__("Tags"), tagsText(row.tags)],
      [texts.__("Registered"), moment(row.created)],
      [texts.__("By"), row.createdBy],
      [texts.__("Used by"), row.usedBy.join(", ")],
    ],
  ];
}

function serviceFacts(row: ServiceRow, texts: ITexts): [string, Facts] {
  return [
    row.name,
    [
      [texts.__("State"), stateWord(row.state, texts)],
      [texts.__("Error"), row.error],
      [texts.__("Description"), row.description],
      [texts.__("Target"), [row.target, row.compute].filter(Boolean).join(", ")],
      [texts.__("URL"), row.url],
      [texts.__("Version"), row.version === null ? "" : `${row.version}`],
      [texts.__("Models"), row.models.join(", ")],
      [texts.__("Tags"), tagsText(row.tags)],
      [texts.__("Created"), moment(row.created)],
      [texts.__("Changed"), moment(row.updated)],
    ],
  ];
}

function computeFacts(row: ComputeRow, texts: ITexts): [string, Facts] {
  return [
    row.name,
    [
      [texts.__("Error"), row.error],
      [texts.__("Kind"), row.kind],
      [texts.__("Server"), row.server],
      [texts.__("Namespace"), row.namespace],
      [texts.__("Purpose"), row.purpose],
      [texts.__("Nodes"), row.room ? `${row.room.nodes}` : ""],
      [texts.__("Room"), row.room ? roomText(row.room, texts) : ""],
      [texts.__("Services"), row.services.join(", ")],
    ],
  ];
}

function operationFacts(row: OperationRow, texts: ITexts): [string, Facts] {
  return [
    `${operationWord(row.kind, texts)} ${row.service}`,
    [
      [texts.__("State"), stateWord(row.state, texts)],
      [texts.__("Error"), row.error],
      [texts.__("Step"), row.step],
      [texts.__("Said last"), row.text],
      [texts.__("Began"), moment(row.began)],
      [texts.__("Ended"), row.ended === null ? "" : moment(row.ended)],
    ],
  ];
}

function tagsText(tags: Record<string, string>): string {
  return Object.entries(tags)
    .map(([key, value]) => (value ? `${key}=${value}` : key))
    .join(", ");
}
