import { type ISessionContext, MainAreaWidget } from "@jupyterlab/apputils";
import { PathExt } from "@jupyterlab/coreutils";
import { Widget } from "@lumino/widgets";

import { button, element, errorPlace } from "../../jupyter_deploy/widgets/dom.js";
import { CommModel } from "./comm_model";
import { type FrontEndModel, type Message, type ViewState } from "./front_end_model";
import { deployIcon } from "./icons";
import { KernelChoice, NOTEBOOK } from "./kernel_choice";
import { type ITexts } from "./tokens";
import { type Opening, ViewModel } from "./view_model";

/** Draws a widget's module, and returns how it is taken away. */
export type Draw = (el: HTMLElement, model: WidgetModel) => End;

/** A view in the main area: a widget's module, above it how its connection is, and in its toolbar the kernel that answers. */
export class View extends MainAreaWidget<ViewBody> {
  /**
   * @param title of its tab. @param opening what is opened, and where. @param draw the module. @param session of the notebook that it is
   * opened for: its kernel can be chosen then.
   */
  constructor(
    texts: ITexts,
    title: string,
    public opening: Opening,
    draw: Draw,
    session?: ISessionContext,
  ) {
    super({ content: new ViewBody(texts, opening, draw, session) });
    this.title.icon = deployIcon;
    this.title.label = title;
    this.title.closable = true;
    const choice = new KernelChoice(texts, opening.kernel, session && PathExt.basename(session.path));
    choice.chosen.connect((_, kernel) => {
      this.opening = { ...this.opening, kernel };
      this.content.reopen(this.opening);
    });
    this.toolbar.addItem("kernel", choice);
    this.toolbar.addItem("about-kernel", choice.about);
  }
}

/** What is drawn, as long as it can be had. */
export class ViewBody extends Widget {
  /** Called with what the view tells by itself. */
  onTold: (message: Message) => void = () => undefined;
  private readonly notice = element("div.note", { role: "status" });
  private readonly errors = errorPlace();
  private readonly place = element("div");
  private end: End | null = null;
  private model: FrontEndModel;

  constructor(
    private readonly texts: ITexts,
    opening: Opening,
    private readonly draw: Draw,
    private readonly session?: ISessionContext,
  ) {
    super();
    this.addClass("jp-DeployView");
    this.node.tabIndex = -1;
    this.node.append(element("div.jupyter-deploy", {}, this.notice, this.errors.element), this.place);
    this.model = this.begin(opening);
  }

  /** Whether it cannot be had. */
  get isRefused(): boolean {
    return this.model.state === "refused";
  }

  /** Open the view elsewhere, as with another kernel; what was typed stays. */
  reopen(opening: Opening): void {
    const values = this.model.get("values");
    this.finish();
    this.model = this.begin(opening);
    if (values !== undefined) this.model.set("values", values);
  }

  override dispose(): void {
    if (!this.isDisposed) this.finish();
    super.dispose();
  }

  private begin(opening: Opening): FrontEndModel {
    const { session } = this;
    const model = session && opening.kernel === NOTEBOOK ? new CommModel(session, opening) : new ViewModel(opening);
    model.changed.connect(() => {
      this.showState(model);
    });
    model.told.connect((_, message) => {
      this.onTold(message);
    });
    this.showState(model);
    return model;
  }

  private finish(): void {
    this.end?.();
    this.end = null;
    this.model.dispose();
    this.place.replaceChildren();
  }

  private showState(model: FrontEndModel): void {
    const said: Record<ViewState, string> = {
      opening: this.texts.__("It is opened, which takes a moment where its kernel has to start…"),
      broken: this.texts.__("The connection is broken; it is tried again by itself."),
      open: "",
      refused: "",
    };
    this.notice.textContent = said[model.state];
    this.errors.clear();
    if (model.state === "refused" && model.fault) this.showRefusal(model);
    if (model.state === "open") this.end ??= this.draw(this.place, model);
  }

  private showRefusal(model: FrontEndModel): void {
    const again = button(this.texts.__("Try again"), () => {
      model.retry();
    });
    this.errors.show(model.fault);
    this.errors.element.append(again);
  }
}
