import { type IDisposable } from "@lumino/disposable";
import { Signal } from "@lumino/signaling";

import { type Problem } from "./documents";

type Listener = (content: never, buffers?: DataView[]) => void;

/** A message of a view, either way. */
export interface Message {
  [fact: string]: unknown;
  id?: string;
  reply?: string;
  given?: { values?: unknown };
}

export type ViewState = "opening" | "open" | "broken" | "refused";

/** What went wrong, why, and what to do; texts that are empty may be left out. */
export type Fault = Partial<Problem> & { what: string };

/** What a widget's module talks to: the part of ipywidgets' models that modules use, over whatever carries messages. */
export abstract class FrontEndModel implements WidgetModel, IDisposable {
  /** Emitted when its state is another one. */
  readonly changed = new Signal<this, ViewState>(this);
  /** Emitted with what was told without being asked for: `deployed`, `registered`. */
  readonly told = new Signal<this, Message>(this);
  state: ViewState = "opening";
  /** Why it is refused, or what broke last. */
  fault: Fault | null = null;
  isDisposed = false;

  private readonly listeners = new Map<string, Set<Listener>>();
  private readonly facts: Record<string, unknown> = {};
  private readonly unanswered = new Map<string, Message>();
  private wasOpen = false;

  on(event: string, listener: Listener): void {
    const known = this.listeners.get(event) ?? new Set();
    this.listeners.set(event, known.add(listener));
  }

  off(event: string, listener: Listener): void {
    this.listeners.get(event)?.delete(listener);
  }

  get(name: string): unknown {
    return this.facts[name];
  }

  set(name: string, value: unknown): void {
    this.facts[name] = value;
  }

  /** Nobody else shows what this shows. */
  save_changes(): void {
    return;
  }

  /** Ask those who answer, now or as soon as they can be reached; what is typed is kept, with which a form is drawn elsewhere. */
  send(question: Message): void {
    if (question.given?.values !== undefined) this.facts.values = question.given.values;
    if (question.id) this.unanswered.set(question.id, question);
    if (this.state === "open") this.say(question);
  }

  /** Try again at once. */
  abstract retry(): void;

  /** The view is closed. */
  dispose(): void {
    if (this.isDisposed) return;
    this.isDisposed = true;
    Signal.clearData(this);
  }

  /** Send a message, where there is somebody to take it. */
  protected abstract say(message: Message): void;

  /** Those who answer are there, and new: what the ones before were asked, they may have done or not. */
  protected begin(values: unknown): void {
    const isAgain = this.wasOpen;
    const lost = isAgain ? [...this.unanswered.keys()] : [];
    const error = this.fault ?? {
      what: "the connection broke before this was answered",
      remedy: "look at what is there before you do it again",
    };
    if (this.facts.values === undefined) this.facts.values = values;
    this.wasOpen = true;
    this.fault = null;
    for (const reply of lost) this.hear({ reply, error });
    this.goOn();
    if (isAgain) this.emit("again");
  }

  /** Those who answer are there still; they know by its id what they were asked already. */
  protected goOn(): void {
    for (const question of this.unanswered.values()) this.say(question);
    this.become("open");
  }

  /** Let the module hear an answer, or what it is told. */
  protected hear(message: Message, buffers: DataView[] = []): void {
    if (message.reply !== undefined) this.unanswered.delete(message.reply);
    this.emit("msg:custom", message, buffers);
    if (message.told !== undefined) this.told.emit(message);
  }

  protected become(state: ViewState, fault = this.fault): void {
    this.fault = fault;
    if (state === this.state) return;
    this.state = state;
    this.changed.emit(state);
  }

  private emit(event: string, content?: Message, buffers: DataView[] = []): void {
    for (const listener of [...(this.listeners.get(event) ?? [])]) listener(content as never, buffers);
  }
}
