import { Notification } from "@jupyterlab/apputils";
import { nullTranslator } from "@jupyterlab/translation";
import { CommandRegistry } from "@lumino/commands";

import { Deployments } from "../deployments";
import { Notices } from "../notices";
import { StatusItem } from "../status";
import { operationRow, serviceRow, snapshot, someRows } from "./documents";
import { FakeServer, until } from "./fake_server";

const TEXTS = nullTranslator.load("jupyter_deploy_models");
const NONE = { models: [], services: [], computes: [], operations: [] };

describe("notices", () => {
  const opened: unknown[] = [];
  const commands = new CommandRegistry();
  commands.addCommand("jupyter-deploy:open-service", { execute: (given) => opened.push(given) });
  let server: FakeServer;
  let deployments: Deployments;

  const told = () => Notification.manager.notifications.map(({ message, type }) => [type, message]);
  const notices = () => new Notices(deployments, TEXTS, commands);
  const change = (connection: Awaited<ReturnType<FakeServer["connection"]>>, ...operations: object[]) => {
    const changed = someRows({ operations: operations.map(operationRow) });
    connection.send("changes", { changed, gone: NONE, problems: [] });
  };

  beforeEach(() => {
    localStorage.clear();
    Notification.dismiss();
    server = new FakeServer();
    deployments = new Deployments(server.settings);
  });
  afterEach(() => {
    deployments.dispose();
  });

  it("tell of what ends from now on, not of what had ended before, and lead to it", async () => {
    notices().apply({ succeeded: true, failed: true });
    const connection = await server.connection(1);
    connection.send("snapshot", snapshot({ operations: [operationRow({ id: "old", state: "Failed", ended: 5 })] }));
    change(connection, { id: "1" }, { id: "old", state: "Failed", ended: 5, error: "seen" });
    change(connection, { id: "1", state: "Succeeded", ended: 9 });
    change(connection, { id: "2", kind: "update", state: "Failed", ended: 9, error: "init() raised\nTraceback" });
    change(connection, { id: "3", state: "Cancelled", ended: 9 });
    await until(() => told().length === 2);
    expect(told()).toContainEqual(["success", "diabetes-service is deployed."]);
    expect(told()).toContainEqual(["error", "Update diabetes-service: init() raised"]);
    Notification.manager.notifications[0].options.actions?.[0].callback(new MouseEvent("click"));
    expect(opened).toEqual([{ name: "diabetes-service", page: "log" }]);
  });

  it("tell once, though two windows of a browser listen", async () => {
    notices().apply({ succeeded: true, failed: true });
    notices().apply({ succeeded: true, failed: true });
    const connection = await server.connection(1);
    connection.send("snapshot", snapshot());
    change(connection, { state: "Succeeded", ended: 9 });
    await until(() => deployments.operations.size === 1);
    expect(told()).toHaveLength(1);
  });

  it("need no connection where none is wanted, and tell only of what is", async () => {
    const made = notices();
    made.apply({ succeeded: false, failed: false });
    expect(deployments.connection.state).toBe("closed");
    made.apply({ succeeded: false, failed: true });
    const connection = await server.connection(1);
    connection.send("snapshot", snapshot());
    change(connection, { state: "Succeeded", ended: 9 });
    await until(() => deployments.operations.size === 1);
    expect(told()).toEqual([]);
  });
});

it("the status item counts what runs and what has failed", async () => {
  const server = new FakeServer();
  const deployments = new Deployments(server.settings);
  const item = new StatusItem(deployments, TEXTS, new CommandRegistry());
  const hold = deployments.hold();
  const services = [
    serviceRow(),
    serviceRow({ name: "b", state: "Failed" }),
    serviceRow({ name: "c", state: "Stopped" }),
  ];
  (await server.connection(1)).send("snapshot", snapshot({ services }));
  const button = () => item.node.querySelector("button")?.getAttribute("aria-label");
  await until(() => button() === "1 service runs, 1 has failed");
  hold.dispose();
  item.dispose();
  deployments.dispose();
});
