import { nullTranslator } from "@jupyterlab/translation";
import { CommandRegistry } from "@lumino/commands";
import { Widget } from "@lumino/widgets";

import { Deployments } from "../deployments";
import { type Arrangement, DeployPanel } from "../deploy_panel";
import { computeRow, modelRow, operationRow, serviceRow, snapshot, someRows } from "./documents";
import { FakeServer, until } from "./fake_server";

const NONE = { models: [], services: [], computes: [], operations: [] };

describe("the panel", () => {
  const opened: unknown[] = [];
  let server: FakeServer;
  let deployments: Deployments;
  let panel: DeployPanel;

  beforeEach(() => {
    opened.length = 0;
    server = new FakeServer();
    deployments = new Deployments(server.settings);
    const commands = new CommandRegistry();
    commands.addCommand("jupyter-deploy:open-row", { execute: (given) => opened.push(given) });
    panel = new DeployPanel(deployments, nullTranslator.load("jupyter_deploy_models"), commands);
    Widget.attach(panel, document.body);
  });
  afterEach(() => {
    panel.dispose();
    deployments.dispose();
  });

  const rows = (list: string) => [...panel.node.querySelectorAll<HTMLElement>(`[data-list=${list}] [role=treeitem]`)];
  const names = (list: string) => rows(list).map((row) => row.querySelector(".jp-DeployPanel-name")?.textContent);

  const search = (text: string) => {
    for (const input of panel.node.querySelectorAll("input")) {
      input.value = text;
      input.dispatchEvent(new Event("input"));
    }
  };

  it("shows every list in order, names and tags as text", async () => {
    panel.open("computes");
    const connection = await server.connection(1);
    connection.send(
      "snapshot",
      snapshot({
        models: [
          modelRow({ version: 2 }),
          modelRow({ version: 10, tags: { a: "<b>x</b>" } }),
          modelRow({ name: "<i>a" }),
        ],
        services: [serviceRow({ requestsPerSecond: 12.34 })],
        computes: [
          computeRow({
            room: { nodes: 1, cpus: 8, cpu: 8, memoryInGB: 32, freeCpu: 3.5, freeMemoryInGB: 10 },
            services: ["a"],
          }),
        ],
        operations: [operationRow()],
      }),
    );
    await until(() => rows("operations").length === 1 && rows("models").length === 3);
    expect(names("models")).toEqual(["<i>a:1", "diabetes:10", "diabetes:2"]);
    expect(rows("models")[1].textContent).toContain("a=<b>x</b>");
    expect(rows("services")[0].textContent).toContain(
      "process · version 1 · 12.3 requests/s · http://127.0.0.1:8000/score",
    );
    expect(rows("computes")[0].textContent).toContain("3.5 of 8 CPU, 10 of 32 GB free · 1 service");
    expect(rows("operations")[0].textContent).toContain("Deploy diabetes-service");
    expect(panel.node.querySelector("b, i")).toBeNull();
  });

  it("gives a list its share that is opened before the panel has any room, and keeps what the others had", () => {
    const sizes = [0.5, 0.3, 0, 0.2];
    panel.recall({ filter: "", closed: ["computes"], sizes });
    const left: Arrangement[] = [];
    panel.arranged.connect((_, arrangement) => left.push(arrangement));
    panel.open("computes");
    expect(left.at(-1)).toEqual({ filter: "", closed: [], sizes: [0.5, 0.3, 0.25, 0.2] });
  });

  it("draws only the row again that has changed, and leaves the focus where it is", async () => {
    const connection = await server.connection(1);
    connection.send("snapshot", snapshot({ services: [serviceRow(), serviceRow({ name: "other" })] }));
    await until(() => rows("services").length === 2);
    const [first, second] = rows("services");
    const untouched = second.firstElementChild;
    first.focus();
    connection.send("changes", {
      changed: someRows({ services: [serviceRow({ state: "Failed" })] }),
      gone: NONE,
      problems: [],
    });
    await until(() => first.textContent.includes("Failed"));
    expect(document.activeElement).toBe(first);
    expect(rows("services")).toEqual([first, second]);
    expect(second.firstElementChild).toBe(untouched);
    expect(panel.chosen).toEqual({ list: "services", key: "diabetes-service" });
  });

  it("is led by the keyboard, and gives the focus of a row that is gone to the next one", async () => {
    const connection = await server.connection(1);
    connection.send("snapshot", snapshot({ services: ["a", "b", "c"].map((name) => serviceRow({ name })) }));
    await until(() => rows("services").length === 3);
    const press = (key: string) =>
      document.activeElement?.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    rows("services")[0].focus();
    press("ArrowDown");
    press("Enter");
    expect(opened).toEqual([{ list: "services", key: "b" }]);
    connection.send("changes", { changed: someRows(), gone: { ...NONE, services: ["b"] }, problems: [] });
    await until(() => rows("services").length === 2);
    expect((document.activeElement as HTMLElement).dataset.key).toBe("c");
    expect(rows("services").map((row) => row.tabIndex)).toEqual([-1, 0]);
  });

  it("shows what passes the filter, and says what to do where there is nothing", async () => {
    const connection = await server.connection(1);
    connection.send("snapshot", snapshot({ models: [modelRow(), modelRow({ name: "iris" })] }));
    await until(() => rows("models").length === 2);
    search("IRIS scikit");
    await until(() => rows("models").length === 1);
    expect(names("models")).toEqual(["iris:1"]);
    expect(panel.node.textContent).toContain("1/2");
    expect(panel.node.textContent).toContain("%deploy my-service");
  });

  it("shows what is wrong, why, and what to do", async () => {
    const problem = { what: "the workspace is of a newer release", why: "its format is 9", remedy: "upgrade" };
    (await server.connection(1)).send("snapshot", snapshot({}, { problems: [problem] }));
    await until(() => Boolean(panel.node.querySelector(".jp-DeployPanel-problem")));
    expect(panel.node.querySelector("[role=alert]")?.textContent).toBe(
      "the workspace is of a newer releaseits format is 9upgrade",
    );
  });
});
