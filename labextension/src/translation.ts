import { type JupyterFrontEndPlugin } from "@jupyterlab/application";
import { ITranslator, nullTranslator, type TranslationBundle } from "@jupyterlab/translation";

import { translate } from "../../jupyter_deploy/widgets/dom.js";
import { ITexts, NAME } from "./tokens";

/** The catalogue of JupyterLab's language, which is `jupyter_deploy/locale/…/jupyter_deploy_models.json` on the server. */
const DOMAIN = "jupyter_deploy_models";

/** Provides the texts, and gives the same ones to the widgets' modules. */
export const translation: JupyterFrontEndPlugin<ITexts> = {
  id: `${NAME}:translation`,
  description: "The texts of deployed models in JupyterLab's language.",
  autoStart: true,
  optional: [ITranslator],
  provides: ITexts,
  activate: (_, translator: ITranslator | null) => {
    const texts = (translator ?? nullTranslator).load(DOMAIN);
    translate(catalogue(texts));
    return texts;
  },
};

/** What the widgets look their texts up in. */
export function catalogue(texts: TranslationBundle): Record<string, string> {
  return new Proxy({}, { get: (_, text) => (typeof text === "string" ? texts.__(text) : undefined) });
}
