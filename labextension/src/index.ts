import { type JupyterFrontEndPlugin } from "@jupyterlab/application";

import { panel } from "./panel";
import { translation } from "./translation";

const plugins: JupyterFrontEndPlugin<unknown>[] = [translation, panel];

export default plugins;
