import { type JupyterFrontEndPlugin } from "@jupyterlab/application";

import { deployments } from "./deployments";
import { fileActs } from "./file_acts";
import { forms } from "./forms";
import { notebookActs } from "./notebook_acts";
import { notices } from "./notices";
import { panel } from "./panel";
import { rowCommands } from "./row_commands";
import { serviceViews } from "./service_view";
import { status } from "./status";
import { translation } from "./translation";
import { viewArea } from "./view_area";

const plugins: JupyterFrontEndPlugin<unknown>[] = [
  translation,
  deployments,
  panel,
  rowCommands,
  status,
  notices,
  viewArea,
  serviceViews,
  forms,
  fileActs,
  notebookActs,
];

export default plugins;
