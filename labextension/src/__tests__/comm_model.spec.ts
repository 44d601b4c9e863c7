import { Signal } from "@lumino/signaling";

import { CommModel } from "../comm_model";

type Handler = (message: { content: { data: Record<string, unknown> }; buffers: ArrayBuffer[] }) => void;

class FakeComm {
  onMsg: Handler = jest.fn();
  onClose: () => void = jest.fn();
  isDisposed = false;
  open = jest.fn();
  send = jest.fn();
  close = jest.fn();

  hear(data: Record<string, unknown>, ...buffers: ArrayBuffer[]): void {
    this.onMsg({ content: { data }, buffers });
  }
}

/** A notebook's session with a kernel that answers `reply` to what is run in it. */
function session(reply: object = { status: "ok" }) {
  const comms: FakeComm[] = [];
  const kernel = {
    createComm: jest.fn(() => {
      comms.push(new FakeComm());
      return comms.at(-1);
    }),
    requestExecute: jest.fn(() => ({ done: Promise.resolve({ content: reply }) })),
  };
  const owner = {};
  const made = {
    session: { kernel } as { kernel: unknown } | null,
    statusChanged: new Signal<object, string>(owner),
    kernelChanged: new Signal<object, { newValue: unknown }>(owner),
  };
  return { comms, kernel, made };
}

describe("the model of a view over a notebook's kernel", () => {
  const opening = { kind: "deploy", given: { script: "score.py" } } as const;
  const flush = () => new Promise((resolve) => setTimeout(resolve));

  it("opens a comm, asks and hears", () => {
    const { comms, kernel, made } = session();
    const model = new CommModel(made as never, opening);
    const heard = jest.fn();
    model.on("msg:custom", heard);
    expect(kernel.createComm).toHaveBeenCalledWith("jupyter_deploy.view");
    expect(comms[0].open).toHaveBeenCalledWith({ open: "deploy", given: { script: "score.py" } });
    comms[0].hear({ opened: "deploy", values: { name: "a" } });
    expect([model.state, model.get("values")]).toEqual(["open", { name: "a" }]);
    model.send({ ask: "offers", part: "", id: "1", given: {} });
    expect(comms[0].send).toHaveBeenCalledWith({ ask: "offers", part: "", id: "1", given: {} });
    comms[0].hear({ reply: "1", answer: 2 }, new ArrayBuffer(3));
    expect(heard).toHaveBeenCalledWith({ reply: "1", answer: 2 }, [expect.any(DataView)]);
    model.dispose();
    expect(comms[0].close).toHaveBeenCalled();
  });

  it("loads the extension into a kernel that does not know the comm, once", async () => {
    const { comms, kernel, made } = session();
    const model = new CommModel(made as never, opening);
    comms[0].onClose();
    await flush();
    expect(kernel.requestExecute).toHaveBeenCalledWith({
      code: "%load_ext jupyter_deploy",
      silent: true,
      store_history: false,
    });
    comms[1].hear({ opened: "deploy", values: {} });
    expect(model.state).toBe("open");
    expect(kernel.requestExecute).toHaveBeenCalledTimes(1);
    model.dispose();
  });

  it("says where the kernel has no jupyter_deploy, and what to do", async () => {
    const { comms, made } = session({
      status: "error",
      ename: "ModuleNotFoundError",
      evalue: "No module named 'jupyter_deploy'",
    });
    const model = new CommModel(made as never, opening);
    comms[0].onClose();
    await flush();
    expect(model.state).toBe("refused");
    expect(model.fault?.what).toBe("the kernel of the notebook has no jupyter_deploy");
    expect(model.fault?.why).toContain("ModuleNotFoundError");
    expect(model.fault?.remedy).toContain("%pip install jupyter-deploy-models");
    model.dispose();
  });

  it("goes on after a restart of the kernel, and does nothing twice", () => {
    const { comms, made } = session();
    const model = new CommModel(made as never, opening);
    const heard = jest.fn();
    const again = jest.fn();
    model.on("msg:custom", heard);
    model.on("again", again);
    comms[0].hear({ opened: "deploy", values: {} });
    model.send({ ask: "deploy", part: "", id: "1", given: { values: { name: "typed" } } });
    made.statusChanged.emit("restarting");
    expect(model.state).toBe("broken");
    made.statusChanged.emit("idle");
    comms[1].hear({ opened: "deploy", values: {} });
    expect(comms[1].send).not.toHaveBeenCalled();
    expect(heard).toHaveBeenCalledWith(
      {
        reply: "1",
        error: expect.objectContaining({ what: "the kernel was restarted before this was answered" }) as unknown,
      },
      [],
    );
    expect(again).toHaveBeenCalledTimes(1);
    expect(model.get("values")).toEqual({ name: "typed" });
    model.dispose();
  });

  it("says that there is no kernel, and looks again when it is told to", () => {
    const { comms, kernel, made } = session();
    made.session = null;
    const model = new CommModel(made as never, opening);
    expect([model.state, model.fault?.what]).toEqual(["refused", "the notebook has no kernel"]);
    made.session = { kernel };
    model.retry();
    comms[0].hear({ opened: "deploy", values: {} });
    expect(model.state).toBe("open");
    model.dispose();
  });
});
