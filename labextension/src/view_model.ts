import { URLExt } from "@jupyterlab/coreutils";
import { ServerConnection } from "@jupyterlab/services";
import { UUID } from "@lumino/coreutils";

import { type Fault, FrontEndModel, type Message } from "./front_end_model";

/** What a view is opened as, and where the interpreter that answers for it works. */
export interface Opening {
  kind: "service" | "deploy" | "register";
  given: Record<string, unknown>;
  /** By its name; empty for the server's default. */
  kernel: string;
  /** Below the server's root. */
  folder: string;
}

const SOONEST = 500; // milliseconds until a broken socket is tried again; twice as many each time
const LATEST = 15_000;
const CONFIRMED = 200; // milliseconds after which it is said what has come
const REFUSED = 4000; // how the server closes what need not be tried again
const TAKEN_OVER = 4002;

/** The model of a view over a WebSocket; where that breaks it is opened again, and nothing is lost or done twice. */
export class ViewModel extends FrontEndModel {
  private readonly view = UUID.uuid4();
  private socket: WebSocket | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private confirming: ReturnType<typeof setTimeout> | undefined;
  private taken = 0;
  private pause = SOONEST;

  constructor(
    private readonly opening: Opening,
    private readonly settings = ServerConnection.makeSettings(),
  ) {
    super();
    this.connect();
  }

  override send(question: Message): void {
    if (question.ask === "ping") {
      queueMicrotask(() => {
        this.hear({ reply: question.id, answer: true }); // no cell is in the way here
      });
    } else {
      super.send(question);
    }
  }

  override retry(): void {
    clearTimeout(this.timer);
    this.leave();
    this.become("opening", null);
    this.connect();
  }

  /** Close the view: the server forgets it. */
  override dispose(): void {
    clearTimeout(this.timer);
    clearTimeout(this.confirming);
    this.leave();
    super.dispose();
  }

  protected override say(message: Message): void {
    if (this.socket?.readyState === 1) this.socket.send(JSON.stringify(message));
  }

  private connect(): void {
    const { kind: open, given, kernel, folder } = this.opening;
    const { wsUrl, token, appendToken, WebSocket } = this.settings;
    const query = URLExt.objectToQueryString({ kernel, folder, ...(appendToken && token ? { token } : {}) });
    const socket = new WebSocket(URLExt.join(wsUrl, "jupyter-deploy", "views") + query);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      this.say({ open, given, view: this.view, taken: this.taken });
    };
    socket.onmessage = gathered((message, buffers) => {
      if (socket === this.socket) this.receive(message, buffers);
    });
    socket.onclose = ({ code }) => {
      if (socket === this.socket) this.closed(code);
    };
    this.socket = socket;
  }

  private receive(message: Message, buffers: DataView[]): void {
    const { n, opened, resumed, refused, over } = message;
    const number = Number(n);
    if (refused) {
      this.leave();
      this.become("refused", refused as Fault);
    } else if (over) {
      this.fault = over as Fault;
    } else if (resumed) {
      this.pause = SOONEST;
      this.goOn();
    } else if (opened) {
      this.pause = SOONEST;
      this.confirm(number);
      this.begin(message.values);
    } else if (number > this.taken) {
      this.confirm(number);
      this.hear(message, buffers);
    }
  }

  private confirm(number: number): void {
    this.taken = number;
    this.confirming ??= setTimeout(() => {
      this.confirming = undefined;
      if (this.state === "open") this.say({ taken: this.taken });
    }, CONFIRMED);
  }

  private closed(code: number): void {
    this.socket = null;
    if (code === REFUSED || code === TAKEN_OVER) {
      this.become("refused");
    } else {
      this.become("broken");
      this.timer = setTimeout(
        () => {
          this.connect();
        },
        this.pause * (0.75 + Math.random() / 2),
      );
      this.pause = Math.min(2 * this.pause, LATEST);
    }
  }

  private leave(): void {
    const socket = this.socket;
    this.socket = null;
    socket?.close(1000);
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
