// One chart of lines over time, drawn with SVG elements; what it shows can be read as text beside it.

import { element, t } from "./dom.js";

const HEIGHT = 130;
const EDGE = { left: 48, right: 8, top: 6, bottom: 18 };
const SHORTEST = 60; // seconds that an axis shows at least

/** Make an element of a drawing. */
function shape(tag, facts = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(facts)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** A value to three digits; a dash for none. */
export const number = (value) => (value === null || value === undefined ? "–" : value.toLocaleString(undefined, { maximumSignificantDigits: 3 }));

/** How long ago, on an axis. */
function ago(seconds) {
  if (seconds < 1) return t("now");
  return seconds % 60 ? t("−{count} s", { count: seconds }) : t("−{count} min", { count: seconds / 60 });
}

/** The distance between the marks of an axis: 1, 2 or 5 of some power of ten. */
function step(most, count = 3) {
  const rough = most / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].map((times) => power * times).find((one) => one >= rough * 0.999);
}

/**
 * Make a chart.
 *
 * @param chart `{title, unit, lines}`, names of its lines.
 * @param onLook told the time that a pointer is at, and null when it has left.
 * @returns `element`, and `draw(times, lines, {period, window, at})`, where `lines` has the values of each line and `at` is the index that is looked at.
 */
export function plot(chart, onLook) {
  const canvas = shape("svg", { class: "canvas", height: HEIGHT, "aria-hidden": "true" }); // the table and the legend are its text
  const values = chart.lines.map(() => element("span.value"));
  const legend = element("ul.legend", {}, chart.lines.map((label, index) =>
    element("li", {}, shape("svg", { width: 22, height: 10, "aria-hidden": "true" }, shape("line", { x1: 1, x2: 21, y1: 5, y2: 5, class: `line${index}` })),
      t(label), " ", values[index])));
  const made = element("figure.plot", {}, element("figcaption", {}, element("b", {}, t(chart.title)), ` (${t(chart.unit)})`), legend, canvas);
  let scale = null;

  canvas.addEventListener("pointermove", (event) => scale && onLook(scale.timeAt(event.clientX - canvas.getBoundingClientRect().left)));
  canvas.addEventListener("pointerleave", () => onLook(null));

  function draw(times, lines, { period, window, at }) {
    const width = Math.max(160, canvas.clientWidth || 300);
    const end = times.at(-1);
    const span = Math.min(window, Math.max(SHORTEST, end - times[0]));
    const most = Math.max(0, ...lines.flat().filter((value) => value !== null)) || 1;
    const gap = step(most);
    const top = gap * Math.ceil(most / gap - 1e-9);
    const inner = { width: width - EDGE.left - EDGE.right, height: HEIGHT - EDGE.top - EDGE.bottom };
    scale = {
      x: (time) => EDGE.left + inner.width * (1 - (end - time) / span),
      y: (value) => EDGE.top + inner.height * (1 - value / top),
      timeAt: (x) => end - span * (1 - (x - EDGE.left) / inner.width),
    };
    const seen = at ?? times.length - 1;
    canvas.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
    canvas.replaceChildren(
      ...rows(gap, top, width), ...columns(end, span, width),
      ...lines.map((line, index) => shape("path", { class: `line${index}`, d: path(times, line, period) })),
      ...(at === null ? [] : cursor(times[at], lines.map((line) => line[at]))),
    );
    values.forEach((place, index) => (place.textContent = number(lines[index][seen])));
  }

  function rows(gap, top, width) {
    const marks = Array.from({ length: Math.round(top / gap) + 1 }, (_, count) => count * gap);
    return marks.flatMap((mark) => [
      shape("line", { class: "grid", x1: EDGE.left, x2: width - EDGE.right, y1: scale.y(mark), y2: scale.y(mark) }),
      shape("text", { x: EDGE.left - 5, y: scale.y(mark) + 4, "text-anchor": "end" }, number(mark)),
    ]);
  }

  function columns(end, span, width) {
    const gap = span <= 120 ? 30 : span <= 360 ? 60 : 300;
    const marks = Array.from({ length: Math.floor(span / gap) + 1 }, (_, count) => count * gap);
    return marks.map((mark) => {
      const x = scale.x(end - mark);
      const anchor = mark === 0 ? "end" : x < EDGE.left + 20 ? "start" : "middle";
      return shape("text", { x: mark === 0 ? width - EDGE.right : x, y: HEIGHT - 4, "text-anchor": anchor }, ago(mark));
    });
  }

  /** A line through the values; where one is missing there is a gap, and one that stands alone is a dot. */
  function path(times, line, period) {
    let before = -Infinity;
    return line.map((value, index) => {
      if (value === null) {
        before = -Infinity;
        return "";
      }
      const place = `${scale.x(times[index]).toFixed(1)} ${scale.y(value).toFixed(1)}`;
      const isNext = times[index] - before < 3 * period;
      before = times[index];
      return isNext ? `L${place}` : `M${place}h0`;
    }).join("");
  }

  function cursor(time, found) {
    const x = scale.x(time);
    return [
      shape("line", { class: "cursor", x1: x, x2: x, y1: EDGE.top, y2: HEIGHT - EDGE.bottom }),
      ...found.flatMap((value, index) => (value === null ? [] : [shape("circle", { class: `dot${index}`, cx: x, cy: scale.y(value), r: 3 })])),
    ];
  }

  return { element: made, draw };
}
