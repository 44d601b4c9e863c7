import { ServerConnection } from "@jupyterlab/services";
import { type IDisposable } from "@lumino/disposable";
import { createParser, type EventSourceMessage } from "eventsource-parser";

import { type Changes, type Snapshot } from "./documents";
import { open } from "./requests";

/** How the connection to the server is; where it is lost, why. */
export type Connection = { state: "closed" | "opening" | "open" } | { state: "lost"; error: unknown };

/** Whom a feed tells. */
export interface FeedListener {
  onSnapshot: (snapshot: Snapshot) => void;
  onChanges: (changes: Changes) => void;
  onConnection: (connection: Connection) => void;
}

/** Milliseconds. */
export interface FeedPauses {
  /** Before the first new attempt; it is doubled for each one after. */
  first: number;
  longest: number;
  /** After which a server that says nothing, not even that it is there, is held for dead. */
  silence: number;
}

const PAUSES: FeedPauses = { first: 500, longest: 30_000, silence: 45_000 };

/** The server's events, from a connection that is made anew when it breaks and goes on after the last event. */
export class Feed implements IDisposable {
  private stop: AbortController | null = null;
  private lastId = "";
  private wake: () => void = () => undefined;
  private isOver = false;

  /**
   * @param listener whom it tells. @param settings of the server. @param pauses between attempts.
   */
  constructor(
    private readonly listener: FeedListener,
    private readonly settings: ServerConnection.ISettings = ServerConnection.makeSettings(),
    private readonly pauses: FeedPauses = PAUSES,
  ) {}

  get isDisposed(): boolean {
    return this.isOver;
  }

  /** Connect, unless that is done. */
  open(): void {
    if (this.stop || this.isOver) return;
    this.stop = new AbortController();
    void this.run(this.stop.signal);
  }

  /** Break the connection off; the next one goes on after the last event. */
  close(): void {
    if (!this.stop) return;
    this.stop.abort();
    this.stop = null;
    this.wake();
    this.listener.onConnection({ state: "closed" });
  }

  /** Do not wait for the next attempt. */
  retry(): void {
    this.wake();
  }

  dispose(): void {
    this.close();
    this.isOver = true;
  }

  private async run(signal: AbortSignal): Promise<void> {
    let pause = this.pauses.first;
    this.listener.onConnection({ state: "opening" });
    for (;;) {
      const parser = createParser({ onEvent: this.take });
      try {
        for await (const piece of this.pieces(signal)) {
          pause = this.pauses.first;
          this.listener.onConnection({ state: "open" });
          parser.feed(piece);
        }
      } catch (error) {
        if (!signal.aborted) this.listener.onConnection({ state: "lost", error });
      }
      if (signal.aborted) return;
      await this.rest(pause * (0.75 + Math.random() / 2)); // not all browsers at the same moment
      pause = Math.min(2 * pause, this.pauses.longest);
    }
  }

  /** What one connection brings, until it ends. */
  private async *pieces(signal: AbortSignal): AsyncGenerator<string> {
    if (signal.aborted) return;
    const attempt = new AbortController();
    const abort = () => {
      attempt.abort();
    };
    signal.addEventListener("abort", abort);
    let silence = setTimeout(abort, this.pauses.silence);
    try {
      const headers = { Accept: "text/event-stream", ...(this.lastId && { "Last-Event-ID": this.lastId }) };
      const response = await open("events", { headers, cache: "no-cache", signal: attempt.signal }, this.settings);
      const decoder = new TextDecoder();
      const reader = response.body?.getReader();
      for (let read = await reader?.read(); read?.value; read = await reader?.read()) {
        clearTimeout(silence);
        silence = setTimeout(abort, this.pauses.silence);
        yield decoder.decode(read.value, { stream: true });
      }
    } finally {
      clearTimeout(silence);
      signal.removeEventListener("abort", abort);
    }
  }

  private readonly take = ({ event, id, data }: EventSourceMessage): void => {
    if (event === "snapshot") this.listener.onSnapshot(JSON.parse(data) as Snapshot);
    else if (event === "changes") this.listener.onChanges(JSON.parse(data) as Changes);
    if (id) this.lastId = id; // after it: an event that could not be taken is not taken for seen
  };

  private rest(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
