import { type ITranslator } from "@jupyterlab/translation";
import { AccordionToolbar, SidePanel } from "@jupyterlab/ui-components";
import { type CommandRegistry } from "@lumino/commands";
import { type ReadonlyPartialJSONObject } from "@lumino/coreutils";
import { type IDisposable } from "@lumino/disposable";
import { type Message } from "@lumino/messaging";
import { Signal } from "@lumino/signaling";
import { AccordionPanel, type Widget } from "@lumino/widgets";

import { Banner } from "./banner";
import { deployIcon } from "./icons";
import { LIST_NAMES, type ListName } from "./lists";
import { PanelHead } from "./panel_head";
import { makeSections, type Sections } from "./sections";
import { type IChosenRow, type IDeployments, type IDeployPanel, type ITexts } from "./tokens";

const SLIGHT = 0.01; // of the panel

/** How the reader has arranged the panel. */
export interface Arrangement {
  filter: string;
  closed: ListName[];
  /** What share of the room each list has, in their order. */
  sizes: number[];
}

/** What is registered and what runs. */
export class DeployPanel extends SidePanel implements IDeployPanel {
  /** The reader has arranged the panel anew. */
  readonly arranged = new Signal<this, Arrangement>(this);
  chosen: IChosenRow | null = null;
  private readonly accordion: AccordionPanel;
  private readonly head: PanelHead;
  private readonly sections: Sections;
  private held: IDisposable | null = null;
  private sizes: number[] | null = null;

  constructor(
    private readonly deployments: IDeployments,
    texts: ITexts,
    commands: CommandRegistry,
    translator?: ITranslator,
  ) {
    const accordion = new AccordionPanel({ layout: AccordionToolbar.createLayout({}) });
    super({ translator, content: accordion });
    this.accordion = accordion;
    this.id = "jupyter-deploy-panel";
    this.addClass("jp-DeployPanel");
    this.title.icon = deployIcon;
    this.title.caption = texts.__("Deployed models");
    this.node.setAttribute("role", "region");
    this.node.setAttribute("aria-label", this.title.caption);
    this.head = new PanelHead(texts, commands);
    this.header.addWidget(this.head);
    this.header.addWidget(new Banner(deployments, texts));
    this.sections = makeSections(texts, commands, (chosen) => (this.chosen = chosen));
    for (const name of LIST_NAMES) this.addWidget(this.sections[name]);
    this.recall({ filter: "", closed: ["computes"] });
    this.head.filtered.connect(this.rearrange);
    accordion.expansionToggled.connect(this.makeRoom);
    accordion.handleMoved.connect(this.rearrange);
    deployments.changed.connect(this.draw);
    this.draw(deployments, new Set(LIST_NAMES));
  }

  /** Open one list. */
  open(name: ListName | undefined): void {
    if (name) this.accordion.expand(LIST_NAMES.indexOf(name));
  }

  /** Arrange the panel as it was left; what is no arrangement is passed over. */
  recall(arrangement: ReadonlyPartialJSONObject | undefined): void {
    const { filter, closed, sizes } = arrangement ?? {};
    if (typeof filter === "string") this.head.filter = filter;
    if (Array.isArray(closed)) {
      for (const [index, name] of LIST_NAMES.entries()) {
        if (closed.includes(name)) this.accordion.collapse(index);
        else this.accordion.expand(index);
      }
    }
    if (Array.isArray(sizes) && sizes.every((size) => typeof size === "number")) this.sizes = sizes;
    this.resize();
    this.filter();
  }

  override dispose(): void {
    this.deployments.changed.disconnect(this.draw);
    super.dispose();
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

  protected override onResize(message: Widget.ResizeMessage): void {
    this.resize();
    super.onResize(message);
  }

  protected override onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    this.head.focus();
  }

  /** Give the lists the room they had, as soon as there is any: of none at all, no share is kept. */
  private resize(): void {
    if (!this.sizes || !this.node.offsetHeight) return;
    this.accordion.setRelativeSizes(this.sizes);
    this.sizes = null;
  }

  private shares(): number[] {
    return this.sizes ?? this.accordion.relativeSizes();
  }

  private hold(): void {
    this.held ??= this.deployments.hold();
  }

  private release(): void {
    this.held?.dispose();
    this.held = null;
  }

  /** A list that is opened for the first time would have no room: it gets its share. */
  private readonly makeRoom = (): void => {
    const open = LIST_NAMES.map((name) => !this.sections[name].isHidden);
    const share = 1 / open.filter(Boolean).length;
    this.sizes = this.shares().map((size, index) => (open[index] && size < SLIGHT ? share : size));
    this.resize();
    this.rearrange();
  };

  private readonly rearrange = (): void => {
    this.filter();
    const closed = LIST_NAMES.filter((name) => this.sections[name].isHidden);
    this.arranged.emit({ filter: this.head.filter, closed, sizes: this.shares() });
  };

  private filter(): void {
    const words = this.head.filter.toLowerCase().split(/\s+/).filter(Boolean);
    for (const name of LIST_NAMES) this.sections[name].filter(words);
  }

  private readonly draw = (deployments: IDeployments, changed: ReadonlySet<ListName>): void => {
    if (!deployments.workspace) return; // nothing is known yet
    this.toggleClass("jp-mod-troubled", deployments.problems.length > 0);
    if (changed.has("models")) this.sections.models.setRows(deployments.models.values());
    if (changed.has("services")) this.sections.services.setRows(deployments.services.values());
    if (changed.has("computes")) this.sections.computes.setRows(deployments.computes.values());
    if (changed.has("operations")) this.sections.operations.setRows(deployments.operations.values());
  };
}
