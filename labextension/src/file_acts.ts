import { type JupyterFrontEnd, type JupyterFrontEndPlugin } from "@jupyterlab/application";
import { PathExt } from "@jupyterlab/coreutils";
import { IFileBrowserFactory } from "@jupyterlab/filebrowser";
import { type Contents } from "@jupyterlab/services";

import { DEPLOY_SCRIPT, REGISTER_FILE } from "./commands";
import { type FormKind } from "./forms";
import { deployIcon } from "./icons";
import { modelName } from "./model_name";
import { IForms, ITexts, NAME } from "./tokens";

/** What the context menu of the file browser does. */
export const fileActs: JupyterFrontEndPlugin<void> = {
  id: `${NAME}:files`,
  description: "Registers and deploys what is chosen in the file browser.",
  autoStart: true,
  requires: [ITexts, IForms],
  optional: [IFileBrowserFactory],
  activate: (app: JupyterFrontEnd, texts: ITexts, forms: IForms, browsers: IFileBrowserFactory | null) => {
    const chosen = () => {
      const items = [...(browsers?.tracker.currentWidget?.selectedItems() ?? [])];
      return items.length === 1 ? items[0] : undefined;
    };
    const act = (
      id: string,
      label: string,
      kind: FormKind,
      given: (file: string) => Record<string, unknown>,
      suits: (item: Contents.IModel) => boolean,
    ) => {
      const suiting = () => {
        const item = chosen();
        return item && suits(item) ? item : undefined;
      };
      app.commands.addCommand(id, {
        label,
        icon: deployIcon,
        isEnabled: () => Boolean(suiting()),
        describedBy: { args: { type: "object", properties: {} } },
        execute: () => {
          const item = suiting();
          const path = item?.path.split(":").at(-1) ?? ""; // without the drive
          if (item) forms.open(kind, { given: given(PathExt.basename(path)), folder: PathExt.dirname(path) });
        },
      });
    };
    act(
      REGISTER_FILE,
      texts.__("Register as model…"),
      "register",
      (path) => ({ path, name: modelName(path) }),
      () => true,
    );
    act(
      DEPLOY_SCRIPT,
      texts.__("Deploy with this script…"),
      "deploy",
      (script) => ({ script }),
      ({ path }) => path.endsWith(".py"),
    );
  },
};
