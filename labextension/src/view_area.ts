import { ILabShell, type JupyterFrontEnd, type JupyterFrontEndPlugin } from "@jupyterlab/application";
import { type Widget } from "@lumino/widgets";

import { IViewArea, NAME } from "./tokens";

/** Shows views in the main area; where there is room for one document only, as in Notebook 7, beside it. */
export const viewArea: JupyterFrontEndPlugin<IViewArea> = {
  id: `${NAME}:views`,
  description: "Where services and forms are shown.",
  autoStart: true,
  optional: [ILabShell],
  provides: IViewArea,
  activate: (app: JupyterFrontEnd, lab: ILabShell | null) => ({
    show: (view: Widget) => {
      if (!view.isAttached) app.shell.add(view, lab ? "main" : "right");
      app.shell.activateById(view.id);
    },
  }),
};
