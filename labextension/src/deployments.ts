import { type JupyterFrontEnd, type JupyterFrontEndPlugin } from "@jupyterlab/application";
import { type ServerConnection } from "@jupyterlab/services";
import { DisposableDelegate, type IDisposable } from "@lumino/disposable";
import { type ISignal, Signal } from "@lumino/signaling";

import { type Problem } from "./documents";
import { type Connection, Feed, type FeedListener } from "./feed";
import { changed, EMPTY, LIST_NAMES, type ListName, type Lists, replaced } from "./lists";
import { IDeployments, NAME } from "./tokens";

/** Provides the lists. */
export const deployments: JupyterFrontEndPlugin<IDeployments> = {
  id: `${NAME}:deployments`,
  description: "What is registered and what runs, as the server tells it.",
  autoStart: true,
  provides: IDeployments,
  activate: (app: JupyterFrontEnd) => new Deployments(app.serviceManager.serverSettings),
};

/** The lists, as the feed tells them; without a connection while nobody holds them, or while nobody sees the page. */
export class Deployments implements IDeployments, IDisposable {
  private readonly someChanged = new Signal<IDeployments, ReadonlySet<ListName>>(this);
  private readonly otherConnection = new Signal<IDeployments, Connection>(this);
  private readonly feed: Feed;
  private lists = EMPTY;
  private told: { workspace: string; problems: readonly Problem[] } = { workspace: "", problems: [] };
  private present: Connection = { state: "closed" };
  private holders = 0;

  constructor(settings?: ServerConnection.ISettings) {
    const listener: FeedListener = {
      onSnapshot: ({ rows, workspace, problems }) => {
        this.take(replaced(this.lists, rows), workspace, problems);
      },
      onChanges: (changes) => {
        this.take(changed(this.lists, changes), this.workspace, changes.problems);
      },
      onConnection: (connection) => {
        if (connection.state === "open" && this.present.state === "open") return;
        this.present = connection;
        this.otherConnection.emit(connection);
      },
    };
    this.feed = new Feed(listener, settings);
    document.addEventListener("visibilitychange", this.decide);
  }

  get changed(): ISignal<IDeployments, ReadonlySet<ListName>> {
    return this.someChanged;
  }

  get connectionChanged(): ISignal<IDeployments, Connection> {
    return this.otherConnection;
  }

  get models(): Lists["models"] {
    return this.lists.models;
  }

  get services(): Lists["services"] {
    return this.lists.services;
  }

  get computes(): Lists["computes"] {
    return this.lists.computes;
  }

  get operations(): Lists["operations"] {
    return this.lists.operations;
  }

  get problems(): readonly Problem[] {
    return this.told.problems;
  }

  get workspace(): string {
    return this.told.workspace;
  }

  get connection(): Connection {
    return this.present;
  }

  get isDisposed(): boolean {
    return this.feed.isDisposed;
  }

  hold(): IDisposable {
    this.holders += 1;
    this.decide();
    return new DisposableDelegate(() => {
      this.holders -= 1;
      this.decide();
    });
  }

  retry(): void {
    this.feed.retry();
  }

  dispose(): void {
    document.removeEventListener("visibilitychange", this.decide);
    this.feed.dispose();
    Signal.clearData(this);
  }

  private readonly decide = (): void => {
    if (this.holders > 0 && !document.hidden) this.feed.open();
    else this.feed.close();
  };

  private take(lists: Lists, workspace: string, problems: readonly Problem[]): void {
    const isFirst = !this.workspace;
    const differing = LIST_NAMES.filter((name) => isFirst || lists[name] !== this.lists[name]);
    this.lists = lists;
    this.told = { workspace, problems };
    this.someChanged.emit(new Set(differing));
  }
}
