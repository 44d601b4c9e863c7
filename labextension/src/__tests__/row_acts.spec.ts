import { nullTranslator } from "@jupyterlab/translation";

import { rowActs } from "../row_acts";
import { modelRow, operationRow, serviceRow } from "./documents";

const ACTS = rowActs(nullTranslator.load("jupyter_deploy_models"));

function offered(row: Parameters<typeof serviceRow>[0]): string[] {
  const made = serviceRow(row);
  return ACTS.services
    .filter(({ fits }) => fits?.(made) ?? true)
    .map(({ label, hindrance }) => [label, hindrance?.(made)].filter(Boolean).join(": "));
}

describe("what is offered for a service", () => {
  it("suits its state", () => {
    expect(offered({})).toEqual(["Restart", "Stop", "Delete…"]);
    expect(offered({ canRollBack: true })).toContain("Roll back");
    expect(offered({ state: "Stopped" })).toEqual(["Start", "Delete…"]);
  });

  it("waits while an operation is under way, but for its end", () => {
    expect(offered({ operation: "1" })).toEqual([
      "Restart: an operation is under way",
      "Stop: an operation is under way",
      "Cancel what is under way",
      "Delete…",
    ]);
  });

  it("is nothing where it belongs to another workspace folder", () => {
    expect(offered({ isElsewhere: true })).toEqual([]);
  });

  it("is what the server is told", () => {
    expect(ACTS.services.map(({ action }) => action(serviceRow({ name: "a" })))).toEqual(
      ["rollback", "restart", "stop", "start", "cancel", "delete"].map((action) => ({ action, service: "a" })),
    );
  });
});

it("a model that is used cannot be deleted, and it is said by whom", () => {
  const [deletion] = ACTS.models;
  expect(deletion.hindrance?.(modelRow({ usedBy: ["a", "b"] }))).toBe("used by a, b");
  expect(deletion.hindrance?.(modelRow())).toBe("");
  expect(deletion.action(modelRow())).toEqual({ action: "delete", model: "diabetes:1" });
});

it("an operation is cancelled by its service, while it runs", () => {
  const [cancel] = ACTS.operations;
  expect(cancel.fits?.(operationRow({ state: "Failed" }))).toBe(false);
  expect(cancel.action(operationRow())).toEqual({ action: "cancel", service: "diabetes-service" });
});
