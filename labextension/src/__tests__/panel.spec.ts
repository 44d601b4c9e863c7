import { nullTranslator } from "@jupyterlab/translation";
import { ServerConnection } from "@jupyterlab/services";

import { DeployPanel } from "../panel";

function answer(status: number, document: object): void {
  jest.spyOn(ServerConnection, "makeRequest").mockResolvedValue(new Response(JSON.stringify(document), { status }));
}

describe("the panel", () => {
  const panel = new DeployPanel(nullTranslator.load("jupyter_deploy_models"));

  it("lists services, and shows their names as text", async () => {
    answer(200, [{ name: "<b>diabetes</b>", state: "Healthy", target: "process", url: "" }]);
    await panel.look();
    expect(panel.node.querySelector("li")?.textContent).toBe("<b>diabetes</b>: Healthy (process)");
  });

  it("says what the server refuses with", async () => {
    answer(409, { error: { what: "the workspace is of a newer release", why: "", remedy: "upgrade" } });
    await panel.look();
    expect(panel.node.querySelector("[role=alert]")?.textContent).toBe("the workspace is of a newer releaseupgrade");
  });
});
