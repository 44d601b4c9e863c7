import { ILabShell, ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from "@jupyterlab/application";
import { ISettingRegistry } from "@jupyterlab/settingregistry";
import { ITranslator } from "@jupyterlab/translation";
import { SidePanel } from "@jupyterlab/ui-components";
import { type CommandRegistry } from "@lumino/commands";
import { type IDisposable } from "@lumino/disposable";
import { type Message } from "@lumino/messaging";
import { Widget } from "@lumino/widgets";

import { element } from "../../jupyter_deploy/widgets/dom.js";
import { Banner } from "./banner";
import { deployIcon } from "./icons";
import { LIST_NAMES, type ListName, type RowOf } from "./lists";
import { type Section } from "./section";
import { makeSections } from "./sections";
import { type IChosenRow, IDeployments, IDeployPanel, ITexts, NAME } from "./tokens";

const ID = `${NAME}:panel`;

/** Adds the panel to the side of the window that the settings say. */
export const panel: JupyterFrontEndPlugin<IDeployPanel> = {
  id: ID,
  description: "The panel with models, services, computes and operations.",
  autoStart: true,
  requires: [ITexts, IDeployments],
  optional: [ILabShell, ILayoutRestorer, ISettingRegistry, ITranslator],
  provides: IDeployPanel,
  activate: async (
    app: JupyterFrontEnd,
    texts: ITexts,
    deployments: IDeployments,
    _shell: ILabShell | null,
    restorer: ILayoutRestorer | null,
    registry: ISettingRegistry | null,
    translator: ITranslator | null,
  ) => {
    const made = new DeployPanel(deployments, texts, app.commands, translator ?? undefined);
    restorer?.add(made, made.id);
    const settings = await registry?.load(ID);
    const place = () => {
      app.shell.add(made, settings?.get("side").composite === "right" ? "right" : "left", { rank: 210 });
    };
    settings?.changed.connect(place);
    place();
    return made;
  },
};

/** What is registered and what runs. */
export class DeployPanel extends SidePanel implements IDeployPanel {
  chosen: IChosenRow | null = null;
  private readonly sections: { [Name in ListName]: Section<RowOf<Name>> };
  private readonly search: HTMLInputElement;
  private held: IDisposable | null = null;

  constructor(
    private readonly deployments: IDeployments,
    texts: ITexts,
    commands: CommandRegistry,
    translator?: ITranslator,
  ) {
    super({ translator });
    this.id = "jupyter-deploy-panel";
    this.addClass("jp-DeployPanel");
    this.title.icon = deployIcon;
    this.title.caption = texts.__("Deployed models");
    this.node.setAttribute("role", "region");
    this.node.setAttribute("aria-label", this.title.caption);
    const label = texts.__("Filter");
    this.search = element("input.jp-mod-styled", { type: "search", placeholder: label, "aria-label": label });
    this.search.addEventListener("input", () => {
      this.filter();
    });
    this.header.addWidget(new Widget({ node: element("div.jp-DeployPanel-filter", {}, this.search) }));
    this.header.addWidget(new Banner(deployments, texts));
    this.sections = makeSections(texts, commands, (chosen) => (this.chosen = chosen));
    for (const name of LIST_NAMES) this.addWidget(this.sections[name]);
    deployments.changed.connect((_, changed) => {
      this.draw(changed);
    });
    this.draw(new Set(LIST_NAMES));
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this.hold();
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    if (this.isVisible) this.hold();
  }

  protected override onAfterHide(message: Message): void {
    this.release();
    super.onAfterHide(message);
  }

  protected override onBeforeDetach(message: Message): void {
    this.release();
    super.onBeforeDetach(message);
  }

  private hold(): void {
    this.held ??= this.deployments.hold();
  }

  private release(): void {
    this.held?.dispose();
    this.held = null;
  }

  private filter(): void {
    const words = this.search.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const name of LIST_NAMES) this.sections[name].filter(words);
  }

  private draw(changed: ReadonlySet<ListName>): void {
    if (changed.has("models")) this.sections.models.setRows(this.deployments.models.values());
    if (changed.has("services")) this.sections.services.setRows(this.deployments.services.values());
    if (changed.has("computes")) this.sections.computes.setRows(this.deployments.computes.values());
    if (changed.has("operations")) this.sections.operations.setRows(this.deployments.operations.values());
  }
}
