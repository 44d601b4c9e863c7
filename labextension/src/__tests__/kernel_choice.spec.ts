import { ServerConnection } from "@jupyterlab/services";
import { nullTranslator } from "@jupyterlab/translation";

import { KernelChoice, NOTEBOOK } from "../kernel_choice";

const KERNELS = [
  {
    name: "python3",
    title: "Python 3",
    isDefault: true,
    interpreter: "/py",
    python: "3.11",
    version: "1",
    problem: "",
    remedy: "",
  },
  {
    name: "bare",
    title: "<b>Bare</b>",
    isDefault: false,
    interpreter: "/bare",
    python: "3.12",
    version: "",
    problem: "jupyter_deploy is not installed there",
    remedy: "pip",
  },
];

describe("the choice of a kernel", () => {
  const texts = nullTranslator.load("jupyter_deploy_models");
  const flush = () => new Promise((resolve) => setTimeout(resolve));
  const parts = (choice: KernelChoice) => {
    const select = choice.node.querySelector("select");
    if (!select) throw new Error("there is nothing to choose");
    return { select, said: choice.about.node.textContent };
  };

  beforeEach(() => {
    jest
      .spyOn(ServerConnection, "makeRequest")
      .mockImplementation(() => Promise.resolve(new Response(JSON.stringify(KERNELS))));
  });

  it("says whose packages are taken, and which cannot be used", async () => {
    const choice = new KernelChoice(texts, "");
    await flush();
    const { select, said } = parts(choice);
    expect([...select.options].map((option) => option.label)).toEqual(["Python 3", "<b>Bare</b> (cannot be used)"]);
    expect(said).toBe("What is deployed gets the packages of Python 3.11 in /py.");
    const chosen = jest.fn();
    choice.chosen.connect((_, name) => {
      chosen(name);
    });
    select.value = "bare";
    select.dispatchEvent(new Event("change"));
    expect(chosen).toHaveBeenCalledWith("bare");
    expect(parts(choice).said).toBe("jupyter_deploy is not installed there");
  });

  it("has the notebook's own kernel first, where there is one", async () => {
    const choice = new KernelChoice(texts, NOTEBOOK, "work.ipynb");
    await flush();
    const { select } = parts(choice);
    expect(select.options[0].label).toBe("the kernel of work.ipynb, with its variables");
    expect(select.value).toBe(NOTEBOOK);
  });

  it("says what is wrong where kernels cannot be had", async () => {
    jest
      .spyOn(ServerConnection, "makeRequest")
      .mockResolvedValue(new Response("", { status: 502, statusText: "Bad Gateway" }));
    const choice = new KernelChoice(texts, "gone");
    await flush();
    expect(parts(choice).said).toBe("502 Bad Gateway");
    expect(parts(choice).select.value).toBe("gone");
  });
});
