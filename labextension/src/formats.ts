const UNITS = ["B", "kB", "MB", "GB", "TB"];
const NUMBER = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 3 });
const TIME = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });
const DATE = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/** A number as people read it. */
export function shortNumber(value: number): string {
  return NUMBER.format(value);
}

/** Bytes, in the unit that suits. */
export function size(bytes: number): string {
  const unit = bytes < 1 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), UNITS.length - 1);
  return `${shortNumber(bytes / 1000 ** unit)} ${UNITS[unit]}`;
}

/** A moment in seconds since the epoch: the time where it is today's, else with the date. */
export function moment(seconds: number): string {
  const then = new Date(seconds * 1000);
  return (then.toDateString() === new Date().toDateString() ? TIME : DATE).format(then);
}
