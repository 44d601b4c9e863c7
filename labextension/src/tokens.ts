import { type TranslationBundle } from "@jupyterlab/translation";
import { Token } from "@lumino/coreutils";
import { type IDisposable } from "@lumino/disposable";
import { type ISignal } from "@lumino/signaling";
import { type Widget } from "@lumino/widgets";

import { type ComputeRow, type ModelRow, type OperationRow, type Problem, type ServiceRow } from "./documents";
import { type Connection } from "./feed";
import { type FormFacts, type FormKind } from "./forms";
import { type ListName } from "./lists";

/** The name of the extension, with which the ids of its plugins begin. */
export const NAME = "jupyter-deploy-models";

/** Every text of the interface, in the reader's language: `texts.__("Services")`. */
export type ITexts = TranslationBundle;

/** Who needs texts requires this. */
export const ITexts = new Token<ITexts>(`${NAME}:ITexts`, "The texts of deployed models in the reader's language.");

/** What is registered and what runs in the server's workspace, kept up to date while somebody holds it. */
export interface IDeployments {
  readonly models: ReadonlyMap<string, ModelRow>;
  readonly services: ReadonlyMap<string, ServiceRow>;
  readonly computes: ReadonlyMap<string, ComputeRow>;
  readonly operations: ReadonlyMap<string, OperationRow>;
  readonly problems: readonly Problem[];
  /** The folder of the workspace, or its address; empty until the server has told it. */
  readonly workspace: string;
  readonly connection: Connection;
  /** Tells which lists have changed; all of them together after one event of the server. */
  readonly changed: ISignal<IDeployments, ReadonlySet<ListName>>;
  readonly connectionChanged: ISignal<IDeployments, Connection>;
  /** Keep the lists up to date until what is returned is disposed of. */
  hold(): IDisposable;
  /** Connect now, where the connection is lost. */
  retry(): void;
}

/** Who needs the lists requires this. */
export const IDeployments = new Token<IDeployments>(`${NAME}:IDeployments`, "What is registered and what runs.");

/** A row, by its list and key. */
export interface IChosenRow {
  list: ListName;
  key: string;
}

/** The panel, as commands see it. */
export interface IDeployPanel {
  /** The row that had the focus last; what acts without being told on what acts on it. */
  readonly chosen: IChosenRow | null;
}

/** Who acts on the rows of the panel requires this. */
export const IDeployPanel = new Token<IDeployPanel>(`${NAME}:IDeployPanel`, "The panel of deployed models.");

/** Where services and forms are shown. */
export interface IViewArea {
  /** Show a view, and bring it to the front. */
  show(view: Widget): void;
}

/** Who shows views requires this. */
export const IViewArea = new Token<IViewArea>(`${NAME}:IViewArea`, "Where services and forms are shown.");

/** Opens forms. */
export interface IForms {
  open(kind: FormKind, facts: FormFacts): void;
}

/** Who opens forms for what a command's arguments cannot say, as a notebook, requires this. */
export const IForms = new Token<IForms>(`${NAME}:IForms`, "Opens the forms that register and deploy models.");
