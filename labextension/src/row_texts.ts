import {
  type ComputeRow,
  type ComputeState,
  type ModelRow,
  type OperationRow,
  type OperationState,
  type Room,
  type ServiceRow,
  type ServiceState,
} from "./documents";
import { moment, shortNumber, size } from "./formats";
import { type ListName, type RowOf } from "./lists";
import { type ITexts } from "./tokens";

/** How a row stands; its mark has a shape and a colour for it. */
export type Tone = "plain" | "good" | "bad" | "busy" | "still";

/** What a row of the panel says: a name with a word at the end of the line, and facts below. */
export interface RowText {
  name: string;
  word: string;
  tone: Tone;
  facts: string[];
}

/** What the rows of each list say. */
export const ROW_TEXTS: { [Name in ListName]: (row: RowOf<Name>, texts: ITexts) => RowText } = {
  models: modelText,
  services: serviceText,
  computes: computeText,
  operations: operationText,
};

export const SERVICE_TONES: Record<ServiceState, Tone> = {
  "": "plain",
  Transitioning: "busy",
  Healthy: "good",
  Unhealthy: "bad",
  Failed: "bad",
  Unschedulable: "bad",
  Deleting: "busy",
  Stopped: "still",
  Unknown: "still",
};
const COMPUTE_TONES: Record<ComputeState, Tone> = { asked: "busy", reachable: "good", unreachable: "bad" };
const OPERATION_TONES: Record<OperationState, Tone> = {
  Running: "busy",
  Succeeded: "good",
  Failed: "bad",
  Cancelled: "still",
};

function modelText(row: ModelRow, texts: ITexts): RowText {
  const tags = Object.entries(row.tags).map(([key, value]) => (value ? `${key}=${value}` : key));
  const users = row.usedBy.length ? texts.__("used by %1", row.usedBy.join(", ")) : "";
  const facts = [`${row.framework} ${row.frameworkVersion}`.trim(), users, tags.join(", "), row.description];
  facts.push(texts.__("registered %1", moment(row.created)));
  return { name: row.id, word: size(row.size), tone: "plain", facts: said(facts) };
}

function serviceText(row: ServiceRow, texts: ITexts): RowText {
  const rate = row.requestsPerSecond;
  const facts = [
    row.isElsewhere ? texts.__("of another workspace folder") : "",
    firstLine(row.error),
    row.compute || row.target,
    row.version === null ? "" : texts.__("version %1", row.version),
    rate === null ? "" : texts.__("%1 requests/s", shortNumber(rate)),
    row.url,
  ];
  return { name: row.name, word: stateWord(row.state, texts), tone: SERVICE_TONES[row.state], facts: said(facts) };
}

function computeText(row: ComputeRow, texts: ITexts): RowText {
  const words: Record<ComputeState, string> = {
    asked: "…",
    reachable: texts.__("Reachable"),
    unreachable: texts.__("Not reachable"),
  };
  const users = texts._n("%1 service", "%1 services", row.services.length);
  const facts = [firstLine(row.error), row.room ? roomText(row.room, texts) : "", users, row.kind, row.server];
  return { name: row.name, word: words[row.state], tone: COMPUTE_TONES[row.state], facts: said(facts) };
}

/** What is left on a compute; where that may not be seen, what there is. */
export function roomText(room: Room, texts: ITexts): string {
  if (room.freeCpu === null || room.freeMemoryInGB === null) {
    return texts.__("%1 CPU, %2 GB in all", shortNumber(room.cpu), shortNumber(room.memoryInGB));
  }
  return texts.__(
    "%1 of %2 CPU, %3 of %4 GB free",
    shortNumber(room.freeCpu),
    shortNumber(room.cpu),
    shortNumber(room.freeMemoryInGB),
    shortNumber(room.memoryInGB),
  );
}

function operationText(row: OperationRow, texts: ITexts): RowText {
  const step = [row.step, firstLine(row.text)].filter(Boolean).join(": ");
  const began = row.ended === null ? texts.__("since %1", moment(row.began)) : texts.__("ended %1", moment(row.ended));
  const facts = [firstLine(row.error) || step, began];
  const name = `${operationWord(row.kind, texts)} ${row.service}`;
  return { name, word: stateWord(row.state, texts), tone: OPERATION_TONES[row.state], facts: said(facts) };
}

/** A kind of operation, in the reader's language. */
export function operationWord(kind: string, texts: ITexts): string {
  const words: Record<string, string> = {
    deploy: texts.__("Deploy"),
    update: texts.__("Update"),
    rollback: texts.__("Roll back"),
    restart: texts.__("Restart"),
    start: texts.__("Start"),
    stop: texts.__("Stop"),
    delete: texts.__("Delete"),
    profile: texts.__("Profile"),
  };
  return words[kind] ?? kind;
}

/** A state of a service or an operation, in the reader's language. */
export function stateWord(state: ServiceState | OperationState, texts: ITexts): string {
  const words: Record<ServiceState | OperationState, string> = {
    "": "…",
    Transitioning: texts.__("Transitioning"),
    Healthy: texts.__("Healthy"),
    Unhealthy: texts.__("Unhealthy"),
    Failed: texts.__("Failed"),
    Unschedulable: texts.__("Unschedulable"),
    Deleting: texts.__("Deleting"),
    Stopped: texts.__("Stopped"),
    Unknown: texts.__("Unknown"),
    Running: texts.__("Running"),
    Succeeded: texts.__("Succeeded"),
    Cancelled: texts.__("Cancelled"),
  };
  return words[state];
}

function said(facts: string[]): string[] {
  return facts.filter(Boolean);
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0];
}
