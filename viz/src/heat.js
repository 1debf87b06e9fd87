// A matrix as colours: blue below zero, orange above, and white is zero, whatever the range.

import { make } from "./dom.js";
import { exactly, figure } from "./figures.js";

const LOW = [0, 90, 156], ZERO = [250, 250, 250], HIGH = [204, 85, 0], NOTHING = [40, 40, 40];
const CELL = 1.4, WIDTH = 20, HEIGHT = 13, LEAST = 0.8; // in em: the most that a cell is wide, and a map wide and high; the least

// `cell`: how wide and high a cell is, in em, where maps are to fit together; `column`: it is a vector, drawn upright;
// `readout`: where it is said what is looked at, if there is no legend of its own.
export function heatMap(rows, { label, vector = false, column = false, cell, readout }) {
  const height = rows.length, width = rows[0].length;
  const finite = rows.flat().filter((x) => typeof x === "number");
  const most = finite.reduce((m, x) => Math.max(m, Math.abs(x)), 0);
  const canvas = make("canvas", { width, height, "aria-hidden": "true" });
  paint(canvas, rows, most);

  const cursor = make("span", { class: "cursor", hidden: true });
  const own = readout === undefined;
  readout ??= make("output", { class: "readout", "aria-live": "polite" }, "\u00a0");
  const field = make("div", {
    class: "field", tabindex: 0, role: "group", "aria-roledescription": "heat map",
    "aria-label": `${label}, ${vector ? `${width} numbers` : column ? `${height} numbers` : `${height} rows, ${width} columns`}: arrow keys look at an element`,
  }, canvas, cursor);
  const side = cell ?? Math.min(CELL, WIDTH / width);
  field.style.width = `${Math.max(width * side, cell ? LEAST : 0)}em`;
  field.style.height = `${cell ? Math.max(height * side, LEAST) : Math.min(HEIGHT, Math.max(CELL, height * side))}em`;

  let y = 0, at = 0; // row and column
  const look = () => {
    const x = rows[y][at];
    const index = vector ? `${at}` : column ? `${y}` : `${y}, ${at}`; // as in Python, from 0
    readout.textContent = `${own ? "" : `${label} `}[${index}], counted from 0: ${exactly(x)}`;
    cursor.hidden = false;
    cursor.style.left = `${(100 * at) / width}%`;
    cursor.style.top = `${(100 * y) / height}%`;
    cursor.style.width = `${100 / width}%`;
    cursor.style.height = `${100 / height}%`;
  };
  const leave = () => {
    cursor.hidden = true;
    readout.textContent = "\u00a0";
  };
  const within = (x, n) => Math.min(n - 1, Math.max(0, x));
  field.addEventListener("pointermove", (event) => {
    const box = field.getBoundingClientRect();
    y = within(Math.floor(((event.clientY - box.top) / box.height) * height), height);
    at = within(Math.floor(((event.clientX - box.left) / box.width) * width), width);
    look();
  });
  field.addEventListener("pointerleave", leave);
  field.addEventListener("blur", leave);
  field.addEventListener("focus", look);
  field.addEventListener("keydown", (event) => {
    const move = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0], Home: [0, -width], End: [0, width] }[event.key];
    if (!move || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation(); // these keys would step
    y = within(y + move[0], height);
    at = within(at + move[1], width);
    look();
  });
  return own ? make("div", { class: "heat" }, field, legend(most, finite.length < width * height, readout)) : field;
}

function paint(canvas, rows, most) {
  const context = canvas.getContext("2d");
  const image = context.createImageData(canvas.width, canvas.height);
  let i = 0;
  for (const row of rows) {
    for (const x of row) {
      const [r, g, b] = colour(x, most);
      image.data.set([r, g, b, 255], i);
      i += 4;
    }
  }
  context.putImageData(image, 0, 0);
}

function colour(x, most) {
  if (x === "NaN") return NOTHING;
  if (typeof x !== "number") return x === "Infinity" ? HIGH : LOW;
  const share = most ? Math.abs(x) / most : 0;
  const end = x < 0 ? LOW : HIGH;
  return ZERO.map((zero, i) => Math.round(zero + (end[i] - zero) * share));
}

function legend(most, strange, readout) {
  const scale = make("canvas", { width: 101, height: 1, class: "scale", "aria-hidden": "true" });
  paint(scale, [Array.from({ length: 101 }, (_, i) => i - 50)], 50);
  return make("div", { class: "legend" },
    make("span", {}, figure(-most, 3)), scale, make("span", {}, figure(most, 3)),
    strange && make("span", { class: "strange" }, "dark: NaN"), readout);
}
