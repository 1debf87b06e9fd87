// The graph: what is seen of it after k steps, what the step is about, and clicks.

import { Camera } from "./camera.js";
import { button, drawn, make } from "./dom.js";
import { called, said } from "./words.js";

const LEGIBLE = 0.16; // in a large graph, boxes that are smaller than this have no labels

// A view of the graph: its SVG, and everything in it that changes with time, indexed by the step at which it does.
class View {
  constructor({ svg, labels = [] }, story) {
    this.svg = drawn(svg);
    this.story = story;
    this.k = 0;
    this.changes = Array.from({ length: story.last + 2 }, () => []);
    this.groups = [...this.svg.querySelectorAll(".node")];
    this.boxes = new Map(); // the group that shows a node, by its number
    this.copies = new Map(); // the group that shows it beside one use of it, by the number of the edge
    this.lines = new Map(); // the group that shows an edge
    this.marked = [];
    for (const group of this.groups) this.addNode(group);
    for (const group of this.svg.querySelectorAll(".edge")) this.addEdge(group);
    for (const group of this.svg.querySelectorAll("g[aria-label]:not([role])")) group.setAttribute("role", "group");
    this.reveal(this.svg);
    this.labels = new Map(this.groups.filter((group) => group.dataset.labels).map((group) => [group, { text: labels[group.dataset.labels] }]));
    this.labelled = new Set();
  }

  // What is seen from one step until another.
  reveal(element) {
    for (const group of element.querySelectorAll("[data-from], [data-until]")) {
      this.schedule(group, "shown", Number(group.dataset.from ?? 0), Number(group.dataset.until ?? Infinity));
    }
  }

  // The labels of a box, made when it is first seen.
  parts(entry) {
    if (!entry.parts) {
      const made = drawn(entry.text);
      this.reveal(made);
      entry.parts = [...made.childNodes];
    }
    return entry.parts;
  }

  // Puts labels into the boxes that are near to a window on the picture, and takes those of others out.  The outlines of
  // all letters of a large graph would take a browser a second to lay out, and each step a good part of it.
  label(window, scale) {
    if (!this.labels.size) return;
    this.rectangle();
    if (!this.rectangles) return;
    const { x, y, width, height } = window;
    for (const [group, entry] of this.labels) {
      const box = this.rectangles.get(group);
      const near = scale > LEGIBLE && box.x < x + width * 1.3 && box.x + box.width > x - width * 0.3
        && box.y < y + height * 1.3 && box.y + box.height > y - height * 0.3;
      if (near === this.labelled.has(group)) continue;
      if (near) {
        group.append(...this.parts(entry));
        this.labelled.add(group);
      } else {
        for (const part of entry.parts) part.remove();
        this.labelled.delete(group);
      }
    }
  }

  // The class stands on the element from one step until another.
  schedule(element, name, from, until = Infinity) {
    const change = { element, name, from, until };
    for (const k of [from, until]) if (k > 0 && k <= this.story.last) this.changes[k].push(change);
    if (from <= this.k && this.k < until) element.classList.add(name);
  }

  addNode(group) {
    const nodes = (group.dataset.nodes ?? group.dataset.node ?? "").split(" ").filter(Boolean).map(Number);
    for (const node of nodes) this.boxes.set(node, group);
    if (group.dataset.use) this.copies.set(Number(group.dataset.use), group);
    // The numbers that Python says here are those of the end, which would be told before their time.
    const name = group.dataset.nodes === undefined ? `${said([called(this.story.nodes[nodes[0]])])}, ${this.story.nodes[nodes[0]].kind}` : group.getAttribute("aria-label");
    group.setAttribute("role", "img");
    group.setAttribute("aria-label", name ?? `${nodes.length} nodes`);
    const done = nodes.reduce((latest, node) => Math.max(latest, this.story.computedAt[node]), 0);
    this.schedule(group, "done", done);
  }

  addEdge(group) {
    const edges = group.dataset.edges.split(" ").filter(Boolean).map(Number);
    for (const edge of edges) this.lines.set(edge, group);
    const used = Math.max(0, ...edges.map((edge) => this.story.computedAt[this.story.edges[edge].target]));
    this.schedule(group, "done", used);
    const swept = edges.map((edge) => this.story.passedAt.get(edge)).filter(Boolean);
    if (swept.length) this.schedule(group, "swept", Math.max(...swept));
  }

  // The group that shows a node; of several, that beside its use along an edge.
  box(node, edge) {
    const copy = this.copies.get(edge);
    return copy && Number(copy.dataset.node) === node ? copy : this.boxes.get(node);
  }

  // From step a to step b, by all that changes between them and nothing else.
  move(a, b) {
    const [low, high] = a < b ? [a, b] : [b, a];
    for (let k = low + 1; k <= high; k++) {
      for (const { element, name, from, until } of this.changes[k]) element.classList.toggle(name, from <= b && b < until);
    }
  }

  mark(elements) {
    for (const [element, name] of this.marked) element.classList.remove(name);
    this.marked = elements.filter(([element]) => element);
    for (const [element, name] of this.marked) element.classList.add(name);
  }

  // Where a group stands, in the units of the picture.  All are asked at once: after each change a browser has to lay
  // the picture out again before it can say.
  rectangle(group) {
    if (!this.rectangles) {
      if (!this.svg.getBoundingClientRect().width) return undefined; // it is not in the document yet, or not seen
      const inverse = this.svg.getScreenCTM()?.inverse();
      if (!inverse) return undefined;
      this.rectangles = new Map();
      for (const one of this.groups) {
        const box = one.getBBox();
        const matrix = inverse.multiply(one.getScreenCTM());
        const corner = (x, y) => new DOMPoint(x, y).matrixTransform(matrix);
        const [a, b] = [corner(box.x, box.y), corner(box.x + box.width, box.y + box.height)];
        this.rectangles.set(one, { x: a.x, y: a.y, width: b.x - a.x, height: b.y - a.y });
      }
    }
    return this.rectangles.get(group);
  }
}

export class Picture {
  // `chosen(node, again)` is called for a click on a node, `opened(view)` when a folded one is to be opened.
  constructor(views, story, { chosen, passed, opened }) {
    this.sources = views;
    this.story = story;
    this.views = [];
    this.k = 0;
    this.film = make("div", { class: "film" });
    this.remark = make("p", { class: "remark" });
    this.element = make("div", { class: "screen" }, this.film, this.remark, make("div", { class: "zoom" },
      button("more", "Enlarge the picture (+)", () => this.camera.zoom(1.3)),
      button("less", "Make the picture smaller (-)", () => this.camera.zoom(1 / 1.3)),
      button("fit", "Show the whole picture (0)", () => this.camera.fit())));
    this.camera = new Camera(this.element, (window, scale) => this.view(this.current).label(window, scale));
    this.element.addEventListener("click", (event) => {
      if (this.camera.dragged) return;
      const group = event.target.closest(".node");
      const line = event.target.closest(".edge");
      if (line) passed(line.dataset.edges.split(" ").map(Number));
      if (!group) return;
      if (group.dataset.nodes === undefined) chosen(Number(group.dataset.node), event.detail > 1);
      else this.unfold(group.dataset.nodes.split(" ").map(Number), opened);
    });
  }

  // The least detailed view in which the first of these nodes stands for itself.
  unfold(nodes, opened) {
    for (let i = this.current - 1; i >= 0; i--) {
      if (nodes.some((node) => this.view(i).boxes.get(node)?.dataset.nodes === undefined && this.view(i).boxes.has(node))) return opened(i);
    }
    return undefined;
  }

  view(i) {
    this.views[i] ??= new View(this.sources[i], this.story);
    return this.views[i];
  }

  choose(i) {
    this.current = i;
    const view = this.view(i);
    this.film.replaceChildren(view.svg);
    const { remark } = this.sources[i];
    this.remark.textContent = remark ?? "";
    this.remark.hidden = !remark;
    if (view.labels.size) view.rectangle();
    this.camera.film(view.svg, () => this.centreOf(this.k));
    this.show(this.k);
  }

  show(k) {
    this.k = k;
    const view = this.view(this.current);
    view.move(view.k, k);
    view.k = k;
    const { phase, edge, here, from } = this.story.moment(k);
    const marks = [];
    if (phase === "forward") {
      for (const input of this.story.inputs[here]) {
        marks.push([view.box(input.source, input.id), "involved"], [view.lines.get(input.id), "current"]);
      }
    }
    if (from !== undefined) marks.push([view.box(from, edge.id), "involved"], [view.lines.get(edge.id), "current"]);
    if (here !== undefined) marks.push([view.box(here, edge?.id), "current"]);
    if (phase === "backward" || phase === "seed") marks.push([view.svg, "sweeping"]);
    view.mark([...marks, ...(this.found ?? []).map((node) => [view.boxes.get(node), "found"])]);
    this.reveal(here, from, edge?.id);
  }

  reveal(here, from, edge) {
    if (here === undefined || (this.camera.whole && this.camera.scale > 0.45)) return;
    const view = this.view(this.current);
    for (const node of [from, here]) {
      const group = view.box(node, edge);
      const box = group && view.rectangle(group);
      if (box) this.camera.reveal(box);
    }
  }

  // What the camera looks at first in a picture that is too large to be seen at once.
  centreOf(k) {
    const view = this.view(this.current);
    const group = view.boxes.get(this.story.moment(k).here ?? this.story.steps[0]?.node ?? 0);
    return group && view.rectangle(group);
  }

  // Marks what was found.
  seek(nodes) {
    this.found = nodes;
    this.show(this.k);
  }

  destroy() {
    this.camera.destroy();
  }
}
