// JSON that keeps the digits of its numbers: 1.0 stays 1.0, and a large integer is not rounded.

const WIDE = 100; // characters of a list or object that stays on one line

/** A number that JavaScript would write with other digits. */
export class Exact {
  constructor(source) {
    this.source = source;
  }
  toString() {
    return this.source;
  }
}

/** Read JSON; numbers keep their digits where the browser tells them. */
export const read = (text) =>
  JSON.parse(text, (_key, value, context) =>
    typeof value === "number" && context?.source && context.source !== String(value) ? new Exact(context.source) : value);

/** Write JSON for people: what is short stays on one line. */
export function write(value, indent = "") {
  if (value instanceof Exact) return value.source;
  if (value === null || typeof value !== "object") return JSON.stringify(value) ?? "null";
  const deeper = `${indent} `;
  const isList = Array.isArray(value);
  const parts = isList
    ? value.map((item) => write(item, deeper))
    : Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${write(item, deeper)}`);
  return join(parts, isList ? "[]" : "{}", indent);
}

/** Put JSON texts into brackets, on one line where there is room. */
export function join(parts, [open, close], indent = "") {
  const length = parts.reduce((sum, part) => sum + part.length + 2, indent.length);
  if (length <= WIDE && !parts.some((part) => part.includes("\n"))) return `${open}${parts.join(", ")}${close}`;
  const deeper = `${indent} `;
  return `${open}\n${parts.map((part) => deeper + part).join(",\n")}\n${indent}${close}`;
}

/** Whether a text is a number in JSON. */
export const isNumber = (text) => /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(text);
