import { type JupyterFrontEnd, type JupyterFrontEndPlugin } from "@jupyterlab/application";
import { IStatusBar } from "@jupyterlab/statusbar";
import { type CommandRegistry } from "@lumino/commands";
import { type Message } from "@lumino/messaging";
import { Widget } from "@lumino/widgets";
import { type IDisposable } from "@lumino/disposable";

import { element } from "../../jupyter_deploy/widgets/dom.js";
import { SHOW_PANEL } from "./commands";
import { type ServiceRow } from "./documents";
import { deployIcon } from "./icons";
import { IDeployments, ITexts, NAME } from "./tokens";

/** Adds the item to the status bar, where there is one. */
export const status: JupyterFrontEndPlugin<void> = {
  id: `${NAME}:status`,
  description: "How many services run and how many have failed, in the status bar.",
  autoStart: true,
  requires: [ITexts, IDeployments],
  optional: [IStatusBar],
  activate: (app: JupyterFrontEnd, texts: ITexts, deployments: IDeployments, bar: IStatusBar | null) => {
    if (!bar) return;
    const item = new StatusItem(deployments, texts, app.commands);
    bar.registerStatusItem(status.id, { item, align: "left", rank: 3 });
  },
};

const FAILED: readonly string[] = ["Failed", "Unhealthy", "Unschedulable"];

/** Running services and failures; a click shows the panel. */
export class StatusItem extends Widget {
  private readonly button: HTMLButtonElement;
  private readonly running = element("span");
  private readonly failed = element("span");
  private readonly failures = element(
    "span.jp-DeployStatus-failures",
    { "data-tone": "bad" },
    element("span.jp-DeployPanel-mark"),
    this.failed,
  );
  private held: IDisposable | null = null;

  constructor(
    private readonly deployments: IDeployments,
    private readonly texts: ITexts,
    commands: CommandRegistry,
  ) {
    super();
    this.addClass("jp-DeployStatus");
    this.button = element("button", { type: "button" });
    this.button.addEventListener("click", () => void commands.execute(SHOW_PANEL, { list: "services" }));
    deployIcon.element({ container: this.button, stylesheet: "statusBar" });
    this.button.append(this.running, this.failures);
    this.node.append(this.button);
    deployments.changed.connect(this.draw);
    this.draw();
  }

  override dispose(): void {
    this.deployments.changed.disconnect(this.draw);
    super.dispose();
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this.held = this.deployments.hold();
  }

  protected override onBeforeDetach(message: Message): void {
    this.held?.dispose();
    super.onBeforeDetach(message);
  }

  private readonly draw = (): void => {
    const services: ServiceRow[] = [...this.deployments.services.values()];
    const running = services.filter(({ state }) => state === "Healthy").length;
    const failed = services.filter(({ state }) => FAILED.includes(state)).length;
    this.running.textContent = `${running}`;
    this.failed.textContent = `${failed}`;
    this.failures.hidden = failed === 0;
    const words = [
      this.texts._n("%1 service runs", "%1 services run", running),
      failed ? this.texts._n("%1 has failed", "%1 have failed", failed) : "",
    ];
    this.button.title = words.filter(Boolean).join(", ");
    this.button.setAttribute("aria-label", this.button.title);
  };
}
