import { Notification } from "@jupyterlab/apputils";
import { type CommandRegistry } from "@lumino/commands";

import { DEPLOY, INSERT_CODE, OPEN_SERVICE } from "./commands";
import { type Message } from "./front_end_model";
import { NOTEBOOK } from "./kernel_choice";
import { type ITexts } from "./tokens";
import { type Opening } from "./view_model";

const SHOWN = 15_000; // milliseconds

/** What comes after a form has done its work: the service is shown, and the code that does the same is offered. */
export class Outcomes {
  constructor(
    private readonly texts: ITexts,
    private readonly commands: CommandRegistry,
  ) {}

  /** Take what a form tells. */
  tell({ told, service, model, line, python }: Message, { kernel, folder }: Opening): void {
    const place = { kernel: kernel === NOTEBOOK ? "" : kernel, folder };
    const inserts = [
      this.inserting(this.texts.__("Insert the line"), line),
      this.inserting(this.texts.__("Insert Python"), python),
    ];
    if (told === "deployed") {
      void this.commands.execute(OPEN_SERVICE, { name: service as string, ...place });
      this.notify(this.texts.__("The deployment of %1 has begun.", service), inserts.flat());
    } else if (told === "registered") {
      const deploy = {
        label: this.texts.__("Deploy it…"),
        callback: () => void this.commands.execute(DEPLOY, { given: { models: [model as string] }, ...place }),
      };
      this.notify(this.texts.__("%1 is registered.", model), [deploy, ...inserts.flat()]);
    }
  }

  private notify(text: string, actions: Notification.IAction[]): void {
    Notification.success(text, { autoClose: SHOWN, actions });
  }

  /** The action that puts code into the notebook, where there are both. */
  private inserting(label: string, code: unknown): Notification.IAction[] {
    if (typeof code !== "string" || !code || !this.commands.isEnabled(INSERT_CODE)) return [];
    const caption = this.texts.__("Put it into the notebook as a cell, which is not run");
    return [{ label, caption, callback: () => void this.commands.execute(INSERT_CODE, { code }) }];
  }
}
