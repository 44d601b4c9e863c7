import { type JupyterFrontEnd, type JupyterFrontEndPlugin } from "@jupyterlab/application";
import { Clipboard, Dialog, showDialog } from "@jupyterlab/apputils";
import { copyIcon } from "@jupyterlab/ui-components";
import { type ReadonlyPartialJSONObject } from "@lumino/coreutils";

import { COPY_URL, DEPLOY, DEPLOY_MODEL, OPEN_ROW, OPEN_SERVICE, SHOW_FACTS } from "./commands";
import { type Begun } from "./documents";
import { showFacts } from "./facts";
import { deployIcon } from "./icons";
import { LIST_NAMES, type ListName, type RowOf } from "./lists";
import { post } from "./requests";
import { type Question, type RowAct, rowActs } from "./row_acts";
import { type IChosenRow, IDeployments, IDeployPanel, ITexts, NAME } from "./tokens";
import { tellTrouble } from "./trouble";

const describedBy = {
  args: {
    type: "object",
    properties: {
      list: { type: "string", enum: [...LIST_NAMES], description: "The list that the row is in." },
      key: { type: "string", description: "What the row is known by. Without both, it is the row that is chosen." },
    },
  },
} as const;

/** The commands for the rows of the panel, as its context menus call them. */
export const rowCommands: JupyterFrontEndPlugin<void> = {
  id: `${NAME}:rows`,
  description: "What can be done with the rows of the panel.",
  autoStart: true,
  requires: [ITexts, IDeployments, IDeployPanel],
  activate: (app: JupyterFrontEnd, texts: ITexts, deployments: IDeployments, panel: IDeployPanel) => {
    const find = rowFinder(deployments, panel);
    addShowing(app, texts, find);
    const acts = rowActs(texts);
    for (const act of acts.models) addAct(app, texts, act, (args) => find("models", args));
    for (const act of acts.services) addAct(app, texts, act, (args) => find("services", args));
    for (const act of acts.computes) addAct(app, texts, act, (args) => find("computes", args));
    for (const act of acts.operations) addAct(app, texts, act, (args) => find("operations", args));
  },
};

type Args = ReadonlyPartialJSONObject;
type Find = <Name extends ListName>(list: Name, args: Args) => RowOf<Name> | undefined;

/** Finds the row of a list that a command is told of; else the one that is chosen, where it is of that list. */
function rowFinder(deployments: IDeployments, panel: IDeployPanel): Find {
  const told = ({ list, key }: Args): IChosenRow | null => {
    const name = LIST_NAMES.find((each) => each === list);
    return name && typeof key === "string" ? { list: name, key } : panel.chosen;
  };
  return (list, args) => {
    const row = told(args);
    return row?.list === list ? deployments[list].get(row.key) : undefined;
  };
}

/** The commands that change nothing. */
function addShowing({ commands }: JupyterFrontEnd, texts: ITexts, find: Find): void {
  const showAllFacts = (args: Args) => {
    for (const list of LIST_NAMES) {
      const row = find(list, args);
      if (row) void showFacts(list, row, texts);
    }
  };
  commands.addCommand(SHOW_FACTS, { label: texts.__("Details"), describedBy, execute: showAllFacts });
  commands.addCommand(OPEN_ROW, {
    label: texts.__("Open"),
    describedBy,
    execute: (args) => {
      const name = find("services", args)?.name ?? find("operations", args)?.service;
      if (name === undefined) showAllFacts(args);
      else void commands.execute(OPEN_SERVICE, { name });
    },
  });
  commands.addCommand(COPY_URL, {
    label: texts.__("Copy the URL"),
    icon: copyIcon,
    describedBy,
    isVisible: (args) => Boolean(find("services", args)?.url),
    execute: (args) => {
      Clipboard.copyToSystem(find("services", args)?.url ?? "");
    },
  });
  commands.addCommand(DEPLOY_MODEL, {
    label: texts.__("Deploy…"),
    icon: deployIcon,
    describedBy,
    isVisible: (args) => find("models", args) !== undefined,
    execute: (args) => {
      const model = find("models", args);
      if (model) void commands.execute(DEPLOY, { given: { models: [model.id] } });
    },
  });
}

/** The command that has the server do something with a row. */
function addAct<Row>(
  app: JupyterFrontEnd,
  texts: ITexts,
  act: RowAct<Row>,
  find: (args: Args) => Row | undefined,
): void {
  const hindrance = (row: Row | undefined) => (row === undefined ? "" : (act.hindrance?.(row) ?? ""));
  app.commands.addCommand(act.command, {
    label: (args) => [act.label, hindrance(find(args))].filter(Boolean).join(" – "),
    describedBy,
    isVisible: (args) => {
      const row = find(args);
      return row !== undefined && (act.fits?.(row) ?? true);
    },
    isEnabled: (args) => {
      const row = find(args);
      return row !== undefined && !hindrance(row);
    },
    execute: async (args) => {
      const row = find(args);
      if (row === undefined || (act.question && !(await isWanted(act.question(row), texts)))) return;
      try {
        await post<Begun>("actions", act.action(row), app.serviceManager.serverSettings);
      } catch (error) {
        tellTrouble(error, texts);
      }
    },
  });
}

async function isWanted({ title, body, accept }: Question, texts: ITexts): Promise<boolean> {
  const buttons = [Dialog.cancelButton({ label: texts.__("Cancel") }), Dialog.warnButton({ label: accept })];
  const { button } = await showDialog({ title, body, buttons, defaultButton: 0 });
  return button.accept;
}
