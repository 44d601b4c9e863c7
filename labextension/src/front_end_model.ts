type Listener = (content: never, buffers?: DataView[]) => void;

/** A message of a view, either way. */
export interface Message {
  [fact: string]: unknown;
  id?: string;
  reply?: string;
  given?: { values?: unknown };
}

/** What a widget's module talks to: the part of ipywidgets' models that modules use, over whatever carries messages. */
export abstract class FrontEndModel implements WidgetModel {
  private readonly listeners = new Map<string, Set<Listener>>();
  private readonly facts: Record<string, unknown> = {};

  /** Send a message of the module's to those who answer. */
  abstract send(content: Message): void;

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

  /** Let the module hear of something. */
  protected emit(event: string, content?: Message, buffers: DataView[] = []): void {
    for (const listener of [...(this.listeners.get(event) ?? [])]) listener(content as never, buffers);
  }

  /** Keep what was typed into a form, with which it is drawn again elsewhere. */
  protected keep(question: Message): void {
    if (question.given?.values !== undefined) this.facts.values = question.given.values;
  }
}
