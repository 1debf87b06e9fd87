// A step backward: upstream gradient, local derivative, contribution, and what it is added to.

import { make } from "./dom.js";
import { shapeInWords, sizeOf } from "./figures.js";
import { showNumbers, sideBySide } from "./numbers.js";
import { called, derivative, gradientOf, meant } from "./words.js";

export function backwardStep(story, formulas, k) {
  const { step, edge, here, from } = story.moment(k);
  const [source, target] = [story.nodes[here], story.nodes[from]];
  const received = story.arrivals[here];
  const several = step.total !== undefined;
  return [
    edge.note && make("p", { class: "note" }, `${edge.note.charAt(0).toUpperCase()}${edge.note.slice(1)}.`),
    make("p", { class: "display" },
      formulas.phrase([gradientOf(story, here)]),
      make("span", { class: "equals" }, several ? "+=" : "="),
      edge.rule ? formulas.set(edge.rule) : make("span", { class: "missing" }, "(its rule has no formula)"),
      edge.stretched && make("span", { class: "stretched" }, `stretched to ${shapeInWords(source.shape)}`)),
    where(story, formulas, edge, from),
    product(story, formulas, edge, source, target),
    step.recursion && make("p", { class: "recursion" }, make("span", { class: "recursion-name" }, "delta recursion"), formulas.set(step.recursion),
      make("span", { class: "deltas" }, deltas(story, formulas, step))),
    several && accumulation(story, formulas, k, received),
    complete(story, here, k),
  ];
}

// What the letters in the rule stand for.
function where(story, formulas, edge, from) {
  const rest = (edge.letters ?? []).map((letter) => ["; ", formulas.phrase(meant(story, letter), true)]);
  return make("p", { class: "where" }, "where ", upstreamLetter(formulas, edge), " = ", formulas.phrase([gradientOf(story, from)], true),
    " is the upstream gradient", rest);
}

// The gradients that a step of the recursion calls δ.
function deltas(story, formulas, step) {
  const given = (step.letters ?? []).filter((letter) => letter.gradient && letter.node !== undefined);
  return given.map((letter, i) => [i ? ", " : "where ", formulas.set(letter.symbol), " = ", formulas.phrase([gradientOf(story, letter.node)], true)]);
}

const upstreamLetter = (formulas, edge) => formulas.letter(edge.upstream ?? "g");

// A number or matrix with what it is called under it.
function term(numbers, role, ...caption) {
  return make("figure", { class: `term ${role}` }, showNumbers(numbers, { label: role }), make("figcaption", {}, caption));
}

// An operator stays in the line of what follows it.
const after = (sign, operand) => make("div", { class: "operand" }, make("span", { class: "operator" }, sign), operand);

function product(story, formulas, edge, source, target) {
  const g = () => ["upstream ", upstreamLetter(formulas, edge)];
  const contribution = { numbers: edge.passed, role: "contribution", caption: ["contribution"] };
  const drawn = edge.factors && matrixProduct(story, formulas, edge.factors, contribution, upstreamLetter(formulas, edge));
  if (drawn) return drawn;
  const local = formulas.phrase([derivative(target, source)], true);
  const same = edge.passed && target.shape.join() === edge.passed.shape.join();
  if (!edge.local) {
    return make("div", { class: "equation" }, term(target.gradient, "upstream", g()), after("⟼", term(edge.passed, "contribution", "contribution")),
      make("p", { class: "more" }, "The local derivative is too large to be written as a matrix; the rule does without it."));
  }
  if (edge.diagonal) {
    const elementwise = sizeOf(target.shape) !== 1;
    const summed = same ? "" : `, summed to ${shapeInWords(source.shape)}`;
    return equation([
      { numbers: target.gradient, role: "upstream", caption: g() },
      { sign: elementwise ? "⊙" : "×", numbers: edge.local, role: "local", caption: ["local ", local] },
      { sign: same ? "=" : "⟼", numbers: edge.passed, role: "contribution", caption: [`contribution${summed}`] },
    ]);
  }
  const n = sizeOf(target.shape);
  const flat = target.shape.length > 1 ? `, its ${n} numbers in one column` : "";
  const reshaped = edge.passed && edge.passed.shape.length > 1 ? `, as ${edge.passed.shape.join(" × ")}` : "";
  return equation([
    { numbers: transposed(edge.local), role: "local", caption: ["local ", local, ", transposed"] },
    { sign: "·", numbers: n === 1 ? target.gradient : column(target.gradient), role: "upstream", caption: [...g(), flat] },
    { sign: "=", numbers: edge.passed, role: "contribution", caption: [`contribution${reshaped}`] },
  ]);
}

// A product of matrices and vectors, with its factors as they stand in the formula: B transposed · g.  undefined: they were
// not kept.
export function matrixProduct(story, formulas, factors, result, upstream) {
  const terms = factors.map(({ node, sign, gradient = false, transposed: turned = false }) => {
    const { gradient: flowed, value } = story.nodes[node];
    const numbers = gradient ? flowed : value;
    if (numbers?.data === undefined) return undefined;
    const upright = numbers.shape.length === 1 ? column(numbers) : numbers; // a vector is a column
    const name = gradient ? ["upstream ", upstream] : formulas.phrase([called(story.nodes[node])], true);
    const lying = sign === "+" && numbers.shape.length === 1 && result.numbers.shape.length === 2;
    const said = turned ? ", transposed" : lying ? ", added to each row" : "";
    return { sign, numbers: turned || lying ? transposed(upright) : upright, role: gradient ? "upstream" : "local", caption: [...name, said] };
  });
  return terms.includes(undefined) || result.numbers?.data === undefined ? undefined : equation([...terms, { sign: "=", ...result }]);
}

// Terms with signs between them: beside each other, drawn to one scale, where that can be seen.
function equation(terms) {
  const drawn = sideBySide(terms.map(({ numbers, role }) => ({ numbers, label: role })));
  const figures = terms.map(({ numbers, role, caption }, i) => drawn
    ? make("figure", { class: `term fitted ${role}` }, drawn.shown[i],
      make("figcaption", {}, caption, drawn.extents[i].map((words) => make("span", { class: "extent" }, words))))
    : term(numbers, role, ...caption));
  const row = make("div", { class: drawn ? "equation tight" : "equation" },
    figures.map((figure, i) => (terms[i].sign ? after(terms[i].sign, figure) : figure)));
  return drawn ? [row, drawn.readout] : row;
}

// The numbers of an array in one column, and a matrix with its rows for columns.
const column = (numbers) => numbers.data && { ...numbers, shape: [sizeOf(numbers.shape), 1], data: numbers.data.flat(Infinity).map((x) => [x]) };

function transposed(matrix) {
  const [n, m] = matrix.shape;
  return matrix.data && { ...matrix, shape: [m, n], data: Array.from({ length: m }, (_, i) => matrix.data.map((row) => row[i])) };
}

// What has come before, plus this, is what there is now.
function accumulation(story, formulas, k, received) {
  const { step, edge, here } = story.moment(k);
  const { before, arrived, expected } = story.gradient(here, k);
  const name = formulas.phrase([called(story.nodes[here])], true);
  return make("div", { class: "block accumulation" },
    make("h3", {}, `used ${received.length === 2 ? "twice" : `${received.length} times`}: contribution ${arrived} of ${expected}`),
    make("div", { class: "equation" },
      before ? term(before, "before", "before") : make("figure", { class: "term before" }, make("span", { class: "missing" }, "nothing yet"), make("figcaption", {}, "before")),
      after("+", term(edge.passed, "contribution", "contribution")),
      after("=", term(step.total, "after", arrived < expected ? ["so far, of ", name] : ["the gradient of ", name]))));
}

// What is to be said of a leaf that has received everything.
export function complete(story, node, k) {
  const it = story.nodes[node];
  const { complete: all, expected, arrived } = story.gradient(node, k);
  if (!all) return arrived ? make("p", { class: "more" }, `${expected - arrived} more to come.`) : null;
  const stored = it.stored && make("div", { class: "block" },
    make("h3", {}, "its .grad"), showNumbers(it.stored, { label: ".grad" }),
    make("p", { class: "more" }, "Its .grad holds this: it is accumulated over several calls of backward()."));
  return [
    it.kind === "parameter" && make("p", { class: "note" }, "Complete: this is what ", make("code", {}, "backward()"), " adds to its ", make("code", {}, ".grad"), "."),
    stored,
    it.note && make("p", { class: "note" }, `${it.note.charAt(0).toUpperCase()}${it.note.slice(1)}.`),
  ];
}
