// What a step is called, in words and mathematics.  No DOM.
//
// A phrase is a list of strings, formulas {tex, plain} and fractions {over, under}; `said` gives it as plain text.

import { figure, shapeInWords } from "./figures.js";
import { plain } from "./latex.js";

const SHORT = 26; // a formula of so many letters stands for a value without a name
const WHOLE = /^[^\W_]+$|^[\p{L}\w]+\((?:[^()]|\([^()]*\))*\)$/u; // a word, or a function of something, needs no parentheses
const FEW = 4; // so many numbers of a vector are written out in a line

export function said(phrase) {
  return phrase
    .map((part) => (typeof part === "string" ? part : part.over ? `${said(part.over)}/${said(part.under)}` : part.plain))
    .join("");
}

export function called(node) {
  if (node.symbol) return { tex: node.symbol, plain: node.name ?? plain(node.symbol) };
  if (node.name) return node.name;
  if (node.called && plain(node.called).length <= SHORT) {
    return { tex: node.called, plain: plain(node.called), made: node.called === node.formula };
  }
  return node.op ? `the result of ${node.op}` : `a ${node.kind}`;
}

// What a letter in a formula stands for, as a phrase: W is 10 × 64; a = 2; z = tanh(v), 64 numbers.
export function meant(story, letter) {
  const name = { tex: letter.symbol, plain: plain(letter.symbol) };
  if (letter.words) return [name, ": ", letter.words];
  const node = letter.node === undefined ? undefined : story.nodes[letter.node];
  const numbers = node ? node.value : letter.value;
  const made = node?.formula && letter.symbol !== node.called ? [" = ", { tex: node.formula, plain: plain(node.formula) }] : [];
  if (!numbers) return [name, ...made, made.length ? "" : ", which was not kept"];
  const { shape, data } = numbers;
  const few = shape.length === 0 ? [data] : shape.length === 1 && shape[0] <= FEW ? data : undefined;
  if (few) {
    const written = few.map((x) => figure(x, 4)).join(", ");
    return [name, ...made, " = ", shape.length ? `(${written})` : written];
  }
  return [name, ...made, made.length ? ", " : shape.length === 1 ? ": " : " is ", shapeInWords(shape)];
}

// As `called`, where it may stand in a formula: in parentheses if it is one itself.
export function quantity(node) {
  const name = called(node);
  if (typeof name === "string") return node.name ? [name] : [`[${node.op ?? node.kind} ${node.id}]`];
  return name.made && !WHOLE.test(name.plain) ? ["(", name, ")"] : [name];
}

export const derivative = (of, by) => ({ over: ["∂", ...quantity(of)], under: ["∂", ...quantity(by)] });

export function gradientOf(story, node) {
  return derivative(story.nodes[story.trace.result], story.nodes[node]);
}

const PHASES = { start: "start", forward: "forward", seed: "backward", backward: "backward" };

export function phaseOf(story, k) {
  return PHASES[story.moment(k).phase];
}

// The heading of a step.
export function heading(story, k) {
  const { phase, here, from } = story.moment(k);
  if (phase === "start") return [story.trace.left_out ? "What is given, or computed earlier" : "The leaves are given"];
  const name = called(story.nodes[here]);
  const how = story.nodes[here].elementwise ? ", element by element" : "";
  if (phase === "forward") return typeof name === "string" ? [`${capital(name)}${how}`] : [name, ` by ${story.nodes[here].op}${how}`];
  if (phase === "seed") return ["Backward begins at ", name];
  return [`Through ${story.nodes[from].op} to `, name];
}

// A line in the list of steps.
export function entry(story, k) {
  const { phase, here, from } = story.moment(k);
  if (phase === "start") return { phrase: ["given"], op: "" };
  if (phase === "forward") return { phrase: [called(story.nodes[here])], op: story.nodes[here].op };
  return { phrase: [gradientOf(story, here)], op: phase === "seed" ? "seed" : story.nodes[from].op };
}

// What a step gave, in few words.
export function outcome(story, k) {
  const { phase, step, edge, here } = story.moment(k);
  const numbers = phase === "forward" ? story.nodes[here].value : phase === "seed" ? story.nodes[here].gradient : (step?.total ?? edge?.passed);
  return numbers ? inShort(numbers) : "";
}

export function inShort(numbers) {
  if (numbers.shape.length === 0 && numbers.data !== undefined) return figure(numbers.data, 4);
  const n = numbers.nan ? ", NaN" : numbers.infinite ? ", ∞" : "";
  return shapeInWords(numbers.shape) + n;
}

// What a screen reader says.
export function announcement(story, k) {
  const { phase, step, edge, here, from } = story.moment(k);
  if (phase === "start") return `Start: ${said(heading(story, 0)).toLowerCase()}.`;
  const node = story.nodes[here];
  const numbers = phase === "forward" ? node.value : phase === "seed" ? node.gradient : edge.passed;
  const told = !numbers ? "numbers that were not kept" : numbers.shape.length ? shapeInWords(numbers.shape) : figure(numbers.data ?? "", 4);
  const name = said([called(node)]);
  if (phase === "forward") return `Step ${k}: forward: ${name} is computed by ${node.op}: ${told}.`;
  if (phase === "seed") return `Step ${k}: backward begins: ${said([gradientOf(story, here)])} is ${told}.`;
  const whole = step.total && story.gradient(here, k).arrived > 1 ? ", which is added to what it has" : "";
  return `Step ${k}: backward through ${story.nodes[from].op}: ${name} receives ${told}${whole}.`;
}

export function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
