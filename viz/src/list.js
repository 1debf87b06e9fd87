// All steps.  Only the lines that are seen exist: of thousands, most never do.

import { make } from "./dom.js";
import { announcement, entry, outcome, phaseOf } from "./words.js";

const SPARE = 6; // lines beyond what is seen

let lists = 0; // of the lines' ids: there may be several players on a page

export class List {
  constructor(story, formulas, goto) {
    this.story = story;
    this.formulas = formulas;
    this.k = 0;
    this.id = `step-${++lists}-`;
    this.lines = new Map();
    this.space = make("div", { class: "space", role: "presentation" });
    this.element = make("div", { class: "list", role: "listbox", tabindex: 0, "aria-label": "all steps" }, this.space);
    this.top = 0; // as `scrollTop`, which would lay the page out at every step if it were asked
    this.element.addEventListener("scroll", () => {
      if (this.frame !== undefined) return;
      this.top = this.element.scrollTop;
      this.fill();
    }, { passive: true });
    this.element.addEventListener("click", (event) => {
      const line = event.target.closest("[data-k]");
      if (line) goto(Number(line.dataset.k));
    });
    this.element.addEventListener("keydown", (event) => {
      const move = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      if (!move || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      goto(this.k + move);
    });
    this.observer = new ResizeObserver(() => this.measure());
    this.observer.observe(this.element);
  }

  destroy() {
    this.observer.disconnect();
    cancelAnimationFrame(this.frame);
  }

  measure() {
    const height = this.element.clientHeight;
    const size = parseFloat(getComputedStyle(this.element).fontSize) || 14;
    this.row = Math.round(size * 2.3);
    this.seen = height;
    this.space.style.height = `${(this.story.last + 1) * this.row}px`;
    for (const line of this.lines.values()) line.remove();
    this.lines.clear();
    this.keep();
    this.fill();
  }

  show(k) {
    this.lines.get(this.k)?.setAttribute("aria-selected", "false");
    this.k = k;
    this.element.setAttribute("aria-activedescendant", this.id + k);
    if (!this.row || !this.seen) return;
    this.keep();
    this.fill();
  }

  // The current line is kept in view, by a jump: a smooth way past a thousand lines shows nothing.
  keep() {
    const top = this.k * this.row;
    if (top >= this.top + this.row && top <= this.top + this.seen - 2 * this.row) return;
    const wanted = Math.max(0, Math.min(top - this.seen / 2 + this.row, (this.story.last + 1) * this.row - this.seen));
    if (wanted === this.top) return;
    this.top = wanted;
    this.frame ??= requestAnimationFrame(() => { // when the page is laid out anyway
      this.frame = undefined;
      this.element.scrollTop = this.top;
    });
  }

  fill() {
    if (!this.row) return;
    const at = this.top;
    const first = Math.max(0, Math.floor(at / this.row) - SPARE);
    const last = Math.min(this.story.last, Math.ceil((at + this.seen) / this.row) + SPARE);
    for (const [k, line] of this.lines) {
      if ((k < first || k > last) && k !== this.k) {
        line.remove();
        this.lines.delete(k);
      }
    }
    for (let k = first; k <= last; k++) this.line(k);
    this.line(this.k).setAttribute("aria-selected", "true");
  }

  line(k) {
    if (!this.lines.has(k)) {
      const { phrase, op } = entry(this.story, k);
      const phase = phaseOf(this.story, k);
      const line = make("div", {
        class: `row ${phase}`, role: "option", id: this.id + k, "data-k": k, "aria-selected": String(k === this.k),
        "aria-posinset": k + 1, "aria-setsize": this.story.last + 1, "aria-label": announcement(this.story, k),
      },
      make("span", { class: "row-number" }, String(k)),
      make("span", { class: "row-sign" }, { start: "·", forward: "→", backward: "←" }[phase]),
      make("span", { class: "row-name" }, this.formulas.phrase(phrase, true)),
      make("span", { class: "row-op" }, op),
      make("span", { class: "row-outcome" }, outcome(this.story, k)));
      line.style.transform = `translateY(${k * this.row}px)`;
      line.style.height = `${this.row}px`;
      this.lines.set(k, line);
      this.space.append(line);
    }
    return this.lines.get(k);
  }
}
