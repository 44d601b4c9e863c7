import { MainAreaWidget } from "@jupyterlab/apputils";
import { Widget } from "@lumino/widgets";

import { button, element, errorPlace } from "../../jupyter_deploy/widgets/dom.js";
import { deployIcon } from "./icons";
import { type ITexts } from "./tokens";
import { type Opening, ViewModel } from "./view_model";

/** Draws a widget's module, and returns how it is taken away. */
export type Draw = (el: HTMLElement, model: WidgetModel) => End;

/** A view in the main area: a widget's module, and above it how its connection is. */
export class View extends MainAreaWidget<ViewBody> {
  constructor(texts: ITexts, title: string, opening: Opening, draw: Draw) {
    super({ content: new ViewBody(texts, opening, draw) });
    this.title.icon = deployIcon;
    this.title.label = title;
    this.title.closable = true;
  }
}

/** What is drawn, as long as it can be had. */
export class ViewBody extends Widget {
  private readonly notice = element("div.notice", { role: "status" });
  private readonly errors = errorPlace();
  private readonly place = element("div");
  private end: End | null = null;
  private current: ViewModel;

  constructor(
    private readonly texts: ITexts,
    opening: Opening,
    private readonly draw: Draw,
  ) {
    super();
    this.addClass("jp-DeployView");
    this.node.tabIndex = -1;
    const head = element("div.jupyter-deploy", {}, this.notice, this.errors.element);
    this.node.append(head, this.place);
    this.current = this.begun(opening);
  }

  /** Whom the module talks to. */
  get model(): ViewModel {
    return this.current;
  }

  /** Open the view elsewhere, as with another kernel; what was typed stays. */
  reopen(opening: Opening): void {
    const values = this.current.get("values");
    this.finish();
    this.current = this.begun(opening);
    if (values !== undefined) this.current.set("values", values);
  }

  override dispose(): void {
    if (!this.isDisposed) this.finish();
    super.dispose();
  }

  private begun(opening: Opening): ViewModel {
    const model = new ViewModel(opening);
    model.changed.connect(() => {
      this.drawState(model);
    });
    this.drawState(model);
    return model;
  }

  private finish(): void {
    this.end?.();
    this.end = null;
    this.current.dispose();
    this.place.replaceChildren();
  }

  private drawState(model: ViewModel): void {
    const said = {
      opening: this.texts.__("opening…"),
      broken: this.texts.__("The connection to the Jupyter server is broken; it is tried again."),
      open: "",
      refused: "",
    };
    this.notice.textContent = said[model.state];
    this.errors.clear();
    if (model.state === "refused" && model.fault) {
      this.errors.show(model.fault);
      this.errors.element.append(
        button(this.texts.__("Try again"), () => {
          model.retry();
        }),
      );
    }
    if (model.state === "open") this.end ??= this.draw(this.place, model);
  }
}
