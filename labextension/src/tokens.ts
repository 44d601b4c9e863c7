import { type TranslationBundle } from "@jupyterlab/translation";
import { Token } from "@lumino/coreutils";

/** The name of the extension, with which the ids of its plugins begin. */
export const NAME = "jupyter-deploy-models";

/** Every text of the interface, in the reader's language: `texts.__("Services")`. */
export type ITexts = TranslationBundle;

/** Who needs texts requires this. */
export const ITexts = new Token<ITexts>(`${NAME}:ITexts`, "The texts of deployed models in the reader's language.");
