// The ES modules of jupyter_deploy/widgets that are imported here, and what they take. They are bundled as they are.

/** Whom a widget's module talks to: in a notebook a model of ipywidgets, here a class of our own. */
interface WidgetModel {
  on(event: string, listener: (content: never, buffers?: DataView[]) => void): void;
  off(event: string, listener: (content: never, buffers?: DataView[]) => void): void;
  send(content: object): void;
  get(name: string): unknown;
  set(name: string, value: unknown): void;
  save_changes(): void;
}

/** What takes a drawn part away. */
type End = () => void;

declare module "*/widgets/dom.js" {
  export type Fact = string | number | boolean | null | undefined | ((event: never) => unknown);
  export type Child = Node | string | null | undefined | false;
  export interface ErrorPlace {
    element: HTMLElement;
    clear: () => void;
    show: (error: unknown) => void;
  }
  export interface TabPage {
    name: string;
    label: string;
    make: (panel: HTMLElement) => void;
    opened?: () => void;
  }

  /** Make an element: `"button.primary"`, its attributes and listeners, and what is in it. Text enters as text only. */
  export function element<Tag extends keyof HTMLElementTagNameMap>(
    kind: Tag | `${Tag}.${string}`,
    facts?: Record<string, Fact>,
    ...children: (Child | Child[])[]
  ): HTMLElementTagNameMap[Tag];
  export function button(
    label: string,
    work: (made: HTMLButtonElement) => unknown,
    facts?: Record<string, Fact>,
  ): HTMLButtonElement;
  export function errorPlace(): ErrorPlace;
  export function busyPlace(): { element: HTMLElement; set: (busy: boolean) => void };
  export function copy(shown: HTMLElement, said: HTMLElement): Promise<void>;
  export function translate(texts: Record<string, string>): void;
  export function t(text: string, values?: Record<string, unknown>): string;
  export function tabs(pages: TabPage[], label: string): { element: HTMLElement; open: (name: string) => void };
}

declare module "*/widgets/service_panel.js" {
  /** What is seen of a service. */
  export interface Overview {
    state: import("./documents").ServiceState;
    target: string;
    version: number | null;
    models: string[];
  }
  export function servicePanel(
    el: HTMLElement,
    model: WidgetModel,
    name: string,
    seen?: (overview: Overview | null) => void,
    first?: string,
  ): End;
}

declare module "*/widgets/log_pane.js" {
  export function logPane(el: HTMLElement, model: WidgetModel, name: string, part: string): End;
}

declare module "*/widgets/test_panel.js" {
  export function testPanel(el: HTMLElement, model: WidgetModel, name: string, part: string): End;
}

declare module "*/widgets/charts.js" {
  export function charts(el: HTMLElement, model: WidgetModel, name: string, part: string): End;
}

declare module "*/widgets/deploy_form.js" {
  export function deployForm(el: HTMLElement, model: WidgetModel, part: string): End;
}

declare module "*/widgets/register_form.js" {
  export function registerForm(el: HTMLElement, model: WidgetModel, part: string): End;
}
