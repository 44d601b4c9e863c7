import { Widget } from "@lumino/widgets";

import { servicePanel } from "../../jupyter_deploy/widgets/service_panel.js";
import { deployIcon } from "./icons";

/** A service in the main area: what the widgets show of it in a notebook, with a model of our own. */
export class ServiceView extends Widget {
  private readonly end: End;

  /**
   * @param model whom the panel talks to. @param name of the service.
   */
  constructor(model: WidgetModel, name: string) {
    super();
    this.title.icon = deployIcon;
    this.title.label = name;
    this.title.closable = true;
    this.end = servicePanel(this.node, model, name);
  }

  override dispose(): void {
    if (!this.isDisposed) this.end();
    super.dispose();
  }
}
