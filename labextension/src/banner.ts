import { Widget } from "@lumino/widgets";

import { button, element } from "../../jupyter_deploy/widgets/dom.js";
import { type Problem } from "./documents";
import { type IDeployments, type ITexts } from "./tokens";

/** What is wrong with the workspace, with a compute, or with the connection to the server: what, why, and what to do. */
export class Banner extends Widget {
  private readonly lost = element("div.jp-DeployPanel-lost", { role: "status" });
  private readonly problems = element("div", { role: "alert" });
  private shown = "[]";

  constructor(
    private readonly deployments: IDeployments,
    private readonly texts: ITexts,
  ) {
    super();
    this.addClass("jp-DeployPanel-banner");
    this.node.append(this.lost, this.problems);
    deployments.connectionChanged.connect(this.drawConnection);
    deployments.changed.connect(this.drawProblems);
    this.drawConnection();
    this.drawProblems();
  }

  override dispose(): void {
    this.deployments.connectionChanged.disconnect(this.drawConnection);
    this.deployments.changed.disconnect(this.drawProblems);
    super.dispose();
  }

  private readonly drawConnection = (): void => {
    const { connection } = this.deployments;
    if (connection.state === "open") this.lost.replaceChildren();
    if (connection.state !== "lost") return;
    const { what, why, remedy } = problemOf(connection.error, this.texts);
    if (this.lost.dataset.what === what && this.lost.childElementCount) return; // it is not read out again at each attempt
    this.lost.dataset.what = what;
    const retry = button(
      this.texts.__("Try now"),
      () => {
        this.deployments.retry();
      },
      { class: "jp-mod-styled" },
    );
    this.lost.replaceChildren(drawn({ what, why, remedy }), retry);
  };

  private readonly drawProblems = (): void => {
    const { problems } = this.deployments;
    const shown = JSON.stringify(problems);
    if (shown === this.shown) return;
    this.shown = shown;
    this.problems.replaceChildren(...problems.map(drawn));
  };
}

function problemOf(error: unknown, texts: ITexts): Problem {
  const { what, why, remedy } = error as Partial<Problem>;
  if (what) return { what, why: why ?? "", remedy: remedy ?? texts.__("It is tried again.") };
  return {
    what: texts.__("No connection to the Jupyter server."),
    why: "",
    remedy: texts.__("What is shown may be old. It is tried again until the server answers."),
  };
}

function drawn({ what, why, remedy }: Problem): HTMLElement {
  return element(
    "div.jp-DeployPanel-problem",
    {},
    element("div.jp-DeployPanel-what", {}, what),
    why && element("div.jp-DeployPanel-why", {}, why),
    remedy && element("div", {}, remedy),
  );
}
