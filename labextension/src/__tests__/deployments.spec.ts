import { Deployments } from "../deployments";
import { modelRow, serviceRow, snapshot, someRows } from "./documents";
import { FakeServer, until } from "./fake_server";

const NONE = { models: [], services: [], computes: [], operations: [] };

function setHidden(isHidden: boolean): void {
  Object.defineProperty(document, "hidden", { value: isHidden, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}

describe("the lists", () => {
  let server: FakeServer;
  let deployments: Deployments;

  beforeEach(() => {
    server = new FakeServer();
    deployments = new Deployments(server.settings);
  });
  afterEach(() => {
    deployments.dispose();
    setHidden(false);
  });

  it("are connected only while somebody holds them and sees the page", async () => {
    expect(deployments.connection.state).toBe("closed");
    const first = deployments.hold();
    const second = deployments.hold();
    await server.connection(1);
    first.dispose();
    expect(deployments.connection.state).not.toBe("closed");
    setHidden(true);
    expect(deployments.connection.state).toBe("closed");
    setHidden(false);
    await server.connection(2);
    second.dispose();
    expect(deployments.connection.state).toBe("closed");
    expect(server.connections).toHaveLength(2);
  });

  it("tell what has changed, and keep what is as before", async () => {
    deployments.hold();
    const told: string[][] = [];
    deployments.changed.connect((_, names) => told.push([...names]));
    const connection = await server.connection(1);
    connection.send("snapshot", snapshot({ models: [modelRow()], services: [serviceRow()] }));
    await until(() => told.length === 1);
    const model = deployments.models.get("diabetes:1");
    connection.send("changes", {
      changed: someRows({ services: [serviceRow({ state: "Failed" }), serviceRow({ name: "other" })] }),
      gone: { ...NONE, services: ["other"] },
      problems: [],
    });
    await until(() => told.length === 2);
    expect(told[1]).toEqual(["services"]);
    expect([...deployments.services.values()].map(({ name, state }) => [name, state])).toEqual([
      ["diabetes-service", "Failed"],
    ]);
    connection.send("snapshot", snapshot({ models: [modelRow()] }));
    await until(() => told.length === 3);
    expect(told[2]).toEqual(["services"]);
    expect(deployments.models.get("diabetes:1")).toBe(model);
  });

  it("tell of problems, though no row has changed", async () => {
    deployments.hold();
    let count = 0;
    deployments.changed.connect(() => (count += 1));
    const connection = await server.connection(1);
    connection.send("snapshot", snapshot());
    const problem = { what: "the workspace is of a newer release", why: "", remedy: "upgrade" };
    connection.send("changes", { changed: someRows(), gone: NONE, problems: [problem] });
    await until(() => count === 2);
    expect(deployments.problems).toEqual([problem]);
  });
});
