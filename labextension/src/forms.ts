import { ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from "@jupyterlab/application";
import { ICommandPalette, type ISessionContext, WidgetTracker } from "@jupyterlab/apputils";
import { ILauncher } from "@jupyterlab/launcher";
import { type CommandRegistry } from "@lumino/commands";
import { type ReadonlyJSONObject, UUID } from "@lumino/coreutils";

import { deployForm } from "../../jupyter_deploy/widgets/deploy_form.js";
import { registerForm } from "../../jupyter_deploy/widgets/register_form.js";
import { DEPLOY, FORM_ARGUMENTS, REGISTER } from "./commands";
import { type Message } from "./front_end_model";
import { deployIcon } from "./icons";
import { NOTEBOOK } from "./kernel_choice";
import { Outcomes } from "./outcomes";
import { IForms, ITexts, IViewArea, NAME } from "./tokens";
import { View } from "./view";

const COMMANDS = { register: REGISTER, deploy: DEPLOY } as const;

export type FormKind = keyof typeof COMMANDS;

/** What a form begins with, and where. */
export interface FormFacts {
  given?: Record<string, unknown>;
  kernel?: string;
  folder?: string;
  /** Of the notebook that it is opened for. */
  session?: ISessionContext;
}

/** The forms that register and deploy models, with their commands. */
export const forms: JupyterFrontEndPlugin<IForms> = {
  id: `${NAME}:forms`,
  description: "The forms that register and deploy models.",
  autoStart: true,
  requires: [ITexts, IViewArea],
  optional: [ILayoutRestorer, ICommandPalette, ILauncher],
  provides: IForms,
  activate: (
    app: JupyterFrontEnd,
    texts: ITexts,
    area: IViewArea,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null,
    launcher: ILauncher | null,
  ) => {
    const category = texts.__("Deployed models");
    const labels = { register: texts.__("Register a model"), deploy: texts.__("Deploy a model") };
    const outcomes = new Outcomes(texts, app.commands);
    const open = (kind: FormKind, facts: FormFacts) => {
      const view = new FormView(texts, kind, labels[kind], facts, outcomes);
      void trackers[kind].add(view);
      area.show(view);
    };
    const trackers = { register: tracked("register"), deploy: tracked("deploy") };
    for (const kind of ["register", "deploy"] as const) {
      const command = COMMANDS[kind];
      addCommand(app.commands, command, labels[kind], (facts) => {
        open(kind, facts);
      });
      palette?.addItem({ command, category, args: { isPalette: true } });
      launcher?.add({ command, category });
      void restorer?.restore(trackers[kind], { command, args: (view) => view.again, name: (view) => view.id });
    }
    return { open };
  },
};

const tracked = (kind: FormKind) => new WidgetTracker<FormView>({ namespace: `jupyter-deploy-${kind}` });

function addCommand(commands: CommandRegistry, id: string, label: string, open: (facts: FormFacts) => void): void {
  commands.addCommand(id, {
    label: ({ isPalette }) => (isPalette ? label : `${label}…`),
    caption: label,
    icon: ({ isPalette }) => (isPalette ? undefined : deployIcon),
    describedBy: FORM_ARGUMENTS,
    execute: (args) => {
      open(args);
    },
  });
}

/** A form in the main area, as the widgets show it in a notebook. */
export class FormView extends View {
  constructor(texts: ITexts, kind: FormKind, label: string, facts: FormFacts, outcomes: Outcomes) {
    const { given = {}, kernel = "", folder = "", session } = facts;
    const draw = kind === "deploy" ? deployForm : registerForm;
    super(texts, label, { kind, given, kernel, folder }, (el, model) => draw(el, model, ""), session);
    this.id = `jupyter-deploy-${kind}-${UUID.uuid4()}`;
    this.title.caption = label;
    this.content.onTold = (message: Message) => {
      outcomes.tell(message, this.opening);
    };
  }

  /** The arguments with which its command opens it again. */
  get again(): ReadonlyJSONObject {
    const { given, kernel, folder } = this.opening;
    return { given, kernel: kernel === NOTEBOOK ? "" : kernel, folder } as ReadonlyJSONObject;
  }
}
