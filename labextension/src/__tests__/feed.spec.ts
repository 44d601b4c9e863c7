import { type Connection, Feed } from "../feed";
import { modelRow, snapshot } from "./documents";
import { FakeServer, pause, until } from "./fake_server";

const PAUSES = { first: 1, longest: 5, silence: 200 };

function started(server: FakeServer, pauses = PAUSES) {
  const told: string[] = [];
  const connections: Connection[] = [];
  const feed = new Feed(
    {
      onSnapshot: ({ rows }) => told.push(`snapshot of ${rows.models.length}`),
      onChanges: ({ changed }) => told.push(`changes of ${changed.models.length}`),
      onConnection: (connection) => connections.push(connection),
    },
    server.settings,
    pauses,
  );
  feed.open();
  return { feed, told, connections };
}

describe("the feed", () => {
  it("goes on after the last event when the connection breaks", async () => {
    const server = new FakeServer();
    const { feed, told } = started(server);
    const first = await server.connection(1);
    expect(first.request.headers.get("Last-Event-ID")).toBeNull();
    first.send("snapshot", snapshot({ models: [modelRow()] }), "7-1");
    await until(() => told.length === 1);
    first.end();
    const second = await server.connection(2);
    expect(second.request.headers.get("Last-Event-ID")).toBe("7-1");
    second.send("changes", { changed: snapshot().rows, gone: {}, problems: [] }, "7-2");
    await until(() => told.length === 2);
    expect(told).toEqual(["snapshot of 1", "changes of 0"]);
    feed.dispose();
  });

  it("says why it is not connected, and comes back", async () => {
    const server = new FakeServer();
    server.refusal = { status: 503, document: { error: { what: "the workspace is locked" } } };
    const { feed, connections } = started(server);
    await until(() => connections.some(({ state }) => state === "lost"));
    expect(connections.find((one) => one.state === "lost")).toMatchObject({
      error: { what: "the workspace is locked" },
    });
    server.refusal = null;
    (await server.connection(1)).send("snapshot", snapshot());
    await until(() => connections.at(-1)?.state === "open");
    feed.dispose();
  });

  it("takes a server that says nothing any more for dead", async () => {
    const server = new FakeServer();
    const { feed } = started(server);
    (await server.connection(1)).send("snapshot", snapshot());
    await server.connection(2);
    feed.dispose();
  });

  it("is quiet once it is closed", async () => {
    const server = new FakeServer();
    const { feed, told } = started(server);
    const connection = await server.connection(1);
    feed.close();
    expect(connection.request.signal.aborted).toBe(true);
    feed.open();
    await server.connection(2);
    expect(told).toEqual([]);
    feed.dispose();
  });

  it("is quiet, too, where it is closed between two attempts", async () => {
    const server = new FakeServer();
    server.refusal = { status: 503, document: { error: { what: "the workspace is locked" } } };
    const { feed, connections } = started(server, { ...PAUSES, first: 60_000 });
    await until(() => connections.at(-1)?.state === "lost");
    server.refusal = null;
    feed.close();
    await pause(50);
    expect(server.connections).toHaveLength(0);
    feed.dispose();
  });
});
