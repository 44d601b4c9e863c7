import { Dialog, Notification, showDialog } from "@jupyterlab/apputils";
import { Widget } from "@lumino/widgets";

import { errorPlace } from "../../jupyter_deploy/widgets/dom.js";
import { type ITexts } from "./tokens";

/** Tell what went wrong: the cause at once, and why and what to do when asked. */
export function tellTrouble(error: unknown, texts: ITexts): void {
  const { what, why, remedy } = error as { what?: string; why?: string; remedy?: string };
  const cause = what ?? texts.__("The Jupyter server cannot be reached.");
  const details = { label: texts.__("Details"), callback: () => void showTrouble(error, texts) };
  Notification.error(cause, { autoClose: false, actions: why || remedy ? [details] : [] });
}

async function showTrouble(error: unknown, texts: ITexts): Promise<void> {
  const place = errorPlace();
  place.show(error);
  const body = new Widget({ node: place.element });
  body.addClass("jupyter-deploy");
  await showDialog({
    title: texts.__("What went wrong"),
    body,
    buttons: [Dialog.okButton({ label: texts.__("Close") })],
  });
}
