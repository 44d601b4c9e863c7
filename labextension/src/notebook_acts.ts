import { type JupyterFrontEnd, type JupyterFrontEndPlugin } from "@jupyterlab/application";
import { ICommandPalette } from "@jupyterlab/apputils";
import { PathExt } from "@jupyterlab/coreutils";
import { INotebookTracker, NotebookActions, type NotebookPanel } from "@jupyterlab/notebook";

import { DEPLOY_NOTEBOOK, INSERT_CODE } from "./commands";
import { deployIcon } from "./icons";
import { NOTEBOOK } from "./kernel_choice";
import { scriptOf } from "./score_script";
import { IForms, ITexts, NAME } from "./tokens";

/** Deploys from a notebook, and puts code into it. */
export const notebookActs: JupyterFrontEndPlugin<void> = {
  id: `${NAME}:notebooks`,
  description: "Deploys from a notebook, and puts code into it.",
  autoStart: true,
  requires: [ITexts, IForms],
  optional: [INotebookTracker, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    texts: ITexts,
    forms: IForms,
    notebooks: INotebookTracker | null,
    palette: ICommandPalette | null,
  ) => {
    if (!notebooks) return;
    const isEnabled = () => notebooks.currentWidget !== null;
    app.commands.addCommand(DEPLOY_NOTEBOOK, {
      label: ({ toolbar }) => (toolbar ? texts.__("Deploy") : texts.__("Deploy from this notebook…")),
      caption: texts.__("Deploy a model with the script, the variables and the packages of this notebook"),
      icon: deployIcon,
      isEnabled,
      describedBy: {
        args: { type: "object", properties: { toolbar: { type: "boolean", description: "For the toolbar." } } },
      },
      execute: () => {
        const panel = notebooks.currentWidget;
        if (panel) forms.open("deploy", formOf(panel));
      },
    });
    app.commands.addCommand(INSERT_CODE, {
      label: texts.__("Insert code into the notebook"),
      isEnabled,
      describedBy: {
        args: {
          type: "object",
          properties: { code: { type: "string", description: "What stands in the cell." } },
          required: ["code"],
        },
      },
      execute: ({ code }) => {
        const panel = notebooks.currentWidget;
        if (!panel || typeof code !== "string") return;
        insert(panel, code);
        app.shell.activateById(panel.id);
      },
    });
    palette?.addItem({ command: DEPLOY_NOTEBOOK, category: texts.__("Deployed models") });
  },
};

/** What the form of a notebook's deployment begins with: its script, and its kernel where that runs. */
export function formOf({ context, content, sessionContext }: NotebookPanel): Parameters<IForms["open"]>[1] {
  const isRunning = Boolean(sessionContext.session?.kernel);
  const kernel = isRunning ? NOTEBOOK : sessionContext.kernelPreference.name;
  const script = scriptOf(
    content.widgets.filter(({ model }) => model.type === "code").map(({ model }) => model.sharedModel.source),
  );
  return {
    given: script ? { script } : {},
    kernel,
    folder: PathExt.dirname(context.localPath),
    session: sessionContext,
  };
}

/** Put a cell with code below the active one; it is not run. */
function insert({ content }: NotebookPanel, code: string): void {
  NotebookActions.insertBelow(content);
  const cell = content.activeCell;
  if (cell) cell.model.sharedModel.setSource(code);
}
