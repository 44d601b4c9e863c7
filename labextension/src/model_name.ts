import { PathExt } from "@jupyterlab/coreutils";

/** A name for the model in a file, as far as its own suits: letters, digits, `-`, `.` and `_`, of which the first two begin it. */
export function modelName(file: string): string {
  const stem = PathExt.basename(file, PathExt.extname(file));
  return stem.replace(/[^A-Za-z0-9._-]+/g, "-").replace(/^[^A-Za-z0-9]+/, "");
}
