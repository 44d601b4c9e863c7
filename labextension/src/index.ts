import { type JupyterFrontEndPlugin } from "@jupyterlab/application";

import { deployments } from "./deployments";
import { panel } from "./panel";
import { serviceViews } from "./service_view";
import { translation } from "./translation";

const plugins: JupyterFrontEndPlugin<unknown>[] = [translation, deployments, panel, serviceViews];

export default plugins;
