// A histogram of latencies, as SVG.

import { element, t } from "./dom.js";

const WIDTH = 480;
const HEIGHT = 140;
const FOOT = 18;

/** Draw the summary of a repetition: a picture, and its numbers as text. */
export function histogram({ bars = [], p50, p95, p99 }) {
  const most = Math.max(...bars.map(([, , count]) => count), 1);
  const step = WIDTH / bars.length;
  const named = t("Latencies: half of the answers within {p50} ms, 95 % within {p95} ms, 99 % within {p99} ms", { p50: ms(p50), p95: ms(p95), p99: ms(p99) });
  const picture = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT + FOOT}`, role: "img", "aria-label": named, class: "histogram" });
  bars.forEach(([from, to, count], number) => {
    const height = (HEIGHT - 4) * (count / most);
    const bar = svg("rect", { x: number * step + 0.5, y: HEIGHT - height, width: Math.max(step - 1, 1), height });
    const title = svg("title", {});
    title.textContent = t("{from} to {to} ms: {count}", { from: ms(from), to: ms(to), count });
    bar.append(title);
    picture.append(bar);
  });
  picture.append(svg("line", { x1: 0, y1: HEIGHT, x2: WIDTH, y2: HEIGHT }));
  const last = bars.at(-1)?.[1] ?? 0;
  for (const [text, x, anchor] of [[`${ms(bars[0]?.[0] ?? 0)} ms`, 0, "start"], [`${ms(last)} ms`, WIDTH, "end"]]) {
    const label = svg("text", { x, y: HEIGHT + FOOT - 4, "text-anchor": anchor });
    label.textContent = text;
    picture.append(label);
  }
  return element("div", {}, picture);
}

/** Milliseconds with as many digits as say something. */
export const ms = (value) => Number(value.toPrecision(3)).toLocaleString(undefined, { maximumFractionDigits: 2 });

function svg(kind, facts) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", kind);
  for (const [name, value] of Object.entries(facts)) made.setAttribute(name, value);
  return made;
}
