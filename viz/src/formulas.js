// Typeset mathematics in the running text, from the outlines that came with the data.

import { drawn, make, makeSvg } from "./dom.js";
import { plain } from "./latex.js";

const SIZE = 14; // the size of type that the outlines are for

export class Formulas {
  constructor(math = {}, glyphs = "") {
    this.math = math;
    this.ready = new Map();
    const outlines = makeSvg("defs");
    if (glyphs) outlines.append(...drawn(`<svg>${glyphs}</svg>`).childNodes);
    this.glyphs = makeSvg("svg", { class: "glyphs", width: 0, height: 0, "aria-hidden": "true" }, outlines);
  }

  // A formula as an element; as LaTeX, where it was not typeset.
  set(tex, words = plain(tex)) {
    const typeset = Object.hasOwn(this.math, tex) ? this.math[tex] : undefined;
    if (!typeset) return make("code", { class: "tex" }, tex);
    if (!this.ready.has(tex)) this.ready.set(tex, this.outlined(typeset, words));
    return this.ready.get(tex).cloneNode(true);
  }

  outlined({ svg, width, ascent, descent }, words) {
    const height = ascent + descent;
    const whole = makeSvg("svg", { class: "math", role: "img", "aria-label": words, viewBox: `0 ${-ascent} ${width} ${height}` });
    whole.append(...drawn(svg).childNodes);
    whole.style.width = `${width / SIZE}em`;
    whole.style.height = `${height / SIZE}em`;
    whole.style.verticalAlign = `${-descent / SIZE}em`;
    return whole;
  }

  // A phrase (words.js) as elements.  Fractions are upright in a line of their own, and flat in running text.
  phrase(parts, flat = false) {
    return parts.map((part) => {
      if (typeof part === "string") return part === "∂" ? this.partial() : part;
      if (!part.over) return this.set(part.tex, part.plain);
      if (flat) return [...this.phrase(part.over, true), "/", ...this.phrase(part.under, true)];
      return make("span", { class: "fraction" },
        make("span", {}, this.phrase(part.over)),
        make("span", { class: "visually-hidden" }, "/"),
        make("span", {}, this.phrase(part.under)));
    }).flat();
  }

  partial() {
    return Object.hasOwn(this.math, "\\partial") ? this.set("\\partial", "∂") : make("span", { class: "partial" }, "∂");
  }

  // A single letter of the mathematics, which need not be among the formulas that were typeset.
  letter(text) {
    return Object.hasOwn(this.math, text) ? this.set(text) : make("i", { class: "letter" }, text);
  }
}
