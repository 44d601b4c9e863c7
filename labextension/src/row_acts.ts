import {
  type ComputeAction,
  type ComputeRow,
  type ModelAction,
  type ModelRow,
  type ServiceAction,
  type ServiceRow,
} from "./documents";
import { type ListName, type RowOf } from "./lists";
import { type ITexts } from "./tokens";

/** What is asked before something is done that cannot be undone. */
export interface Question {
  title: string;
  body: string;
  accept: string;
}

/** Something that the server does with what a row is about. */
export interface RowAct<Row> {
  /** The command that does it. */
  command: string;
  label: string;
  /** What the server is told; it begins nothing else. */
  action: (row: Row) => ServiceAction | ModelAction | ComputeAction;
  /** Whether it can ever be done with this row, as it is; else it is not offered. */
  fits?: (row: Row) => boolean;
  /** Why it cannot be done just now; empty where it can. */
  hindrance?: (row: Row) => string;
  question?: (row: Row) => Question;
}

/** What can be done with the rows of each list. */
export type RowActs = { [Name in ListName]: RowAct<RowOf<Name>>[] };

/** What can be done with rows. @param texts in the reader's language. */
export function rowActs(texts: ITexts): RowActs {
  return {
    models: [modelDeletion(texts)],
    services: serviceActs(texts),
    computes: [computeDetachment(texts)],
    operations: [
      {
        command: "jupyter-deploy:cancel-operation",
        label: texts.__("Cancel"),
        action: ({ service }) => ({ action: "cancel", service }),
        fits: ({ state }) => state === "Running",
      },
    ],
  };
}

function serviceActs(texts: ITexts): RowAct<ServiceRow>[] {
  const hindrance = ({ operation }: ServiceRow) => (operation ? texts.__("an operation is under way") : "");
  const act = (
    action: ServiceAction["action"],
    label: string,
    more: Pick<RowAct<ServiceRow>, "fits" | "hindrance" | "question">,
  ): RowAct<ServiceRow> => ({
    command: `jupyter-deploy:${action}-service`,
    label,
    action: ({ name }) => ({ action, service: name }),
    ...more,
    fits: (row) => !row.isElsewhere && (more.fits?.(row) ?? true),
  });
  return [
    act("rollback", texts.__("Roll back"), { hindrance, fits: ({ canRollBack }) => canRollBack }),
    act("restart", texts.__("Restart"), { hindrance, fits: ({ state }) => state !== "Stopped" }),
    act("stop", texts.__("Stop"), { hindrance, fits: ({ state }) => state !== "Stopped" }),
    act("start", texts.__("Start"), { hindrance, fits: ({ state }) => state === "Stopped" }),
    act("cancel", texts.__("Cancel what is under way"), { fits: ({ operation }) => operation !== "" }),
    act("delete", texts.__("Delete…"), {
      question: ({ name }) => ({
        title: texts.__("Delete %1?", name),
        body: texts.__("The service ends, and its URL, its keys and its history are gone. Its models stay."),
        accept: texts.__("Delete"),
      }),
    }),
  ];
}

function modelDeletion(texts: ITexts): RowAct<ModelRow> {
  return {
    command: "jupyter-deploy:delete-model",
    label: texts.__("Delete…"),
    action: ({ id }) => ({ action: "delete", model: id }),
    hindrance: ({ usedBy }) => (usedBy.length ? texts.__("used by %1", usedBy.join(", ")) : ""),
    question: ({ id }) => ({
      title: texts.__("Delete %1?", id),
      body: texts.__("This version of the model and its files are gone then."),
      accept: texts.__("Delete"),
    }),
  };
}

function computeDetachment(texts: ITexts): RowAct<ComputeRow> {
  return {
    command: "jupyter-deploy:detach-compute",
    label: texts.__("Detach…"),
    action: ({ name }) => ({ action: "detach", compute: name }),
    question: ({ name }) => ({
      title: texts.__("Detach %1?", name),
      body: texts.__("The cluster and what runs on it stay as they are; no service can be deployed to it any more."),
      accept: texts.__("Detach"),
    }),
  };
}
