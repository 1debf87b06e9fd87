// The lines of the user's program that a step comes from, with the expression underlined.

import { make } from "./dom.js";

const AROUND = 2; // lines before and after

export function showSource(lines, place) {
  const known = place && lines?.[place.file];
  if (!known || known[place.line] === undefined) return null;
  const numbers = [];
  for (let n = place.line - AROUND; n <= place.line + AROUND; n++) if (known[n] !== undefined) numbers.push(n);
  while (numbers.length && numbers[0] < place.line && !known[numbers[0]].trim()) numbers.shift();
  while (numbers.length && numbers[numbers.length - 1] > place.line && !known[numbers[numbers.length - 1]].trim()) numbers.pop();
  const indented = numbers.map((n) => known[n]).filter((line) => line.trim()).map((line) => line.length - line.trimStart().length);
  const margin = Math.min(...indented);
  const rows = numbers.map((n) => {
    const here = n === place.line;
    return make("div", { class: here ? "code-line here" : "code-line", "aria-current": here ? "true" : undefined },
      make("span", { class: "line-number" }, String(n)),
      make("code", {}, here ? underlined(known[n], place.columns, margin) : known[n].slice(margin) || " "));
  });
  return make("section", { class: "source", "aria-label": "the program" },
    make("p", { class: "file" }, `${place.file}, line ${place.line}`),
    make("div", { class: "lines" }, rows));
}

// Columns count characters, of which JavaScript's strings may need two units for one.
function underlined(line, columns, margin) {
  if (!columns) return line.slice(margin);
  const characters = Array.from(line);
  const [from, to] = columns;
  const end = to > from ? to : characters.length; // the expression goes on in the next line
  const part = (a, b) => characters.slice(a, b).join("");
  return [part(margin, from), make("mark", {}, part(Math.max(margin, from), end)), part(end)];
}
