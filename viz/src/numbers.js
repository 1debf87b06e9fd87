// Arrays as they are looked at: a number, a table in brackets, or a heat map.

import { make } from "./dom.js";
import { exactly, figure, odd, shapeInWords, sizeOf, summary, tableFigures } from "./figures.js";
import { heatMap } from "./heat.js";

const LARGEST = 8; // rows and columns that are written out

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
