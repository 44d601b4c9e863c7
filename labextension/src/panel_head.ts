import { addIcon, type LabIcon } from "@jupyterlab/ui-components";
import { type CommandRegistry } from "@lumino/commands";
import { Signal } from "@lumino/signaling";
import { Widget } from "@lumino/widgets";

import { element } from "../../jupyter_deploy/widgets/dom.js";
import { DEPLOY, REGISTER } from "./commands";
import { deployIcon } from "./icons";
import { type ITexts } from "./tokens";

/** The top of the panel: the filter of its lists, and what makes their rows. */
export class PanelHead extends Widget {
  /** The reader wants other rows. */
  readonly filtered = new Signal<this, string>(this);
  private readonly search: HTMLInputElement;

  constructor(texts: ITexts, commands: CommandRegistry) {
    super();
    this.addClass("jp-DeployPanel-head");
    const label = texts.__("Filter");
    this.search = element("input.jp-mod-styled", { type: "search", placeholder: label, "aria-label": label });
    this.search.addEventListener("input", () => {
      this.filtered.emit(this.filter);
    });
    const register = commandButton(addIcon, texts.__("Register a model…"), () => commands.execute(REGISTER));
    const deploy = commandButton(deployIcon, texts.__("Deploy a model…"), () => commands.execute(DEPLOY));
    this.node.append(this.search, register, deploy);
  }

  /** What the reader looks for. */
  get filter(): string {
    return this.search.value;
  }

  set filter(text: string) {
    this.search.value = text;
  }

  /** Let the reader type. */
  focus(): void {
    this.search.focus();
  }
}

function commandButton(icon: LabIcon, label: string, work: () => unknown): HTMLElement {
  const made = element("button", { type: "button", title: label, "aria-label": label, onclick: work });
  icon.element({ container: made, stylesheet: "toolbarButton" });
  return made;
}
