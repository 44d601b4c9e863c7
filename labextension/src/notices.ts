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
  private workspace = "";

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
    const { operations, workspace } = this.deployments;
    const before = workspace === this.workspace ? this.known : null;
    this.known = operations;
    this.workspace = workspace;
    if (before === null || before === operations) return; // what had ended before the page was opened is no news
    for (const row of operations.values()) {
      const isNews = row.ended !== null && typeof before.get(row.id)?.ended !== "number";
      if (isNews && isFirstTold(row.id)) this.tell(row);
    }
  }

  private tell({ service, kind, state, error }: OperationRow): void {
    const open = (label: string, page?: string) => ({
      label,
      callback: () => void this.commands.execute(OPEN_SERVICE, { name: service, page }),
    });
    if (state === "Failed" && this.settings.failed) {
      const what = `${operationWord(kind, this.texts)} ${service}: ${error.split("\n", 1)[0]}`;
      Notification.error(what, { autoClose: false, actions: [open(this.texts.__("Show log"), "log")] });
    } else if (state === "Succeeded" && this.settings.succeeded) {
      const actions = kind === "delete" ? [] : [open(this.texts.__("Open"))];
      Notification.success(successText(kind, service, this.texts), { autoClose: SHOWN, actions });
    }
  }
}

function successText(kind: string, service: string, texts: ITexts): string {
  const sentences: Record<string, string> = {
    deploy: texts.__("%1 is deployed.", service),
    update: texts.__("%1 is updated.", service),
    rollback: texts.__("%1 is rolled back.", service),
    restart: texts.__("%1 is restarted.", service),
    start: texts.__("%1 is started.", service),
    stop: texts.__("%1 is stopped.", service),
    delete: texts.__("%1 is deleted.", service),
  };
  return sentences[kind] ?? texts.__("%1: %2 has ended well.", service, operationWord(kind, texts));
}

/** Whether no window of this browser has told of an operation yet; from now on one has. */
function isFirstTold(id: string): boolean {
  const told = (localStorage.getItem(TOLD) ?? "").split(" ");
  if (told.includes(id)) return false;
  localStorage.setItem(TOLD, [...told, id].slice(-KEPT).join(" "));
  return true;
}
