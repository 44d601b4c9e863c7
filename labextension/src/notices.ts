import { type JupyterFrontEnd, type JupyterFrontEndPlugin } from "@jupyterlab/application";
import { Notification } from "@jupyterlab/apputils";
import { ISettingRegistry } from "@jupyterlab/settingregistry";
import { type CommandRegistry } from "@lumino/commands";
import { type IDisposable } from "@lumino/disposable";

import { OPEN_SERVICE } from "./commands";
import { type OperationRow } from "./documents";
import { operationWord } from "./row_texts";
import { IDeployments, ITexts, NAME } from "./tokens";

const ID = `${NAME}:notices`;
const SHOWN = 10_000; // milliseconds
/** Where a browser keeps what it has told already, for all its windows. */
const TOLD = `${NAME}:told`;
const KEPT = 200;

/** Which ends are told of. */
export interface NoticeSettings {
  succeeded: boolean;
  failed: boolean;
}

/** Tells when an operation ends. */
export const notices: JupyterFrontEndPlugin<void> = {
  id: ID,
  description: "Tells when a deployment, or another operation, ends.",
  autoStart: true,
  requires: [ITexts, IDeployments],
  optional: [ISettingRegistry],
  activate: async (
    app: JupyterFrontEnd,
    texts: ITexts,
    deployments: IDeployments,
    registry: ISettingRegistry | null,
  ) => {
    const made = new Notices(deployments, texts, app.commands);
    const settings = await registry?.load(ID);
    const apply = () => {
      const { succeeded, failed } = settings?.composite ?? {};
      made.apply({ succeeded: succeeded !== false, failed: failed !== false });
    };
    settings?.changed.connect(apply);
    apply();
  },
};

/** Tells of each operation that ends while this page is there, once in a browser. */
export class Notices {
  private settings: NoticeSettings = { succeeded: false, failed: false };
  private held: IDisposable | null = null;
  private known: ReadonlyMap<string, OperationRow> | null = null;

  constructor(
    private readonly deployments: IDeployments,
    private readonly texts: ITexts,
    private readonly commands: CommandRegistry,
  ) {
    deployments.changed.connect(() => {
      this.look();
    });
  }

  /** Tell of other ends from now on. */
  apply(settings: NoticeSettings): void {
    this.settings = settings;
    this.held?.dispose();
    this.held = settings.succeeded || settings.failed ? this.deployments.hold() : null;
  }

  private look(): void {
    const { operations } = this.deployments;
    const before = this.known;
    this.known = operations;
    if (before === null || before === operations) return; // what had ended before the page was opened is no news
    for (const row of operations.values()) {
      const isNews = row.ended !== null && typeof before.get(row.id)?.ended !== "number";
      if (isNews && isFirstTold(row.id)) this.tell(row);
    }
  }

  private tell({ service, kind, state, error }: OperationRow): void {
    const open = (label: string) => ({
      label,
      callback: () => void this.commands.execute(OPEN_SERVICE, { name: service }),
    });
    const what = `${operationWord(kind, this.texts)} ${service}`;
    if (state === "Failed" && this.settings.failed) {
      const cause = error.split("\n", 1)[0];
      const actions = [open(this.texts.__("Show log"))];
      Notification.error(this.texts.__("%1 has failed: %2", what, cause), { autoClose: false, actions });
    } else if (state === "Succeeded" && this.settings.succeeded) {
      const actions = kind === "delete" ? [] : [open(this.texts.__("Open"))];
      Notification.success(this.texts.__("%1 has succeeded.", what), { autoClose: SHOWN, actions });
    }
  }
}

/** Whether no window of this browser has told of an operation yet; from now on one has. */
function isFirstTold(id: string): boolean {
  const told = (localStorage.getItem(TOLD) ?? "").split(" ");
  if (told.includes(id)) return false;
  localStorage.setItem(TOLD, [...told, id].slice(-KEPT).join(" "));
  return true;
}
