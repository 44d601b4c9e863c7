import { URLExt } from "@jupyterlab/coreutils";
import { ServerConnection } from "@jupyterlab/services";
import { UUID } from "@lumino/coreutils";
import { type IDisposable } from "@lumino/disposable";
import { Signal } from "@lumino/signaling";

import { FrontEndModel, type Message } from "./front_end_model";

/** What a view is opened as, and where the interpreter that answers for it works. */
export interface Opening {
  kind: "service" | "deploy" | "register";
  given: Record<string, unknown>;
  /** By its name; empty for the server's default. */
  kernel: string;
  /** Below the server's root. */
  folder: string;
}

export type ViewState = "opening" | "open" | "broken" | "refused";

/** What went wrong, why, and what to do. */
export interface Fault {
  what: string;
  why?: string;
  remedy?: string;
}

const SOONEST = 500; // milliseconds until a broken socket is tried again; twice as many each time
const LATEST = 15_000;
const CONFIRMED = 200; // milliseconds after which it is said what has come
const REFUSED = 4000; // how the server closes what need not be tried again
const TAKEN_OVER = 4002;

/** The model of a view over a WebSocket; where that breaks it is opened again, and nothing is lost or done twice. */
export class ViewModel extends FrontEndModel implements IDisposable {
  /** Emitted when its state is another one. */
  readonly changed = new Signal<this, ViewState>(this);
  state: ViewState = "opening";
  /** Why it is refused, or what broke last. */
  fault: Fault | null = null;
  isDisposed = false;

  private readonly view = UUID.uuid4();
  private readonly unanswered = new Map<string, Message>();
  private socket: WebSocket | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private confirming: ReturnType<typeof setTimeout> | undefined;
  private wasOpen = false;
  private taken = 0;
  private pause = SOONEST;

  constructor(
    readonly opening: Opening,
    private readonly settings = ServerConnection.makeSettings(),
  ) {
    super();
    this.connect();
  }

  /** Ask those who answer, now or as soon as they can be reached. */
  override send(question: Message): void {
    if (question.ask === "ping") {
      queueMicrotask(() => {
        this.emit("msg:custom", { reply: question.id, answer: true });
      }); // no cell is in the way here
      return;
    }
    this.keep(question);
    if (question.id) this.unanswered.set(question.id, question);
    if (this.state === "open") this.say(question);
  }

  /** Try again at once. */
  retry(): void {
    clearTimeout(this.timer);
    this.leave();
    this.become("opening");
    this.connect();
  }

  /** Close the view: the server forgets it. */
  dispose(): void {
    if (this.isDisposed) return;
    this.isDisposed = true;
    clearTimeout(this.timer);
    clearTimeout(this.confirming);
    this.leave();
    Signal.clearData(this);
  }

  private connect(): void {
    const { kernel, folder } = this.opening;
    const { wsUrl, token, appendToken, WebSocket } = this.settings;
    const query = URLExt.objectToQueryString({ kernel, folder, ...(appendToken && token ? { token } : {}) });
    const socket = new WebSocket(URLExt.join(wsUrl, "jupyter-deploy", "views") + query);
    socket.binaryType = "arraybuffer";
    const first = () => {
      const { kind: open, given } = this.opening;
      this.say({ open, given, view: this.view, taken: this.taken });
    };
    socket.onopen = first;
    socket.onmessage = gathered((message, buffers) => {
      if (socket === this.socket) this.receive(message, buffers);
    });
    socket.onclose = ({ code }) => {
      if (socket === this.socket) this.closed(code);
    };
    this.socket = socket;
  }

  private receive(message: Message, buffers: DataView[]): void {
    const { n, opened, resumed, refused, over, values } = message;
    if (refused) this.refuse(refused as Fault);
    else if (over) this.fault = over as Fault;
    else if (resumed) this.goOn();
    else if (opened) this.begin(Number(n), values);
    else if (Number(n) > this.taken) this.take(Number(n), message, buffers);
  }

  /** Those who answer are new: what the ones before were asked, they may have done or not. */
  private begin(n: number, values: unknown): void {
    const isAgain = this.wasOpen;
    const lost = isAgain ? [...this.unanswered.keys()] : [];
    if (!isAgain && this.get("values") === undefined) this.set("values", values);
    this.wasOpen = true;
    this.taken = n;
    for (const id of lost) this.unanswered.delete(id);
    this.goOn();
    this.confirm();
    const error = this.fault ?? {
      what: "the connection broke before this was answered",
      remedy: "look at what is there before you do it again",
    };
    this.fault = null;
    for (const reply of lost) this.emit("msg:custom", { reply, error });
    if (isAgain) this.emit("again");
  }

  private goOn(): void {
    this.pause = SOONEST;
    for (const question of this.unanswered.values()) this.say(question);
    this.become("open");
  }

  private take(n: number, message: Message, buffers: DataView[]): void {
    this.taken = n;
    this.confirm();
    if (message.reply !== undefined) this.unanswered.delete(message.reply);
    this.emit("msg:custom", message, buffers);
  }

  private confirm(): void {
    this.confirming ??= setTimeout(() => {
      this.confirming = undefined;
      if (this.state === "open") this.say({ taken: this.taken });
    }, CONFIRMED);
  }

  private refuse(fault: Fault): void {
    this.fault = fault;
    this.leave();
    this.become("refused");
  }

  private closed(code: number): void {
    this.socket = null;
    if (code === REFUSED || code === TAKEN_OVER) {
      this.become("refused");
      return;
    }
    this.become("broken");
    this.timer = setTimeout(
      () => {
        this.connect();
      },
      this.pause * (0.75 + Math.random() / 2),
    );
    this.pause = Math.min(2 * this.pause, LATEST);
  }

  private leave(): void {
    const socket = this.socket;
    this.socket = null;
    socket?.close(1000);
  }

  private say(message: Message): void {
    if (this.socket?.readyState === 1) this.socket.send(JSON.stringify(message));
  }

  private become(state: ViewState): void {
    if (state === this.state) return;
    this.state = state;
    this.changed.emit(state);
  }
}

/** Puts messages together with the bytes that come after them. */
function gathered(
  take: (message: Message, buffers: DataView[]) => void,
): (event: MessageEvent<string | ArrayBuffer>) => void {
  let message: Message = {};
  let wanted = 0;
  let buffers: DataView[] = [];
  return ({ data }) => {
    if (typeof data === "string") {
      message = JSON.parse(data) as Message;
      wanted = Number(message.buffers ?? 0);
      buffers = [];
    } else {
      buffers.push(new DataView(data));
    }
    if (buffers.length === wanted) take(message, buffers);
  };
}
