import { ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from "@jupyterlab/application";
import { WidgetTracker } from "@jupyterlab/apputils";

import { servicePanel } from "../../jupyter_deploy/widgets/service_panel.js";
import { OPEN_SERVICE } from "./commands";
import { ITexts, NAME } from "./tokens";
import { View } from "./view";

/** Shows services in the main area, one view for each. */
export const serviceViews: JupyterFrontEndPlugin<void> = {
  id: `${NAME}:services`,
  description: "A view of each service in the main area.",
  autoStart: true,
  requires: [ITexts],
  optional: [ILayoutRestorer],
  activate: (app: JupyterFrontEnd, texts: ITexts, restorer: ILayoutRestorer | null) => {
    const tracker = new WidgetTracker<ServiceView>({ namespace: "jupyter-deploy-service" });
    app.commands.addCommand(OPEN_SERVICE, {
      label: ({ name }) =>
        typeof name === "string" ? texts.__("Open the service %1", name) : texts.__("Open a service"),
      describedBy: {
        args: {
          type: "object",
          properties: { name: { type: "string", description: "The service." } },
          required: ["name"],
        },
      },
      execute: ({ name }) => {
        if (typeof name !== "string") return;
        const shown = tracker.find((view) => view.service === name) ?? new ServiceView(texts, name);
        if (!tracker.has(shown)) void tracker.add(shown);
        if (!shown.isAttached) app.shell.add(shown, "main");
        app.shell.activateById(shown.id);
      },
    });
    void restorer?.restore(tracker, {
      command: OPEN_SERVICE,
      args: (view) => ({ name: view.service }),
      name: (view) => view.service,
    });
  },
};

/** A service in the main area: what the widgets show of it in a notebook. */
export class ServiceView extends View {
  constructor(
    texts: ITexts,
    readonly service: string,
  ) {
    const opening = { kind: "service", given: { name: service }, kernel: "", folder: "" } as const;
    super(texts, service, opening, (el, model) => servicePanel(el, model, service));
    this.id = `jupyter-deploy-service-${service}`;
  }
}
