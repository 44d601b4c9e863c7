import { ILabShell, ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from "@jupyterlab/application";
import { ISettingRegistry } from "@jupyterlab/settingregistry";
import { type Message } from "@lumino/messaging";
import { Widget } from "@lumino/widgets";

import { element, errorPlace } from "../../jupyter_deploy/widgets/dom.js";
import { type Service } from "./documents";
import { deployIcon } from "./icons";
import { get } from "./requests";
import { ITexts, NAME } from "./tokens";

const ID = `${NAME}:panel`;

/** Adds the panel to the side of the window that the settings say. */
export const panel: JupyterFrontEndPlugin<void> = {
  id: ID,
  description: "The panel with models, services, computes and operations.",
  autoStart: true,
  requires: [ITexts],
  optional: [ILabShell, ILayoutRestorer, ISettingRegistry],
  activate: async (
    app: JupyterFrontEnd,
    texts: ITexts,
    _shell: ILabShell | null,
    restorer: ILayoutRestorer | null,
    registry: ISettingRegistry | null,
  ) => {
    const made = new DeployPanel(texts);
    restorer?.add(made, made.id);
    const settings = await registry?.load(ID);
    const place = () => {
      app.shell.add(made, settings?.get("side").composite === "right" ? "right" : "left", { rank: 210 });
    };
    settings?.changed.connect(place);
    place();
  },
};

/** What is registered and what runs. */
export class DeployPanel extends Widget {
  private readonly errors = errorPlace();
  private readonly services = element("ul");

  constructor(texts: ITexts) {
    super();
    this.id = "jupyter-deploy-panel";
    this.addClass("jp-DeployPanel");
    this.title.icon = deployIcon;
    this.title.caption = texts.__("Deployed models");
    this.node.setAttribute("role", "region");
    this.node.setAttribute("aria-label", this.title.caption);
    this.node.append(element("h2", {}, texts.__("Services")), this.errors.element, this.services);
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    void this.look();
  }

  /** Show the services as they are now. */
  async look(): Promise<void> {
    this.errors.clear();
    try {
      const services = await get<Service[]>("services");
      this.services.replaceChildren(
        ...services.map(({ name, state, target }) => element("li", {}, `${name}: ${state} (${target})`)),
      );
    } catch (error) {
      this.errors.show(error);
    }
  }
}
