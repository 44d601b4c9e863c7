import { ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from "@jupyterlab/application";
import { ICommandPalette } from "@jupyterlab/apputils";
import { ISettingRegistry } from "@jupyterlab/settingregistry";
import { IStateDB } from "@jupyterlab/statedb";
import { ITranslator } from "@jupyterlab/translation";
import { type ReadonlyPartialJSONObject } from "@lumino/coreutils";

import { SHOW_PANEL } from "./commands";
import { DeployPanel } from "./deploy_panel";
import { LIST_NAMES } from "./lists";
import { IDeployments, IDeployPanel, ITexts, NAME } from "./tokens";

const ID = `${NAME}:panel`;

/** Adds the panel to the side of the window that the settings say, as it was left. */
export const panel: JupyterFrontEndPlugin<IDeployPanel> = {
  id: ID,
  description: "The panel with models, services, computes and operations.",
  autoStart: true,
  requires: [ITexts, IDeployments],
  optional: [ILayoutRestorer, ISettingRegistry, IStateDB, ICommandPalette, ITranslator],
  provides: IDeployPanel,
  activate: async (
    app: JupyterFrontEnd,
    texts: ITexts,
    deployments: IDeployments,
    restorer: ILayoutRestorer | null,
    registry: ISettingRegistry | null,
    states: IStateDB | null,
    palette: ICommandPalette | null,
    translator: ITranslator | null,
  ) => {
    const made = new DeployPanel(deployments, texts, app.commands, translator ?? undefined);
    restorer?.add(made, made.id);
    if (states) void remember(made, states);
    app.commands.addCommand(SHOW_PANEL, {
      label: texts.__("Show deployed models"),
      describedBy: { args: { type: "object", properties: { list: { type: "string", enum: [...LIST_NAMES] } } } },
      execute: ({ list }) => {
        app.shell.activateById(made.id);
        made.open(LIST_NAMES.find((each) => each === list));
      },
    });
    palette?.addItem({ command: SHOW_PANEL, category: texts.__("Deployed models") });
    await place(made, app, registry); // before the layout is restored, which opens it where it was open
    return made;
  },
};

async function place(made: DeployPanel, app: JupyterFrontEnd, registry: ISettingRegistry | null): Promise<void> {
  const settings = await registry?.load(ID);
  const add = () => {
    app.shell.add(made, settings?.get("side").composite === "right" ? "right" : "left", { rank: 210 });
  };
  settings?.changed.connect(add);
  add();
}

async function remember(made: DeployPanel, states: IStateDB): Promise<void> {
  made.recall((await states.fetch(ID)) as ReadonlyPartialJSONObject | undefined);
  made.arranged.connect((_, arrangement) => void states.save(ID, { ...arrangement }));
}
