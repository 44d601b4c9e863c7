import { type ISessionContext } from "@jupyterlab/apputils";
import { type Kernel, type KernelMessage } from "@jupyterlab/services";

import { type Fault, FrontEndModel, type Message } from "./front_end_model";
import { type Opening } from "./view_model";

const TARGET = "jupyter_deploy.view";
const LOAD = "%load_ext jupyter_deploy"; // registers the target; all that is ever run in a user's kernel

/** The model of a view that the kernel of a notebook answers for, which knows the notebook's variables. */
export class CommModel extends FrontEndModel {
  private comm: Kernel.IComm | null = null;

  /**
   * @param session of the notebook. @param opening what is opened.
   */
  constructor(
    private readonly session: ISessionContext,
    private readonly opening: Pick<Opening, "kind" | "given">,
  ) {
    super();
    session.statusChanged.connect(this.onStatus);
    session.kernelChanged.connect(this.onKernel);
    this.connect();
  }

  override retry(): void {
    this.fault = null;
    this.reopen();
  }

  override dispose(): void {
    const comm = this.comm;
    this.comm = null;
    if (comm && !comm.isDisposed) comm.close();
    this.session.statusChanged.disconnect(this.onStatus);
    this.session.kernelChanged.disconnect(this.onKernel);
    super.dispose();
  }

  protected override say(message: Message): void {
    this.comm?.send(message as never);
  }

  private connect(isLoaded = false): void {
    const kernel = this.session.session?.kernel;
    if (!kernel) {
      this.refuse({ what: "the notebook has no kernel", remedy: "start one, or choose another kernel above" });
      return;
    }
    const comm = kernel.createComm(TARGET);
    const { kind: open, given } = this.opening;
    comm.onMsg = ({ content, buffers }) => {
      if (comm === this.comm) this.receive(content.data, views(buffers));
    };
    comm.onClose = () => {
      if (comm !== this.comm) return;
      this.comm = null;
      if (this.state === "opening" && !isLoaded) void this.load(kernel);
      else this.refuse({ what: "the kernel of the notebook does not answer for this view any more" });
    };
    this.comm = comm;
    comm.open({ open, given } as never);
  }

  private receive(message: Message, buffers: DataView[]): void {
    if (message.refused) {
      this.comm = null;
      this.refuse(message.refused as Fault);
    } else if (message.opened) {
      this.begin(message.values);
    } else {
      this.hear(message, buffers);
    }
  }

  /** Load the extension into a kernel that does not know what is to be opened. */
  private async load(kernel: Kernel.IKernelConnection): Promise<void> {
    const { content } = await kernel.requestExecute({ code: LOAD, silent: true, store_history: false }).done;
    if (this.isDisposed) return;
    if (content.status === "ok") this.connect(true);
    else this.refuse(missing(content));
  }

  private refuse(fault: Fault): void {
    this.become("refused", fault);
  }

  private readonly onStatus = (_: ISessionContext, status: Kernel.Status): void => {
    if (["restarting", "autorestarting", "dead", "terminating"].includes(status)) this.lost();
    else if (status === "idle" && this.state === "broken") this.reopen();
  };

  private readonly onKernel = (
    _: ISessionContext,
    { newValue }: { newValue: Kernel.IKernelConnection | null },
  ): void => {
    this.lost();
    if (newValue) this.reopen();
  };

  private reopen(): void {
    this.become("opening");
    this.connect();
  }

  private lost(): void {
    this.comm = null;
    this.become("broken", {
      what: "the kernel was restarted before this was answered",
      remedy: "look at what is there",
    });
  }
}

/** Why a kernel cannot answer for a view. */
function missing(reply: KernelMessage.IExecuteReplyMsg["content"]): Fault {
  const said = "ename" in reply ? `${reply.ename}: ${reply.evalue}` : reply.status;
  return {
    what: "the kernel of the notebook has no jupyter_deploy",
    why: said,
    remedy: "run %pip install jupyter-deploy-models in the notebook, or choose another kernel above",
  };
}

function views(buffers: (ArrayBuffer | ArrayBufferView)[] = []): DataView[] {
  return buffers.map((each) =>
    each instanceof ArrayBuffer ? new DataView(each) : new DataView(each.buffer, each.byteOffset, each.byteLength),
  );
}
