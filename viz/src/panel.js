// What the current step says: in words, in mathematics, in numbers, and in the user's program.

import { make } from "./dom.js";
import { backwardStep, complete, matrixProduct } from "./backward.js";
import { plain } from "./latex.js";
import { showNumbers } from "./numbers.js";
import { showSource } from "./source.js";
import { called, capital, derivative, gradientOf, heading, phaseOf, said } from "./words.js";

const MOST = 12; // leaves that are listed

export class Panel {
  constructor(story, formulas) {
    this.story = story;
    this.formulas = formulas;
    this.body = make("div", { class: "step" });
    this.element = make("section", { class: "details", tabindex: 0, "aria-label": "the current step" }, this.body);
    this.element.addEventListener("scroll", () => { this.scrolled = this.element.scrollTop > 0; }, { passive: true });
  }

  show(k) {
    const { story } = this;
    const { phase, here, from } = story.moment(k);
    const side = phaseOf(story, k);
    const parts = [
      make("header", { class: `head ${side}` },
        make("p", { class: "phase" },
          make("span", { class: "tag" }, { start: "start", forward: "→ forward", backward: "← backward" }[side]),
          make("span", { class: "count" }, k ? `step ${k} of ${story.last}` : `${story.last} steps to go`)),
        make("h2", {}, this.formulas.phrase(heading(story, k), true))),
    ];
    if (phase === "start") parts.push(this.start());
    else if (phase === "forward") parts.push(this.forward(here));
    else if (phase === "seed") parts.push(this.seed(here));
    else parts.push(backwardStep(story, this.formulas, k));
    if (k === story.last && k > 0) parts.push(this.end());
    parts.push(showSource(story.trace.lines, story.nodes[from ?? here]?.place));
    this.body.classList.toggle("whole", phase === "start");
    this.body.replaceChildren(...parts.flat(Infinity).filter(Boolean));
    if (this.scrolled) this.element.scrollTop = 0;
    this.scrolled = false;
  }

  // The name of a node before its numbers, and a note under the name.
  row(phrase, numbers, note, label) {
    return make("div", { class: "given" },
      make("div", { class: "given-name" }, make("div", {}, this.formulas.phrase(phrase, true), make("span", { class: "equals" }, " =")),
        note && make("div", { class: "given-note" }, note)),
      numbers instanceof Element ? numbers : showNumbers(numbers, { label }));
  }

  valueRow(node, note) {
    const name = [called(node)];
    return this.row(name, node.value, note, said(name));
  }

  start() {
    const leaves = this.story.nodes.filter((node) => node.kind !== "result");
    const earlier = this.story.trace.left_out;
    return [
      make("p", {}, "Nothing is computed yet. These values are given:"),
      make("div", { class: "block leaves" }, leaves.slice(0, MOST).map((node) => this.valueRow(node, node.kind))),
      leaves.length > MOST && make("p", { class: "more" }, `and ${leaves.length - MOST} more`),
      earlier > 0 && make("p", { class: "more" }, `${earlier} earlier nodes were left out of this record.`),
    ];
  }

  forward(here) {
    const node = this.story.nodes[here];
    const arrays = node.letters ?? []; // indices and the like, which are no nodes
    const inputs = new Map(); // a value that is used twice is shown once
    for (const edge of this.story.inputs[here]) inputs.set(edge.source, [...(inputs.get(edge.source) ?? []), edge.operand]);
    const result = { numbers: node.value, role: "result", caption: this.formulas.phrase([called(node)], true) };
    const drawn = node.factors && matrixProduct(this.story, this.formulas, node.factors, result);
    return [
      make("p", { class: "display" },
        node.symbol && [this.formulas.set(node.symbol, node.name), make("span", { class: "equals" }, "=")],
        node.formula ? this.formulas.set(node.formula) : make("code", {}, node.op)),
      drawn ? make("div", { class: "block" }, drawn) : inputs.size + arrays.length > 0 && make("div", { class: "block" },
        make("h3", {}, inputs.size + arrays.length === 1 ? "from" : "from the operands"),
        make("div", { class: "givens" },
          [...inputs].map(([source, operands]) => this.valueRow(this.story.nodes[source], argumentNames(operands))),
          arrays.map((letter) => this.row([{ tex: letter.symbol, plain: plain(letter.symbol) }], letter.value, undefined, plain(letter.symbol))))),
      !drawn && make("div", { class: "block" }, make("h3", {}, "the result"), make("div", { class: "givens" }, this.valueRow(node))),
      node.note && make("p", { class: "note" }, capital(node.note), "."),
    ];
  }

  seed(here) {
    const node = this.story.nodes[here];
    const name = this.formulas.phrase([called(node)], true);
    return [
      make("p", { class: "display" },
        this.formulas.phrase([derivative(node, node)]),
        make("span", { class: "equals" }, "="), showNumbers(node.gradient, { label: "seed" })),
      node.shape.length === 0
        ? make("p", {}, "A change of ", name, " changes ", this.formulas.phrase([called(node)], true), " by as much. From here gradients go back along every edge.")
        : make("p", {}, "This is the seed that ", make("code", {}, "backward"), " was given. From here gradients go back along every edge."),
      complete(this.story, here, this.story.seedAt),
    ];
  }

  end() {
    const { story } = this;
    const parameters = story.nodes.filter((node) => node.kind === "parameter");
    if (!story.seedAt) return make("p", { class: "more" }, "Everything is computed. No backward yet.");
    return parameters.length > 0 && make("div", { class: "block final" },
      make("h3", {}, "done: the gradients of the parameters"),
      make("div", { class: "leaves" }, parameters.slice(0, MOST).map((node) => this.row([gradientOf(story, node.id)],
        node.gradient ?? make("span", { class: "missing" }, "none: no path leads here"), undefined, `gradient of ${said([called(node)])}`))),
      parameters.length > MOST && make("p", { class: "more" }, `and ${parameters.length - MOST} more`));
  }
}

// As what the operation takes a value, where that is a word, as "logits"; an x would be one more letter in the mathematics.
const argumentNames = (operands) => [...new Set(operands)].filter((name) => name.length > 1).join(", ");

// One node, looked into without moving in time.
export function lookInto(story, formulas, node, k, close) {
  const it = story.nodes[node];
  const { numbers, arrived, expected, complete: all } = story.gradient(node, k);
  const known = k >= story.computedAt[node];
  const facts = [it.kind === "result" ? `computed by ${it.op}` : it.kind, it.shape.length ? it.shape.join(" × ") : "scalar", it.dtype, it.scope]
    .filter(Boolean).join(" · ");
  const swept = story.seedAt && k >= story.seedAt;
  const waiting = expected === 0
    ? (story.seedAt ? "no gradient flows here" : "no backward yet")
    : swept ? "no gradient yet" : "no gradient yet: backward has not begun";
  const part = (title, ...inside) => make("div", { class: "block" }, make("h3", {}, title), inside);
  return make("section", { class: "look", "aria-label": `looking into ${said([called(it)])}` },
    make("header", {},
      make("h2", {}, formulas.phrase([called(it)], true)), close),
    make("p", { class: "facts" }, facts),
    part("value", known ? showNumbers(it.value, { exact: true, label: "value" }) : make("span", { class: "missing" }, "not computed yet")),
    part(all || !arrived ? "gradient" : `gradient so far, ${arrived} of ${expected} contributions`,
      arrived ? showNumbers(numbers, { exact: true, label: "gradient" }) : make("span", { class: "missing" }, waiting)),
    it.stored && part(".grad", showNumbers(it.stored, { exact: true, label: ".grad" }), make("p", { class: "more" }, "It holds something else than this gradient: it is added to at every backward().")),
    it.note && make("p", { class: "note" }, capital(it.note), "."));
}
