// A step backward: upstream gradient, local derivative, contribution, and what it is added to.

import { make } from "./dom.js";
import { shapeInWords, sizeOf } from "./figures.js";
import { showNumbers } from "./numbers.js";
import { called, derivative, gradientOf } from "./words.js";

export function backwardStep(story, formulas, k) {
  const { step, edge, here, from } = story.moment(k);
  const [source, target] = [story.nodes[here], story.nodes[from]];
  const received = story.arrivals[here];
  const several = step.total !== undefined;
  const g = () => formulas.letter("g");
  return [
    edge.note && make("p", { class: "note" }, `${edge.note.charAt(0).toUpperCase()}${edge.note.slice(1)}.`),
    make("p", { class: "display" },
      formulas.phrase([gradientOf(story, here)]),
      make("span", { class: "equals" }, several ? "+=" : "="),
      edge.rule ? formulas.set(edge.rule) : make("span", { class: "missing" }, "(its rule has no formula)")),
    make("p", { class: "where" }, "where ", g(), " = ", formulas.phrase([gradientOf(story, from)], true), " is the upstream gradient"),
    product(formulas, edge, source, target),
    step.recursion && make("p", { class: "recursion" }, make("span", { class: "recursion-name" }, "delta recursion"), formulas.set(step.recursion)),
    several && accumulation(story, formulas, k, received),
    complete(story, here, k),
  ];
}

// A number or matrix with what it is called under it.
function term(numbers, role, ...caption) {
  return make("figure", { class: `term ${role}` }, showNumbers(numbers, { label: role }), make("figcaption", {}, caption));
}

// An operator stays in the line of what follows it.
const after = (sign, operand) => make("div", { class: "operand" }, make("span", { class: "operator" }, sign), operand);

function product(formulas, edge, source, target) {
  const upstream = term(target.gradient, "upstream", "upstream ", formulas.letter("g"));
  const local = formulas.phrase([derivative(target, source)], true);
  const same = edge.passed && target.shape.join() === edge.passed.shape.join();
  const summed = edge.diagonal && !same ? `, summed to ${shapeInWords(source.shape)}` : "";
  const result = term(edge.passed, "contribution", `contribution${summed}`);
  if (!edge.local) {
    return make("div", { class: "equation" }, upstream, after("⟼", result),
      make("p", { class: "more" }, "The local derivative is too large to be written as a matrix; the rule does without it."));
  }
  if (edge.diagonal) {
    const elementwise = sizeOf(target.shape) !== 1;
    return make("div", { class: "equation" }, upstream,
      after(elementwise ? "⊙" : "×", term(edge.local, "local", "local ", local)), after("=", result));
  }
  const reshaped = edge.passed && edge.passed.shape.length > 1 ? `, as ${edge.passed.shape.join(" × ")}` : "";
  const flat = target.shape.length > 1 ? `, its ${sizeOf(target.shape)} numbers in one column` : "";
  return make("div", { class: "equation" },
    term(edge.local, "local transposed", "local ", local, ", transposed"),
    after("·", term(target.gradient, "upstream", "upstream ", formulas.letter("g"), flat)),
    after("=", term(edge.passed, "contribution", `contribution${reshaped}`)));
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
