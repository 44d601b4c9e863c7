import { type JupyterFrontEndPlugin } from "@jupyterlab/application";

import { deployments } from "./deployments";
import { panel } from "./panel";
import { translation } from "./translation";

const plugins: JupyterFrontEndPlugin<unknown>[] = [translation, deployments, panel];

export default plugins;
