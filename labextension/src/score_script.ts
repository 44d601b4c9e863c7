const SCORE_SCRIPT = /^\s*%%score_script(?:[ \t]+([^\s-]\S*))?/;
const SCRIPT = "score.py"; // where %%score_script names none

/** The file that the last cell with `%%score_script` writes; empty where there is none. */
export function scriptOf(cells: string[]): string {
  const found = cells
    .map((source) => SCORE_SCRIPT.exec(source))
    .filter((match) => match !== null)
    .at(-1);
  return found ? (found.at(1) ?? SCRIPT) : "";
}
