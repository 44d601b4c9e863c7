import { UUID } from "@lumino/coreutils";
import { Signal } from "@lumino/signaling";
import { Widget } from "@lumino/widgets";

import { element } from "../../jupyter_deploy/widgets/dom.js";
import { type Kernel } from "./documents";
import { get } from "./requests";
import { type ITexts } from "./tokens";

/** Stands among the kernels for the one that a notebook is connected to. */
export const NOTEBOOK = "@notebook";

/** In the toolbar of a view: the kernel that answers for it, whose packages a deployment locks. */
export class KernelChoice extends Widget {
  /** Emitted with the name of a kernel that was chosen. */
  readonly chosen = new Signal<this, string>(this);
  /** Says what is chosen; a widget of its own, which makes room first where a toolbar is narrow. */
  readonly about = new Widget({ node: element("span.jp-DeployKernel-about", { role: "status" }) });
  private readonly select: HTMLSelectElement;
  private kernels: Kernel[] = [];

  /**
   * @param current the name of the kernel; empty for the default one. @param notebook the name of the notebook whose own kernel can be chosen, too.
   */
  constructor(
    private readonly texts: ITexts,
    private current: string,
    private readonly notebook = "",
  ) {
    super();
    this.addClass("jp-DeployKernel");
    const id = `jp-DeployKernel-${UUID.uuid4()}`;
    this.select = element("select", {
      id,
      onchange: () => {
        this.choose(this.select.value);
      },
    });
    this.node.append(element("label", { for: id }, texts.__("Kernel")), this.select);
    this.draw();
    void this.look();
  }

  private async look(): Promise<void> {
    this.about.node.textContent = this.texts.__("looking for kernels…");
    try {
      this.kernels = await get<Kernel[]>("kernels");
      this.draw();
    } catch (error) {
      this.about.node.textContent = error instanceof Error ? error.message : String(error);
    }
  }

  private choose(name: string): void {
    this.current = name;
    this.draw();
    this.chosen.emit(name);
  }

  private draw(): void {
    const own = this.notebook
      ? [element("option", { value: NOTEBOOK }, this.texts.__("the kernel of %1, with its variables", this.notebook))]
      : [];
    const rows = this.kernels.map(({ name, title, problem }) =>
      element("option", { value: name }, problem ? this.texts.__("%1 (cannot be used)", title) : title),
    );
    const isThere = this.current === NOTEBOOK || this.kernels.some(({ name }) => name === this.current);
    const first = isThere
      ? []
      : [element("option", { value: this.current }, this.current || this.texts.__("the default kernel"))];
    const usual = this.kernels.find(({ isDefault }) => isDefault);
    this.select.replaceChildren(...own, ...(this.current === "" && usual ? [] : first), ...rows);
    this.select.value = this.current === "" && usual ? usual.name : this.current;
    this.about.node.textContent = this.remark(this.kernels.find(({ name }) => name === this.select.value));
  }

  /** What is locked when something is deployed. */
  private remark(kernel?: Kernel): string {
    if (this.current === NOTEBOOK) return this.texts.__("The packages of this kernel are those of what is deployed.");
    if (!kernel) return "";
    if (kernel.problem) return kernel.problem;
    return this.texts.__("What is deployed gets the packages of Python %1 in %2.", kernel.python, kernel.interpreter);
  }
}
