/** Shows a service in the main area: `{name}`. */
export const OPEN_SERVICE = "jupyter-deploy:open-service";
