import { ServerConnection } from "@jupyterlab/services";

import { ViewModel } from "../view_model";

/** A server's end of a socket, in the hand of a test. */
class Socket {
  static all: Socket[] = [];
  static get last(): Socket {
    const last = Socket.all.at(-1);
    if (!last) throw new Error("no socket was opened");
    return last;
  }

  readyState = 0;
  binaryType = "";
  closedWith: number | undefined;
  readonly said: Record<string, unknown>[] = [];
  onopen: () => void = jest.fn();
  onclose: (event: { code: number }) => void = jest.fn();
  onmessage: (event: { data: string | ArrayBuffer }) => void = jest.fn();

  constructor(readonly url: string) {
    Socket.all.push(this);
  }
  send(text: string): void {
    this.said.push(JSON.parse(text) as Record<string, unknown>);
  }
  close(code: number): void {
    this.closedWith = code;
  }

  accept(): void {
    this.readyState = 1;
    this.onopen();
  }
  hear(message: object, ...buffers: ArrayBuffer[]): void {
    this.onmessage({ data: JSON.stringify({ ...message, buffers: buffers.length }) });
    for (const data of buffers) this.onmessage({ data });
  }
  breaks(code = 1006): void {
    this.readyState = 3;
    this.onclose({ code });
  }
  get asked(): unknown[] {
    return this.said.filter((message) => "ask" in message).map((message) => message.id);
  }
}

describe("the model of a view", () => {
  let model: ViewModel;
  let heard: { message: Record<string, unknown>; buffers: DataView[] }[];

  beforeEach(() => {
    jest.useFakeTimers();
    Socket.all = [];
    heard = [];
    const settings = ServerConnection.makeSettings({
      wsUrl: "ws://here/",
      WebSocket: Socket as never,
    });
    model = new ViewModel({ kind: "service", given: { name: "diabetes" }, kernel: "python3", folder: "a b" }, settings);
    model.on("msg:custom", (message: Record<string, unknown>, buffers: DataView[] = []) => {
      heard.push({ message, buffers });
    });
    Socket.last.accept();
  });
  afterEach(() => {
    model.dispose();
    jest.useRealTimers();
  });

  const opened = (n = 1) => {
    Socket.last.hear({ n, opened: "service", values: { name: "first" } });
  };
  const again = () => {
    jest.runOnlyPendingTimers();
    Socket.last.accept();
  };

  it("says what it wants, and asks when that is opened", () => {
    model.send({ ask: "look", part: "", id: "1", given: {} });
    expect(Socket.last.url).toContain("ws://here/jupyter-deploy/views?kernel=python3&folder=a%20b");
    expect(Socket.last.said).toMatchObject([{ open: "service", given: { name: "diabetes" }, taken: 0 }]);
    opened();
    expect(model.state).toBe("open");
    expect(model.get("values")).toEqual({ name: "first" });
    expect(Socket.last.asked).toEqual(["1"]);
  });

  it("passes on answers and what is told, with the bytes that follow it", () => {
    opened();
    Socket.last.hear({ n: 2, told: "piece", part: "log" }, new Uint8Array([7]).buffer, new Uint8Array([8, 9]).buffer);
    expect(heard.map(({ message }) => message.told)).toEqual(["piece"]);
    expect(heard[0].buffers.map((each) => each.byteLength)).toEqual([1, 2]);
  });

  it("loses nothing and does nothing twice where the socket breaks", () => {
    opened();
    model.send({ ask: "deploy", part: "", id: "7", given: {} });
    Socket.last.hear({ n: 2, told: "said", part: "" });
    Socket.last.breaks();
    expect(model.state).toBe("broken");
    again();
    expect(Socket.last.said).toMatchObject([{ taken: 2 }]);
    expect(Socket.all[1].said[0].view).toBe(Socket.all[0].said[0].view);
    Socket.last.hear({ resumed: true });
    expect(Socket.last.asked).toEqual(["7"]); // the server knows it by its id
    Socket.last.hear({ n: 2, told: "said", part: "" });
    Socket.last.hear({ n: 3, reply: "7", answer: "done" });
    expect(heard.map(({ message }) => message.told ?? message.answer)).toEqual(["said", "done"]);
  });

  it("lets the module look again where those who answer are new, and does not repeat what was asked", () => {
    const looked = jest.fn();
    model.on("again", looked);
    opened();
    model.send({ ask: "deploy", part: "", id: "7", given: {} });
    Socket.last.breaks();
    again();
    opened();
    expect(Socket.last.asked).toEqual([]);
    expect(heard).toMatchObject([
      { message: { reply: "7", error: { remedy: "look at what is there before you do it again" } } },
    ]);
    expect(looked).toHaveBeenCalledTimes(1);
  });

  it("waits longer each time", () => {
    const pauses = jest.spyOn(Math, "random").mockReturnValue(0.5);
    const waits = [0, 1, 2, 3, 4, 5, 6].map(() => {
      const begin = Date.now();
      Socket.last.breaks();
      jest.advanceTimersToNextTimer();
      return Date.now() - begin;
    });
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 15_000, 15_000]);
    pauses.mockRestore();
  });

  it("gives up where it is refused, until it is told to try again", () => {
    Socket.last.hear({ refused: { what: "there is no service diabetes" } });
    Socket.last.breaks(4000);
    expect([model.state, model.fault?.what]).toEqual(["refused", "there is no service diabetes"]);
    jest.runOnlyPendingTimers();
    expect(Socket.all).toHaveLength(1);
    model.retry();
    again();
    opened();
    expect([model.state, model.fault]).toEqual(["open", null]);
  });

  it("says what it has, so that the server can forget it", () => {
    opened();
    Socket.last.hear({ n: 2, told: "said", part: "" });
    jest.runOnlyPendingTimers();
    expect(Socket.last.said.at(-1)).toEqual({ taken: 2 });
  });

  it("keeps what was typed, and tells the server when it is closed", () => {
    opened();
    model.send({ ask: "typed", part: "", id: "1", given: { values: { name: "typed" } } });
    expect(model.get("values")).toEqual({ name: "typed" });
    model.dispose();
    expect(Socket.last.closedWith).toBe(1000);
  });
});
