/** Shows a service in the main area: `{name, kernel?, folder?}`. */
export const OPEN_SERVICE = "jupyter-deploy:open-service";
/** Opens the form that registers a model: `{given?, kernel?, folder?}`. */
export const REGISTER = "jupyter-deploy:register";
/** Opens the form of a deployment: `{given?, kernel?, folder?}`. */
export const DEPLOY = "jupyter-deploy:deploy";
/** Opens the form of a deployment for the notebook that is in front. */
export const DEPLOY_NOTEBOOK = "jupyter-deploy:deploy-notebook";
/** Opens the form that registers what is chosen in the file browser. */
export const REGISTER_FILE = "jupyter-deploy:register-file";
/** Opens the form of a deployment with the script that is chosen in the file browser. */
export const DEPLOY_SCRIPT = "jupyter-deploy:deploy-script";
/** Puts a cell below the one that is active in the notebook that was last in front: `{code}`. */
export const INSERT_CODE = "jupyter-deploy:insert-code";

/** What the arguments of the commands that open forms look like. */
export const FORM_ARGUMENTS = {
  args: {
    type: "object",
    properties: {
      given: { type: "object", description: "What stands in the form." },
      kernel: { type: "string", description: "The kernel whose packages are locked." },
      folder: { type: "string", description: "The folder that it works in." },
    },
  },
} as const;
/** Shows the panel: `{list?}`, one list of it. */
export const SHOW_PANEL = "jupyter-deploy:show-panel";
/** Opens what a row is about, a service in the main area: `{list?, key?}`; without them, the row that is chosen. */
export const OPEN_ROW = "jupyter-deploy:open-row";
/** Shows all that is known of what a row is about: `{list?, key?}`. */
export const SHOW_FACTS = "jupyter-deploy:show-facts";
/** Opens the form of a deployment for a model: `{key?}`. */
export const DEPLOY_MODEL = "jupyter-deploy:deploy-model";
/** Copies the URL of a service: `{key?}`. */
export const COPY_URL = "jupyter-deploy:copy-url";
