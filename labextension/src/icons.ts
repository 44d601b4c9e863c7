import { LabIcon } from "@jupyterlab/ui-components";

import deploy from "../style/deploy.svg";

/** A model on its way out of the notebook. */
export const deployIcon = new LabIcon({ name: "jupyter-deploy-models:deploy", svgstr: deploy });
