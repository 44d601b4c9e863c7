/// <reference types="node" />
import { ReadableStream, type ReadableStreamDefaultController } from "node:stream/web";

import { ServerConnection } from "@jupyterlab/services";

interface Connection {
  request: Request;
  send: (event: string, document: object, id?: string) => void;
  end: () => void;
}

/** A server whose events a test writes; each connection of a client is kept. */
export class FakeServer {
  readonly connections: Connection[] = [];
  /** What the next requests are answered with instead of events. */
  refusal: { status: number; document: object } | null = null;
  readonly settings = ServerConnection.makeSettings({
    fetch: (request) => Promise.resolve(this.answer(request as Request)),
  });

  /** The newest connection, when there are so many of them. */
  async connection(count: number): Promise<Connection> {
    while (this.connections.length < count) await pause();
    return this.connections[count - 1];
  }

  private answer(request: Request): Response {
    if (this.refusal) return new Response(JSON.stringify(this.refusal.document), { status: this.refusal.status });
    const encoder = new TextEncoder();
    let sink!: ReadableStreamDefaultController<Uint8Array>;
    const body = new ReadableStream<Uint8Array>({ start: (made) => (sink = made) });
    request.signal.addEventListener("abort", () => {
      sink.error(new Error("aborted"));
    });
    this.connections.push({
      request,
      send: (event, document, id = "1") => {
        sink.enqueue(encoder.encode(`event: ${event}\nid: ${id}\ndata: ${JSON.stringify(document)}\n\n`));
      },
      end: () => {
        sink.close();
      },
    });
    return new Response(body as unknown as BodyInit, { headers: { "Content-Type": "text/event-stream" } });
  }
}

/** Let others go on. */
export function pause(milliseconds = 0): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Wait until something is so. */
export async function until(isSo: () => boolean): Promise<void> {
  for (let turn = 0; turn < 400; turn += 1) {
    if (isSo()) return;
    await pause(5);
  }
  throw new Error(`never: ${isSo.toString()}`);
}
