import { Notification } from "@jupyterlab/apputils";
import { nullTranslator } from "@jupyterlab/translation";
import { CommandRegistry } from "@lumino/commands";

import { DEPLOY, INSERT_CODE, OPEN_SERVICE } from "../commands";
import { modelName } from "../model_name";
import { Outcomes } from "../outcomes";
import { scriptOf } from "../score_script";

describe("the script of a notebook", () => {
  it.each([
    [["x = 1"], ""],
    [["%%score_script\ndef run(data): ..."], "score.py"],
    [["%%score_script other.py --models tiny\n"], "other.py"],
    [["%%score_script --models tiny\n"], "score.py"],
    [["%%score_script first.py\n", "\n  %%score_script second.py", "y = 2"], "second.py"],
    [["# %%score_script no.py"], ""],
  ])("of %j is %j", (cells, script) => {
    expect(scriptOf(cells)).toBe(script);
  });
});

describe("the name that a file gives to a model", () => {
  it.each([
    ["model.pkl", "model"],
    ["my model (2).tar.gz", "my-model-2-.tar"],
    [".hidden", "hidden"],
    ["<b>é.onnx", "b-"],
  ])("of %j is %j", (file, name) => {
    expect(modelName(file)).toBe(name);
  });
});

describe("what comes after a form", () => {
  const texts = nullTranslator.load("jupyter_deploy_models");
  const opening = { kind: "deploy", given: {}, kernel: "@notebook", folder: "work" } as const;
  let done: [string, unknown][];
  let actions: Notification.IAction[];

  const outcomes = (hasNotebook: boolean) => {
    const commands = new CommandRegistry();
    for (const id of [OPEN_SERVICE, DEPLOY, INSERT_CODE]) {
      commands.addCommand(id, {
        isEnabled: () => id !== INSERT_CODE || hasNotebook,
        execute: (args) => done.push([id, args]),
      });
    }
    return new Outcomes(texts, commands);
  };
  const press = (label: string) => {
    actions.find((action) => action.label === label)?.callback(new MouseEvent("click"));
  };

  beforeEach(() => {
    done = [];
    jest.spyOn(Notification, "success").mockImplementation((_, options) => {
      actions = [...(options?.actions ?? [])];
      return "";
    });
  });

  it("shows the service of a deployment, and offers its code for the notebook", () => {
    outcomes(true).tell({ told: "deployed", service: "svc", line: "%deploy svc", python: "Model.deploy()" }, opening);
    expect(done).toEqual([[OPEN_SERVICE, { name: "svc", kernel: "", folder: "work" }]]);
    press("Insert the line");
    press("Insert Python");
    expect(done.slice(1)).toEqual([
      [INSERT_CODE, { code: "%deploy svc" }],
      [INSERT_CODE, { code: "Model.deploy()" }],
    ]);
  });

  it("offers to deploy what was registered; code only where there is a notebook", () => {
    outcomes(false).tell(
      { told: "registered", model: "tiny:1", line: "%register_model tiny.txt --name tiny" },
      opening,
    );
    expect(actions.map(({ label }) => label)).toEqual(["Deploy it…"]);
    press("Deploy it…");
    expect(done).toEqual([[DEPLOY, { given: { models: ["tiny:1"] }, kernel: "", folder: "work" }]]);
  });

  it("takes no notice of anything else", () => {
    outcomes(true).tell({ told: "said", line: "12 MB" }, opening);
    expect(done).toEqual([]);
  });
});
