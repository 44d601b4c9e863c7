import { ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from "@jupyterlab/application";
import { WidgetTracker } from "@jupyterlab/apputils";

import { element } from "../../jupyter_deploy/widgets/dom.js";
import { type Overview, servicePanel } from "../../jupyter_deploy/widgets/service_panel.js";
import { OPEN_SERVICE } from "./commands";
import { SERVICE_TONES, stateWord } from "./row_texts";
import { ITexts, IViewArea, NAME } from "./tokens";
import { View } from "./view";

const PAGES = ["history", "log", "test", "charts", "configuration", "keys"] as const;

/** Shows services in the main area, one view for each. */
export const serviceViews: JupyterFrontEndPlugin<void> = {
  id: `${NAME}:services`,
  description: "A view of each service in the main area.",
  autoStart: true,
  requires: [ITexts, IViewArea],
  optional: [ILayoutRestorer],
  activate: (app: JupyterFrontEnd, texts: ITexts, area: IViewArea, restorer: ILayoutRestorer | null) => {
    const tracker = new WidgetTracker<ServiceView>({ namespace: "jupyter-deploy-service" });
    app.commands.addCommand(OPEN_SERVICE, {
      label: texts.__("Open a service"),
      describedBy: {
        args: {
          type: "object",
          properties: {
            name: { type: "string", description: "The service." },
            kernel: { type: "string", description: "The kernel that answers for it." },
            folder: { type: "string", description: "The folder that it works in." },
            page: { type: "string", enum: [...PAGES], description: "Which page is in front." },
          },
          required: ["name"],
        },
      },
      execute: ({ name, kernel, folder, page }) => {
        const service = text(name);
        if (!service) return;
        const view =
          tracker.find((each) => each.service === service) ??
          new ServiceView(texts, service, text(kernel), text(folder));
        if (tracker.has(view)) view.lookAgain();
        else void tracker.add(view);
        const wanted = PAGES.find((each) => each === page);
        if (wanted) view.turnTo(wanted);
        area.show(view);
      },
    });
    void restorer?.restore(tracker, {
      command: OPEN_SERVICE,
      args: ({ service, opening: { kernel, folder } }) => ({ name: service, kernel, folder }),
      name: (view) => view.service,
    });
  },
};

/** A service in the main area: what the widgets show of it in a notebook, under a line that says how it stands. */
export class ServiceView extends View {
  private isOver = false;
  private readonly first: { page?: string };

  constructor(
    texts: ITexts,
    readonly service: string,
    kernel = "",
    folder = "",
  ) {
    const opening = { kind: "service", given: { name: service }, kernel, folder } as const;
    const first: { page?: string } = {};
    super(texts, service, opening, (el, model) => drawService(el, model, service, texts, first.page));
    this.first = first;
    this.id = `jupyter-deploy-service-${service}`;
    this.title.caption = texts.__("The service %1", service);
    this.content.onTold = ({ told }) => {
      if (told === "deleted") this.isOver = true;
    };
  }

  /** Bring a page to the front: at once, or when it is drawn. */
  turnTo(page: (typeof PAGES)[number]): void {
    this.first.page = page;
    this.node.querySelector<HTMLElement>(`[role="tab"][id^="jd-${page}-"]`)?.click();
  }

  /** Open it anew where the service was gone: there may be another one of its name now. */
  lookAgain(): void {
    if (this.isOver || this.content.isRefused) this.content.reopen(this.opening);
    this.isOver = false;
  }
}

/** Draw a headline, and below it the panel with a page in front. */
function drawService(el: HTMLElement, model: WidgetModel, name: string, texts: ITexts, page?: string): End {
  const state = element("span.jp-DeployState", { role: "status" });
  const facts = element("span.jp-DeployView-facts");
  const place = element("div");
  el.replaceChildren(element("header.jp-DeployView-head", {}, element("h2", {}, name), state, facts), place);
  const say = (seen: Overview | null) => {
    state.textContent = seen ? stateWord(seen.state, texts) : texts.__("deleted");
    state.dataset.tone = seen ? SERVICE_TONES[seen.state] : "still";
    const version = seen && seen.version !== null ? texts.__("version %1", seen.version) : "";
    facts.textContent = seen ? [seen.target, version, seen.models.join(", ")].filter(Boolean).join(" · ") : "";
  };
  return servicePanel(place, model, name, say, page);
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");
