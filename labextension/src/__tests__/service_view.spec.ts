import { ServiceView } from "../service_view";

class SilentModel implements WidgetModel {
  readonly listeners = new Set<unknown>();
  on = (_: string, listener: unknown) => this.listeners.add(listener);
  off = (_: string, listener: unknown) => this.listeners.delete(listener);
  send = jest.fn();
  get = () => undefined;
  set = () => undefined;
  save_changes = () => undefined;
}

it("draws the widgets' panel, which asks its model, and lets go of it at the end", () => {
  const model = new SilentModel();
  const view = new ServiceView(model, "diabetes");
  expect(view.node.querySelector("section")?.getAttribute("aria-label")).toBe("Service diabetes");
  expect(model.send).toHaveBeenCalledWith(expect.objectContaining({ ask: "look", part: "" }));
  view.dispose();
  expect(model.listeners.size).toBe(0);
});
