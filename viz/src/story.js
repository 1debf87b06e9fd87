// What has happened after k steps: the trace, indexed.  No DOM.
//
// k = 0 is before the first step: the leaves are given.  k = i is after step i, and the last k is when all is done.

import { plain } from "./latex.js";

export class Story {
  constructor(trace) {
    this.trace = trace;
    this.nodes = trace.nodes;
    this.edges = trace.edges;
    this.steps = trace.steps;
    this.last = trace.steps.length;
    this.computedAt = trace.nodes.map(() => 0); // the step after which a node has its value
    this.arrivals = trace.nodes.map(() => []); // what has come to a node, in order: {at, edge, numbers}
    this.inputs = trace.nodes.map(() => []); // the edges that lead to a node
    this.passedAt = new Map(); // the step in which an edge passes a gradient back
    for (const edge of trace.edges) this.inputs[edge.target].push(edge);
    trace.steps.forEach((step, i) => this.index(step, i + 1));
    this.seedAt = trace.steps.findIndex((step) => step.phase === "seed") + 1; // 0: nothing was swept
  }

  index(step, at) {
    if (step.phase === "forward") this.computedAt[step.node] = at;
    else if (step.phase === "seed") this.arrivals[step.node].push({ at, numbers: this.nodes[step.node].gradient });
    else {
      const edge = this.edges[step.edge];
      this.passedAt.set(edge.id, at);
      this.arrivals[edge.source].push({ at, edge, numbers: step.total ?? edge.passed });
    }
  }

  // The step that leads to k, with what it is about: `here` receives a value or a gradient; a gradient comes `from`.
  moment(k) {
    if (k === 0) return { phase: "start" };
    const step = this.steps[k - 1];
    if (step.phase !== "backward") return { phase: step.phase, step, here: step.node };
    const edge = this.edges[step.edge];
    return { phase: "backward", step, edge, here: edge.source, from: edge.target };
  }

  isBackward(k) {
    return this.seedAt > 0 && k >= this.seedAt;
  }

  // The gradient of a node after k steps: the numbers so far, and whether more is to come.
  gradient(node, k) {
    const all = this.arrivals[node];
    const arrived = all.filter((arrival) => arrival.at <= k);
    const complete = all.length > 0 && arrived.length === all.length;
    const latest = arrived[arrived.length - 1];
    return {
      numbers: complete ? (this.nodes[node].gradient ?? latest.numbers) : latest?.numbers,
      before: arrived[arrived.length - 2]?.numbers,
      arrived: arrived.length,
      expected: all.length,
      complete,
    };
  }

  // Where to go to see a node, from k: where its value is computed, or once the sweep has begun, where it first
  // receives a gradient.  undefined: there is no such step.
  stepOf(node, k) {
    return this.isBackward(k) ? this.arrivals[node][0]?.at : this.computedAt[node];
  }

  isLeaf(node) {
    return this.nodes[node].kind !== "result";
  }

  // The nodes in whose name, operation, scope or formula a text occurs, in the order of the computation.
  find(text) {
    const wanted = text.trim().toLowerCase();
    if (!wanted) return [];
    this.searched ??= this.nodes.map((n) =>
      [n.name, n.op, n.scope, n.symbol && plain(n.symbol), n.kind].filter(Boolean).join("\n").toLowerCase());
    return this.nodes.filter((n) => this.searched[n.id].includes(wanted)).map((n) => n.id);
  }
}
