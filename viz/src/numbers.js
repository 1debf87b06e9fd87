// Arrays as they are looked at: a number, a table in brackets, or a heat map.

import { make } from "./dom.js";
import { exactly, figure, odd, shapeInWords, sizeOf, summary, tableFigures } from "./figures.js";
import { heatMap } from "./heat.js";

const LARGEST = 8; // rows and columns that are written out
const WIDEST = 160; // columns of maps that stand beside each other

// `exact`: with all digits where it is a single number or a small table.
export function showNumbers(numbers, { exact = false, label = "numbers" } = {}) {
  if (!numbers) return make("span", { class: "missing" }, "not kept: its memory was freed");
  const { shape, data } = numbers;
  if (sizeOf(shape) === 0) return make("span", { class: "missing" }, `empty, ${shape.join(" × ")}`);
  if (data === undefined) {
    return make("span", { class: "numbers" }, make("span", { class: "summary" },
      `${shapeInWords(shape)}, too many to be shown: ${summary(numbers)}`));
  }
  if (!shape.length) return single(data, exact);
  if (shape.length > 2) return sliced(numbers, exact, label);
  const columns = shape.length === 1 ? 1 : shape[1];
  return scrolled({ class: exact ? "numbers exact" : columns > 3 ? "numbers wide" : "numbers" }, exact || columns > 2, label,
    plane(data, shape, numbers, exact, label));
}

// What may be too wide for the panel can be scrolled, with the keyboard too.
function scrolled(attributes, wide, label, ...inside) {
  return make("div", { ...attributes, ...(wide ? { tabindex: 0, role: "group", "aria-label": label } : {}) }, inside);
}

// Arrays that are to be seen beside each other, to one scale, so that it is seen how their rows and columns fit: a vector is
// a column.  undefined: they are all small enough to be written, or too wide for that.
export function sideBySide(given) {
  const planes = given.map(({ numbers }) => numbers?.data !== undefined && numbers.shape.length <= 2 && sizeOf(numbers.shape)
    ? [numbers.data].flat(numbers.shape.length ? 1 : 0).map((row) => [row].flat()) : undefined);
  if (planes.includes(undefined)) return undefined;
  const height = Math.max(...planes.map((rows) => rows.length));
  const width = planes.reduce((sum, rows) => sum + rows[0].length, 0);
  if ((height <= LARGEST && planes.every((rows) => rows[0].length <= LARGEST)) || width > WIDEST) return undefined;
  const readout = make("output", { class: "readout", "aria-live": "polite" }, "\u00a0");
  const cell = Math.min(1, 10 / height, 15 / width);
  const isMap = planes.map((rows) => rows.length > 1 || rows[0].length > 1);
  return {
    readout,
    shown: planes.map((rows, i) => isMap[i]
      ? heatMap(rows, { label: given[i].label, column: rows[0].length === 1, cell, readout })
      : single(rows[0][0], false)),
    extents: planes.map((rows, i) => (isMap[i] ? [`${rows.length} × ${rows[0].length}`, range(given[i].numbers)] : [])),
  };
}

function range({ low, high, nan = 0, infinite = 0 }) {
  return [low === undefined ? "" : `${figure(low, 3)} to ${figure(high, 3)}`, ...odd(nan, infinite)].filter(Boolean).join(", ");
}

function single(x, exact) {
  const strange = typeof x === "string" ? " strange" : "";
  return make("span", { class: `number${strange}`, title: exactly(x) }, exact ? exactly(x) : figure(x));
}

// A vector is a column, as in mathematics, while that is not too high.
function plane(data, shape, numbers, exact, label) {
  const rows = shape.length === 1 ? data.map((x) => [x]) : data;
  if (rows.length <= LARGEST && rows[0].length <= LARGEST) {
    return [table(rows, exact, label), oddities(numbers)];
  }
  const map = heatMap(shape.length === 1 ? [data] : data, { label, vector: shape.length === 1 });
  return [map, make("p", { class: "summary" }, `${shapeInWords(shape)}: ${summary(numbers)}`)];
}

function table(rows, exact, label) {
  const write = exact ? exactly : tableFigures(rows.flat());
  const body = rows.map((row) => make("tr", {}, row.map((x) =>
    make("td", { title: exactly(x), class: typeof x === "string" ? "strange" : undefined }, write(x)))));
  return make("table", { class: "matrix", "aria-label": `${label}, ${rows.length} by ${rows[0].length}` }, make("tbody", {}, body));
}

function oddities({ nan = 0, infinite = 0 }) {
  const said = odd(nan, infinite);
  return said.length ? make("p", { class: "summary strange" }, said.join(", ")) : null;
}

// Of an array of three or more axes the last two are shown, and the others chosen.
function sliced(numbers, exact, label) {
  const { shape } = numbers;
  const leading = shape.slice(0, -2);
  const chosen = leading.map(() => 0);
  const shown = make("div", {});
  const show = () => {
    const part = chosen.reduce((data, i) => data[i], numbers.data);
    const said = `${label} [${[...chosen, ":", ":"].join(", ")}]`;
    shown.replaceChildren(...[plane(part, shape.slice(-2), {}, exact, said)].flat().filter(Boolean)
      .filter((x) => x.className !== "summary"));
  };
  const selectors = leading.map((n, axis) => make("input", {
    type: "number", min: 0, max: n - 1, value: 0, "aria-label": `index along axis ${axis}, of ${n}`,
    input: (event) => {
      chosen[axis] = Math.min(n - 1, Math.max(0, Math.trunc(Number(event.target.value)) || 0));
      show();
    },
    change: (event) => { event.target.value = chosen[axis]; },
  }));
  show();
  return scrolled({ class: shape[shape.length - 1] > 3 ? "numbers wide" : "numbers" }, true, label,
    make("div", { class: "slice" }, "[", selectors.map((s) => [s, ", "]), ":, :]"),
    shown,
    make("p", { class: "summary" }, `${shapeInWords(shape)}: ${summary(numbers)}`));
}
