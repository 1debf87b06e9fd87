// built from viz/src by viz/build.py: do not edit

// dom.js

// Elements, made in one expression.  Text is always set as text: a name out of somebody's program is never markup.

const SVG = "http://www.w3.org/2000/svg";

function make(tag, attributes = {}, ...children) {
  return furnished(document.createElement(tag), attributes, children);
}

function makeSvg(tag, attributes = {}, ...children) {
  return furnished(document.createElementNS(SVG, tag), attributes, children);
}

function furnished(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== undefined && value !== null) element.setAttribute(name, value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== undefined && child !== null && child !== false));
  return element;
}

// What Python has drawn comes as text.  It holds shapes and words only; anything else is taken out, so that a page made
// from a file of unknown origin shows a picture and does nothing.  A look at the text tells whether there is anything
// else: to look at a hundred thousand elements takes longer.

const DRAWN = ["svg", "g", "path", "rect", "circle", "line", "use", "text", "tspan", "title", "desc", "defs"];
const DOUBTFUL = new RegExp(`<(?!/?(?:${DRAWN.join("|")})[\\s/>])|\\s(?:on\\w+|style)\\s*=|href\\s*=\\s*"?[^"#]`, "i");

function drawn(text) {
  const template = document.createElement("template"); // what is parsed here neither loads nor runs
  template.innerHTML = text.trimStart().startsWith("<svg") ? text : `<svg>${text}</svg>`;
  const svg = template.content.firstElementChild;
  if (DOUBTFUL.test(text)) cleaned(svg);
  return document.adoptNode(svg);
}

function cleaned(svg) {
  for (const element of svg.querySelectorAll("*")) {
    if (!DRAWN.includes(element.localName)) element.remove();
    for (const { name, value } of [...element.attributes]) {
      const bad = /^on|^style$/i.test(name) || (/href$/i.test(name) && !value.startsWith("#"));
      if (bad) element.removeAttribute(name);
    }
  }
}

// The icons are drawn here, since many fonts lack the signs of a media player.

const ICONS = {
  first: "M5 5h2.5v14H5zM19 5v14l-10-7z",
  previous: "M17 5v14L6 12z",
  next: "M7 5v14l11-7z",
  last: "M16.5 5H19v14h-2.5zM5 5v14l10-7z",
  play: "M6 4v16l14-8z",
  pause: "M6 4h4.5v16H6zM13.5 4H18v16h-4.5z",
  auto: "M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18zm0 2v14a7 7 0 0 1 0-14z",
  light: "M12 7.5a4.5 4.5 0 1 0 0 9a4.5 4.5 0 0 0 0-9zM11 1.5h2v3.5h-2zM11 19h2v3.5h-2zM1.5 11H5v2H1.5zM19 11h3.5v2H19z"
    + "M4.2 5.6L5.6 4.2L8 6.6L6.6 8zM16 17.4l1.4-1.4l2.4 2.4l-1.4 1.4zM18.4 4.2l1.4 1.4L17.4 8L16 6.6zM4.2 18.4L6.6 16L8 17.4l-2.4 2.4z",
  dark: "M20 14.5A8.5 8.5 0 0 1 9.5 4A8.5 8.5 0 1 0 20 14.5z",
  present: "M3 4h18v12h-8v2.2l4 2.3v1.5l-5-2.2l-5 2.2v-1.5l4-2.3V16H3zM5 6v8h14V6z",
  more: "M11 5h2v6h6v2h-6v6h-2v-6H5v-2h6z",
  less: "M5 11h14v2H5z",
  fit: "M4 4h6v2H6v4H4zM14 4h6v6h-2V6h-4zM4 14h2v4h4v2H4zM18 14h2v6h-6v-2h4z",
  close: "M6.4 5L12 10.6L17.6 5L19 6.4L13.4 12L19 17.6L17.6 19L12 13.4L6.4 19L5 17.6L10.6 12L5 6.4z",
};

function icon(name) {
  const drawing = makeSvg("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true" });
  drawing.append(makeSvg("path", { d: ICONS[name] }));
  return drawing;
}

function button(name, label, action, attributes = {}) {
  return make("button", { type: "button", "aria-label": label, title: label, click: action, ...attributes }, icon(name));
}

// figures.js

// Numbers as text: short, and never so short that they mislead.  No DOM.

const SPECIAL = { NaN: "NaN", Infinity: "∞", "-Infinity": "−∞" };

const signed = (text) => text.replace("-", "−");
const raised = (n) => String(n).replace("-", "⁻").replace(/\d/g, (d) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[d]);

// A number in so many significant digits.  Zeros at its end stay where it was rounded: 0.5000 is not quite 0.5.
function figure(x, digits = 5) {
  if (typeof x !== "number") return SPECIAL[x] ?? String(x);
  if (Number.isInteger(x) && Math.abs(x) < 1e6) return signed(String(x));
  const [mantissa, power] = x.toExponential(digits - 1).split("e");
  const exponent = Number(power);
  const exact = Math.abs(Number(`${mantissa}e${power}`) - x) <= 1e-12 * Math.abs(x); // 0.1 + 0.2 is 0.3 here
  const plain = exponent >= -4 && exponent < 6;
  const text = plain ? x.toFixed(Math.max(0, digits - 1 - exponent)) : mantissa;
  const short = exact && text.includes(".") ? text.replace(/\.?0+$/, "") : text;
  return signed(short) + (plain ? "" : `·10${raised(exponent)}`);
}

// All its digits.
function exactly(x) {
  return typeof x === "number" ? signed(Object.is(x, -0) ? "-0" : String(x)) : (SPECIAL[x] ?? String(x));
}

// How the numbers of one table are written: with the same number of decimals if that shows at least three digits of each,
// so that they stand below each other.  An exact zero is 0, and nothing else is.
function tableFigures(values, digits = 4) {
  const sizes = values.filter((x) => typeof x === "number" && x !== 0).map(Math.abs);
  if (!sizes.length || sizes.every((x) => Number.isInteger(x) && x < 1e6)) return (x) => figure(x, digits);
  const order = (x) => Math.floor(Math.log10(x));
  const high = order(Math.max(...sizes));
  const needed = Math.max(digits - 1 - high, 2 - order(Math.min(...sizes)), 0);
  const enough = Math.max(...sizes.map(decimals));
  if (high > 5 || needed > 7) return (x) => figure(x, digits);
  const places = Math.min(needed, enough);
  return (x) => (typeof x === "number" && x !== 0 ? signed(x.toFixed(places)) : figure(x));
}

function decimals(x) {
  const [mantissa, power = "0"] = String(x).split("e");
  return Math.max(0, (mantissa.split(".")[1] ?? "").length - Number(power));
}

function sizeOf(shape) {
  return shape.reduce((product, n) => product * n, 1);
}

function shapeInWords(shape) {
  if (!shape.length) return "one number";
  if (shape.length === 1) return shape[0] === 1 ? "1 number" : `${counted(shape[0])} numbers`;
  return shape.map(counted).join(" × ");
}

function counted(n) {
  return String(n).replace(/\B(?=(\d{3})+$)/g, n > 9999 ? "," : "");
}

// What is said of an array that is not written out.
function summary(numbers) {
  const { low, high, mean, norm, nan = 0, infinite = 0 } = numbers;
  const said = [];
  if (low !== undefined) said.push(`from ${figure(low, 4)} to ${figure(high, 4)}`);
  if (mean !== undefined) said.push(`mean ${figure(mean, 4)}`);
  if (norm !== undefined) said.push(`norm ${figure(norm, 4)}`);
  return [...said, ...odd(nan, infinite)].join(", ");
}

function odd(nan, infinite) {
  const said = [];
  if (nan) said.push(nan === 1 ? "one is not a number (NaN)" : `${counted(nan)} are not a number (NaN)`);
  if (infinite) said.push(infinite === 1 ? "one is infinite" : `${counted(infinite)} are infinite`);
  return said;
}

// latex.js

// LaTeX as a line of plain text: for screen readers, tooltips and the find box.  No DOM.

const LETTERS = {
  alpha: "α", beta: "β", gamma: "γ", delta: "δ", epsilon: "ε", varepsilon: "ε", zeta: "ζ", eta: "η", theta: "θ",
  kappa: "κ", lambda: "λ", mu: "μ", nu: "ν", xi: "ξ", pi: "π", rho: "ρ", sigma: "σ", tau: "τ", phi: "φ", varphi: "φ",
  chi: "χ", psi: "ψ", omega: "ω", Gamma: "Γ", Delta: "Δ", Theta: "Θ", Lambda: "Λ", Xi: "Ξ", Pi: "Π", Sigma: "Σ",
  Phi: "Φ", Psi: "Ψ", Omega: "Ω", partial: "∂", nabla: "∇", sum: "Σ", prod: "Π", cdot: "·", cdots: "⋯", ldots: "…",
  dots: "…", times: "×", odot: "⊙", oslash: "⊘", otimes: "⊗", circ: "∘", top: "ᵀ", infty: "∞", sqrt: "√", leq: "≤",
  geq: "≥", le: "≤", ge: "≥", neq: "≠", in: "∈", lfloor: "⌊", rfloor: "⌋", lceil: "⌈", rceil: "⌉", mid: "|", vert: "|",
  Vert: "‖", to: "→", prime: "′", langle: "⟨", rangle: "⟩", quad: " ", qquad: " ", ell: "ℓ", approx: "≈", ast: "*",
  lbrace: "{", rbrace: "}", textbackslash: "\\", textasciitilde: "~", textasciicircum: "^",
};

const known = new Map();

function plain(latex) {
  if (!known.has(latex)) known.set(latex, flattened(latex));
  return known.get(latex);
}

// What stands above or below a fraction's line, in parentheses if it would fall apart in a line of text.
const held = (part) => (/[-+ ]|\\[a-z]+ /.test(part.trim()) && !/^(\\left)?\([^()]*\)$/.test(part.trim()) ? `(${part})` : part);

function flattened(latex) {
  let text = latex
    .replace(/\\[,;:! ]/g, " ")
    .replace(/\\text\{([^{}\\]*)\}/g, (_, words) => words.replace(/ /g, "\u0003"))
    .replace(/\\d?frac\{((?:[^{}]|\{[^{}]*\})*)\}\{((?:[^{}]|\{[^{}]*\})*)\}/g, (_, over, under) => `${held(over)}/${held(under)}`)
    .replace(/\\(left|right|big|Big|bigl|bigr|displaystyle)(?![A-Za-z])\s*\.?/g, "")
    .replace(/\\([{}_$%&#])/g, (_, sign) => ({ "{": "\u0001", "}": "\u0002" })[sign] ?? sign)
    .replace(/\\([A-Za-z]+)(\s*)/g, (_, word, space) => LETTERS[word] ?? (/^(lim|max|min|log|exp|sin|cos|tan|tanh|sinh|cosh|det)$/.test(word) ? word + space : ""));
  text = text.replace(/\^\{\(([^()]*)\)\}/g, "($1)").replace(/[\^_]\{([^{}ᵀ]+)\}/g, (all, inside) => (all[0] === "^" ? "^" : "") + inside);
  return text.replace(/\^?\{?([^{}]*?)ᵀ\}?/g, "$1ᵀ").replace(/[{}_]/g, "").replace(/\u0001/g, "{").replace(/\u0002/g, "}").replace(/\s+/g, " ").replace(/\u0003/g, " ").trim();
}

// words.js

// What a step is called, in words and mathematics.  No DOM.
//
// A phrase is a list of strings, formulas {tex, plain} and fractions {over, under}; `said` gives it as plain text.


const SHORT = 26; // a formula of so many letters stands for a value without a name
const WHOLE = /^[^\W_]+$|^[\p{L}\w]+\((?:[^()]|\([^()]*\))*\)$/u; // a word, or a function of something, needs no parentheses
const FEW = 4; // so many numbers of a vector are written out in a line

function said(phrase) {
  return phrase
    .map((part) => (typeof part === "string" ? part : part.over ? `${said(part.over)}/${said(part.under)}` : part.plain))
    .join("");
}

function called(node) {
  if (node.symbol) return { tex: node.symbol, plain: node.name ?? plain(node.symbol) };
  if (node.name) return node.name;
  if (node.called && plain(node.called).length <= SHORT) {
    return { tex: node.called, plain: plain(node.called), made: node.called === node.formula };
  }
  return node.op ? `the result of ${node.op}` : `a ${node.kind}`;
}

// What a letter in a formula stands for, as a phrase: W is 10 × 64; a = 2; z = tanh(v), 64 numbers.
function meant(story, letter) {
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
function quantity(node) {
  const name = called(node);
  if (typeof name === "string") return node.name ? [name] : [`[${node.op ?? node.kind} ${node.id}]`];
  return name.made && !WHOLE.test(name.plain) ? ["(", name, ")"] : [name];
}

const derivative = (of, by) => ({ over: ["∂", ...quantity(of)], under: ["∂", ...quantity(by)] });

function gradientOf(story, node) {
  return derivative(story.nodes[story.trace.result], story.nodes[node]);
}

const PHASES = { start: "start", forward: "forward", seed: "backward", backward: "backward" };

function phaseOf(story, k) {
  return PHASES[story.moment(k).phase];
}

// The heading of a step.
function heading(story, k) {
  const { phase, here, from } = story.moment(k);
  if (phase === "start") return [story.trace.left_out ? "What is given, or computed earlier" : "The leaves are given"];
  const name = called(story.nodes[here]);
  const how = story.nodes[here].elementwise ? ", element by element" : "";
  if (phase === "forward") return typeof name === "string" ? [`${capital(name)}${how}`] : [name, ` by ${story.nodes[here].op}${how}`];
  if (phase === "seed") return ["Backward begins at ", name];
  return [`Through ${story.nodes[from].op} to `, name];
}

// A line in the list of steps.
function entry(story, k) {
  const { phase, here, from } = story.moment(k);
  if (phase === "start") return { phrase: ["given"], op: "" };
  if (phase === "forward") return { phrase: [called(story.nodes[here])], op: story.nodes[here].op };
  return { phrase: [gradientOf(story, here)], op: phase === "seed" ? "seed" : story.nodes[from].op };
}

// What a step gave, in few words.
function outcome(story, k) {
  const { phase, step, edge, here } = story.moment(k);
  const numbers = phase === "forward" ? story.nodes[here].value : phase === "seed" ? story.nodes[here].gradient : (step?.total ?? edge?.passed);
  return numbers ? inShort(numbers) : "";
}

function inShort(numbers) {
  if (numbers.shape.length === 0 && numbers.data !== undefined) return figure(numbers.data, 4);
  const n = numbers.nan ? ", NaN" : numbers.infinite ? ", ∞" : "";
  return shapeInWords(numbers.shape) + n;
}

// What a screen reader says.
function announcement(story, k) {
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

function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

// controls.js

// The bar: transport, slider, find, and what is set once.


const SPEEDS = [0.5, 1, 2, 4];

class Controls {
  constructor(story, title, views, act) {
    this.story = story;
    this.first = button("first", "First step (Home)", () => act.goto(0));
    this.previous = button("previous", "Previous step (left arrow)", () => act.by(-1));
    this.play = button("play", "Play (space)", () => act.play(), { class: "play" });
    this.next = button("next", "Next step (right arrow)", () => act.by(1));
    this.last = button("last", "Last step (End)", () => act.goto(story.last));
    this.slider = make("input", {
      type: "range", min: 0, max: story.last, step: 1, value: 0, "aria-label": "step", class: "slider",
      input: (event) => act.goto(Number(event.target.value)),
    });
    if (story.seedAt) this.slider.style.setProperty("--turn", `${(100 * (story.seedAt - 0.5)) / story.last}%`);
    this.count = make("p", { class: "position" });
    this.count.style.setProperty("--digits", String(story.last).length); // it is as wide at every step
    this.find = make("input", { type: "search", class: "find", placeholder: "find a value ( / )", "aria-label": "find a value by its name, operation or scope", spellcheck: "false", autocomplete: "off" });
    this.matches = make("span", { class: "matches", role: "status" });
    this.speed = make("select", { "aria-label": "speed", title: "Speed", change: (event) => act.speed(Number(event.target.value)) },
      SPEEDS.map((speed) => make("option", { value: speed, selected: speed === 1 }, `${speed}×`)));
    this.view = views.length > 1 && make("select", { "aria-label": "view", title: "How much of the model is unfolded", change: (event) => act.view(Number(event.target.value)) },
      views.map((view, i) => make("option", { value: i }, view.name)));
    this.theme = button("auto", "Theme", () => act.theme());
    this.present = button("present", "Presentation (p)", () => act.present(), { "aria-pressed": "false" });
    this.help = make("button", { type: "button", "aria-label": "Help (?)", title: "Help (?)", click: () => act.help() }, "?");
    this.element = make("header", { class: "bar" },
      make("h1", { class: "title", title }, title),
      make("div", { class: "transport", role: "group", "aria-label": "steps" }, this.first, this.previous, this.play, this.next, this.last),
      this.slider, this.count,
      make("div", { class: "tools" },
        make("div", { class: "search", role: "search" }, this.find, this.matches), this.view, this.speed, this.theme, this.present, this.help));
    this.searching(act);
  }

  // Enter goes from one match to the next, and Esc leaves.
  searching(act) {
    let found = [], at = -1;
    this.find.addEventListener("input", () => {
      found = this.story.find(this.find.value);
      at = -1;
      this.matches.textContent = !this.find.value.trim() ? "" : found.length === 0 ? "none" : String(found.length);
      act.seek(found);
    });
    this.find.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && found.length) {
        event.preventDefault();
        at = (at + (event.shiftKey ? found.length - 1 : 1)) % found.length;
        this.matches.textContent = `${at + 1} of ${found.length}`;
        act.visit(found[at]);
      }
      if (event.key === "Escape") {
        event.stopPropagation();
        event.preventDefault();
        found = [];
        this.find.value = this.matches.textContent = "";
        act.seek(found);
        act.focus();
      }
    });
  }

  show(k) {
    const { last } = this.story;
    this.slider.value = k;
    this.slider.setAttribute("aria-valuetext", announcement(this.story, k));
    const phase = phaseOf(this.story, k);
    this.count.textContent = k ? `step ${k} of ${last}` : `start, ${last} steps`;
    if (k) this.count.append(make("span", { class: `side ${phase}` }, ` · ${phase}`));
    // Not `disabled`: the focus would be lost at the ends.
    for (const one of [this.first, this.previous]) one.setAttribute("aria-disabled", String(k === 0));
    for (const one of [this.next, this.last]) one.setAttribute("aria-disabled", String(k === last));
  }

  playing(on) {
    this.label(this.play, on ? "pause" : "play", on ? "Pause (space)" : "Play (space)");
  }

  themed(choice) {
    this.label(this.theme, choice, `Theme: ${choice} (d)`);
  }

  label(one, sign, text) {
    one.replaceChildren(icon(sign));
    one.setAttribute("aria-label", text);
    one.title = text;
  }

  presenting(on) {
    this.present.setAttribute("aria-pressed", String(on));
    this.present.title = on ? "Leave presentation (p)" : "Presentation (p)";
  }
}

// formulas.js

// Typeset mathematics in the running text, from the outlines that came with the data.


const SIZE = 14; // the size of type that the outlines are for

class Formulas {
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

// keys.js

// The keyboard, and the help that lists its keys.


const HELP = [
  ["→  ←", "next, previous step"],
  ["space", "play, pause"],
  ["Home  End", "first, last step"],
  ["/", "find a value; Enter: the next one; Esc: leave"],
  ["i", "look into the value that the step is about"],
  ["+  −  0", "enlarge, make smaller, show the whole picture"],
  ["p", "presentation; Esc: leave"],
  ["d", "theme: auto, light, dark"],
  ["?", "this help"],
];

// `where`: the document for a page, and for a part of a notebook its own element, whose neighbours need keys too.
function listen(where, act) {
  const press = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const target = event.composedPath()[0];
    const slider = target.type === "range";
    const typed = target.closest?.("dialog, select, textarea, [contenteditable]") || (target.tagName === "INPUT" && !slider);
    // A slider does its own arrows, Home and End; a button its own space and Enter.
    const own = slider ? ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"] : target.tagName === "BUTTON" ? [" ", "Enter"] : [];
    const used = event.defaultPrevented || typed || own.includes(event.key);
    // No letter leaves the player either: in a notebook, x would cut the cell.
    if (used || event.key.length === 1) event.stopPropagation();
    if (used) return;
    const action = {
      ArrowRight: () => act.by(1), ArrowLeft: () => act.by(-1), " ": () => act.play(), Home: () => act.goto(0), End: () => act.goto(act.last()),
      "/": () => act.find(), i: () => act.look(), p: () => act.present(), d: () => act.theme(), "?": () => act.help(),
      "+": () => act.zoom(1.3), "=": () => act.zoom(1.3), "-": () => act.zoom(1 / 1.3), 0: () => act.zoom(0), Escape: () => act.leave(),
    }[event.key];
    if (!action) return;
    if (action() === false) return; // there was nothing to do: the key is somebody else's
    event.preventDefault();
    event.stopPropagation();
  };
  where.addEventListener("keydown", press);
  return () => where.removeEventListener("keydown", press);
}

function helpDialog() {
  const dialog = make("dialog", { class: "help", "aria-label": "help" },
    make("header", {}, make("h2", {}, "Keys"), button("close", "Close (Esc)", () => dialog.close())),
    make("dl", {}, HELP.map(([keys, what]) => [
      make("dt", {}, keys.split("  ").map((key) => make("kbd", {}, key))), make("dd", {}, what),
    ])),
    make("p", {}, "A click on a value goes to the step in which it is computed, or once the sweep has begun, to the step in which "
      + "it first receives a gradient. A second click looks into it. Drag the picture to move it; ctrl and the wheel enlarge it."),
    make("ul", { class: "signs" },
      make("li", {}, make("span", { class: "sample current" }), "what the step is about"),
      make("li", {}, make("span", { class: "sample involved" }), "where its numbers come from"),
      make("li", {}, make("span", { class: "sample swept" }), "a gradient has gone back here")));
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  return dialog;
}

// list.js

// All steps.  Only the lines that are seen exist: of thousands, most never do.


const SPARE = 6; // lines beyond what is seen

let lists = 0; // of the lines' ids: there may be several players on a page

class List {
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

// heat.js

// A matrix as colours: blue below zero, orange above, and white is zero, whatever the range.


const LOW = [0, 90, 156], ZERO = [250, 250, 250], HIGH = [204, 85, 0], NOTHING = [40, 40, 40];
const CELL = 1.4, WIDTH = 20, HEIGHT = 13, LEAST = 0.8; // in em: the most that a cell is wide, and a map wide and high; the least

// `cell`: how wide and high a cell is, in em, where maps are to fit together; `column`: it is a vector, drawn upright;
// `readout`: where it is said what is looked at, if there is no legend of its own.
function heatMap(rows, { label, vector = false, column = false, cell, readout }) {
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

// numbers.js

// Arrays as they are looked at: a number, a table in brackets, or a heat map.


const LARGEST = 8; // rows and columns that are written out
const WIDEST = 160; // columns of maps that stand beside each other

// `exact`: with all digits where it is a single number or a small table.
function showNumbers(numbers, { exact = false, label = "numbers" } = {}) {
  if (!numbers) return make("span", { class: "missing" }, "not kept: its memory was freed");
  const { shape, data } = numbers;
  if (sizeOf(shape) === 0) return make("span", { class: "missing" }, `empty, ${shape.join(" × ")}`);
  if (data === undefined) {
    return make("span", { class: "numbers" }, make("span", { class: "summary" },
      `${shapeInWords(shape)}, too many to be shown: ${summary(numbers)}`));
  }
  if (!shape.length) return single(data, exact);
  if (shape.length > 2) return sliced(numbers, exact, label);
  const columns = shape.length === 1 ? 1 : shape[1];
  return scrolled({ class: exact ? "numbers exact" : columns > 3 ? "numbers wide" : "numbers" }, exact || columns > 2, label,
    plane(data, shape, numbers, exact, label));
}

// What may be too wide for the panel can be scrolled, with the keyboard too.
function scrolled(attributes, wide, label, ...inside) {
  return make("div", { ...attributes, ...(wide ? { tabindex: 0, role: "group", "aria-label": label } : {}) }, inside);
}

// Arrays that are to be seen beside each other, to one scale, so that it is seen how their rows and columns fit: a vector is
// a column.  undefined: they are all small enough to be written, or too wide for that.
function sideBySide(given) {
  const planes = given.map(({ numbers }) => numbers?.data !== undefined && numbers.shape.length <= 2 && sizeOf(numbers.shape)
    ? [numbers.data].flat(numbers.shape.length ? 1 : 0).map((row) => [row].flat()) : undefined);
  if (planes.includes(undefined)) return undefined;
  const height = Math.max(...planes.map((rows) => rows.length));
  const width = planes.reduce((sum, rows) => sum + rows[0].length, 0);
  if ((height <= LARGEST && planes.every((rows) => rows[0].length <= LARGEST)) || width > WIDEST) return undefined;
  const readout = make("output", { class: "readout", "aria-live": "polite" }, "\u00a0");
  const cell = Math.min(1, 10 / height, 15 / width);
  const isMap = planes.map((rows) => rows.length > 1 || rows[0].length > 1);
  return {
    readout,
    shown: planes.map((rows, i) => isMap[i]
      ? heatMap(rows, { label: given[i].label, column: rows[0].length === 1, cell, readout })
      : single(rows[0][0], false)),
    extents: planes.map((rows, i) => (isMap[i] ? [`${rows.length} × ${rows[0].length}`, range(given[i].numbers)] : [])),
  };
}

function range({ low, high, nan = 0, infinite = 0 }) {
  return [low === undefined ? "" : `${figure(low, 3)} to ${figure(high, 3)}`, ...odd(nan, infinite)].filter(Boolean).join(", ");
}

function single(x, exact) {
  const strange = typeof x === "string" ? " strange" : "";
  return make("span", { class: `number${strange}`, title: exactly(x) }, exact ? exactly(x) : figure(x));
}

// A vector is a column, as in mathematics, while that is not too high.
function plane(data, shape, numbers, exact, label) {
  const rows = shape.length === 1 ? data.map((x) => [x]) : data;
  if (rows.length <= LARGEST && rows[0].length <= LARGEST) {
    return [table(rows, exact, label), oddities(numbers)];
  }
  const map = heatMap(shape.length === 1 ? [data] : data, { label, vector: shape.length === 1 });
  return [map, make("p", { class: "summary" }, `${shapeInWords(shape)}: ${summary(numbers)}`)];
}

function table(rows, exact, label) {
  const write = exact ? exactly : tableFigures(rows.flat());
  const body = rows.map((row) => make("tr", {}, row.map((x) =>
    make("td", { title: exactly(x), class: typeof x === "string" ? "strange" : undefined }, write(x)))));
  return make("table", { class: "matrix", "aria-label": `${label}, ${rows.length} by ${rows[0].length}` }, make("tbody", {}, body));
}

function oddities({ nan = 0, infinite = 0 }) {
  const said = odd(nan, infinite);
  return said.length ? make("p", { class: "summary strange" }, said.join(", ")) : null;
}

// Of an array of three or more axes the last two are shown, and the others chosen.
function sliced(numbers, exact, label) {
  const { shape } = numbers;
  const leading = shape.slice(0, -2);
  const chosen = leading.map(() => 0);
  const shown = make("div", {});
  const show = () => {
    const part = chosen.reduce((data, i) => data[i], numbers.data);
    const said = `${label} [${[...chosen, ":", ":"].join(", ")}]`;
    shown.replaceChildren(...[plane(part, shape.slice(-2), {}, exact, said)].flat().filter(Boolean)
      .filter((x) => x.className !== "summary"));
  };
  const selectors = leading.map((n, axis) => make("input", {
    type: "number", min: 0, max: n - 1, value: 0, "aria-label": `index along axis ${axis}, of ${n}`,
    input: (event) => {
      chosen[axis] = Math.min(n - 1, Math.max(0, Math.trunc(Number(event.target.value)) || 0));
      show();
    },
    change: (event) => { event.target.value = chosen[axis]; },
  }));
  show();
  return scrolled({ class: shape[shape.length - 1] > 3 ? "numbers wide" : "numbers" }, true, label,
    make("div", { class: "slice" }, "[", selectors.map((s) => [s, ", "]), ":, :]"),
    shown,
    make("p", { class: "summary" }, `${shapeInWords(shape)}: ${summary(numbers)}`));
}

// backward.js

// A step backward: upstream gradient, local derivative, contribution, and what it is added to.


function backwardStep(story, formulas, k) {
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
function matrixProduct(story, formulas, factors, result, upstream) {
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
function complete(story, node, k) {
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

// source.js

// The lines of the user's program that a step comes from, with the expression underlined.


const AROUND = 2; // lines before and after

function showSource(lines, place) {
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

// panel.js

// What the current step says: in words, in mathematics, in numbers, and in the user's program.


const MOST = 12; // leaves that are listed

class Panel {
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
function lookInto(story, formulas, node, k, close) {
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

// camera.js

// Which part of a picture is seen: pan by dragging, zoom with ctrl and the wheel, with two fingers, or by a call.

const CLOSEST = 6, MARGIN = 14;
const READABLE = 0.5; // a picture is not shrunk below this at first: a large one begins where the computation does

class Camera {
  // `frame`: the element in which an SVG is shown; `moved` is told which part of it is seen, and how large.
  constructor(frame, moved) {
    this.frame = frame;
    this.moved = moved;
    this.touches = new Map();
    this.dragged = false; // was the last press of a pointer a drag, and so no click?
    frame.addEventListener("pointerdown", (event) => this.press(event));
    frame.addEventListener("pointermove", (event) => this.drag(event));
    for (const type of ["pointerup", "pointercancel"]) frame.addEventListener(type, (event) => this.release(event));
    frame.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    this.observer = new ResizeObserver(() => this.resized());
    this.observer.observe(frame);
    this.print = () => { // on paper all of it is seen, in whatever room there is
      const { x, y, width, height } = this.bounds;
      this.svg.setAttribute("viewBox", `${x} ${y} ${width} ${height}`);
      this.moved(this.bounds, 1);
    };
    this.printed = () => this.apply();
    window.addEventListener("beforeprint", this.print);
    window.addEventListener("afterprint", this.printed);
  }

  destroy() {
    this.observer.disconnect();
    window.removeEventListener("beforeprint", this.print);
    window.removeEventListener("afterprint", this.printed);
  }

  // Shows another picture, of which the view box says how large it is.
  film(svg, focus) {
    this.svg = svg;
    const [x, y, width, height] = svg.getAttribute("viewBox").split(/[\s,]+/).map(Number);
    this.bounds = { x, y, width, height };
    svg.removeAttribute("width");
    svg.removeAttribute("height");
    this.measure();
    this.start(focus);
  }

  measure() {
    this.hidden = !this.frame.clientWidth || !this.frame.clientHeight; // or not in the document yet, as in a notebook
    this.width = this.frame.clientWidth || 1;
    this.height = this.frame.clientHeight || 1;
  }

  // All of it, but not too small to be read.
  start(focus) {
    this.focus = focus;
    this.fit();
    if (this.hidden || this.scale >= READABLE) return;
    this.scale = Math.min(1, READABLE * 1.6);
    this.whole = false;
    const box = focus?.();
    if (box) this.centre(box.x + box.width / 2, box.y + box.height / 2);
    else this.centre(this.bounds.x, this.bounds.y);
  }

  fit() {
    const { x, y, width, height } = this.bounds;
    this.scale = Math.min((this.width - MARGIN) / width, (this.height - MARGIN) / height, this.largest());
    this.whole = true; // stays so when the frame changes its size
    if (this.hidden) this.scale = 1;
    this.centre(x + width / 2, y + height / 2);
  }

  // A small graph fills a large screen, but not with one box.
  largest(width = this.width) {
    return Math.max(1.4, Math.min(3, width / 620));
  }

  resized() {
    if (!this.svg) return;
    const [x, y] = [this.x, this.y];
    this.measure();
    if (this.hidden) return; // it is as it was when it is seen again
    if (this.whole) this.start(this.focus);
    else this.centre(x, y);
  }

  centre(x, y) {
    const { bounds } = this;
    const within = (at, low, size, seen) =>
      seen >= size ? low + size / 2 : Math.min(low + size - seen / 2 + seen * 0.3, Math.max(low + seen / 2 - seen * 0.3, at));
    this.x = within(x, bounds.x, bounds.width, this.width / this.scale);
    this.y = within(y, bounds.y, bounds.height, this.height / this.scale);
    this.apply();
  }

  apply() {
    const width = this.width / this.scale, height = this.height / this.scale;
    this.svg.setAttribute("viewBox", `${this.x - width / 2} ${this.y - height / 2} ${width} ${height}`);
    const movable = width < this.bounds.width || height < this.bounds.height;
    this.frame.classList.toggle("movable", movable);
    this.moved({ x: this.x - width / 2, y: this.y - height / 2, width, height }, this.scale);
  }

  // Enlarges about a point of the frame, in pixels from its middle.
  zoom(factor, dx = 0, dy = 0) {
    const scale = Math.min(CLOSEST, Math.max(0.03, this.scale * factor));
    const [x, y] = [this.x + dx / this.scale - dx / scale, this.y + dy / this.scale - dy / scale];
    this.scale = scale;
    this.whole = false;
    this.centre(x, y);
  }

  // Jumps there if it is not seen well; nothing moves while it is.
  reveal(box) {
    if (this.whole && this.scale >= READABLE * 0.9) return;
    const inset = 24 / this.scale;
    const halfWidth = this.width / this.scale / 2 - inset, halfHeight = this.height / this.scale / 2 - inset;
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    if (Math.abs(x - this.x) + box.width / 2 > halfWidth || Math.abs(y - this.y) + box.height / 2 > halfHeight) this.centre(x, y);
  }

  fromMiddle(event) {
    const box = this.frame.getBoundingClientRect();
    return [event.clientX - box.left - box.width / 2, event.clientY - box.top - box.height / 2];
  }

  press(event) {
    if (event.button > 0 || event.target.closest("button")) return;
    this.touches.set(event.pointerId, [event.clientX, event.clientY]);
    this.dragged = false;
    this.travelled = 0;
  }

  drag(event) {
    const before = this.touches.get(event.pointerId);
    if (!before || !this.svg) return;
    const [dx, dy] = [event.clientX - before[0], event.clientY - before[1]];
    this.travelled += Math.hypot(dx, dy);
    if (this.travelled < 5) return; // a hand is not steady
    if (!this.dragged) {
      this.dragged = true;
      this.frame.setPointerCapture(event.pointerId);
    }
    const others = [...this.touches].filter(([id]) => id !== event.pointerId);
    this.touches.set(event.pointerId, [event.clientX, event.clientY]);
    this.whole = false;
    if (others.length === 1) {
      const [ox, oy] = others[0][1];
      const distance = (x, y) => Math.max(1, Math.hypot(x - ox, y - oy));
      this.zoom(distance(event.clientX, event.clientY) / distance(...before), ...this.fromMiddle({ clientX: ox, clientY: oy }));
    } else this.centre(this.x - dx / this.scale, this.y - dy / this.scale);
  }

  release(event) {
    this.touches.delete(event.pointerId);
  }

  // Without ctrl the wheel scrolls what the picture stands in.
  wheel(event) {
    if (!(event.ctrlKey || event.metaKey) || !this.svg) return;
    event.preventDefault();
    this.zoom(Math.exp(-Math.max(-60, Math.min(60, event.deltaY)) / 150), ...this.fromMiddle(event));
  }
}

// picture.js

// The graph: what is seen of it after k steps, what the step is about, and clicks.


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

class Picture {
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

// player.css

const STYLE = `/* The player's looks.  Colours come by their role (theme.js); sizes follow the type, and the type the width. */

:host { display: block; }
* { box-sizing: border-box; }

.frame { container: frame / inline-size; background: var(--paper); }
.player {
  display: flex; flex-direction: column; height: clamp(470px, 76vh, 780px); overflow: hidden; outline: none;
  font: clamp(14.5px, 11.5px + 0.38cqi, 21px)/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
  color: var(--ink); background: var(--paper); text-align: left; font-variant-numeric: tabular-nums lining-nums;
}
.player:not(.page) { border: 1px solid var(--frame); border-radius: 8px; }
.player.page { height: 100vh; height: 100dvh; }
.player.narrow { height: auto; }
.player.page.narrow { min-height: 100vh; }
.glyphs { position: absolute; }
.visually-hidden { position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
p, h1, h2, h3, figure, dl, dd, ul { margin: 0; padding: 0; }
code, kbd, .tex { font-family: ui-monospace, "Cascadia Mono", "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: 0.88em; overflow-wrap: anywhere; }

/* The bar. */

.bar { display: flex; flex-wrap: wrap; align-items: center; gap: 0.35em 0.8em; padding: 0.4em 0.8em; border-bottom: 1px solid var(--frame); flex: none; }
.title { font-size: 1.1em; font-weight: 650; max-width: 9em; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; flex: none; }
.transport, .tools, .search { display: flex; align-items: center; gap: 0.15em; }
.tools { gap: 0.3em; margin-left: auto; }
button, select, input { font: inherit; color: inherit; }
button {
  display: inline-grid; place-items: center; width: 2.25em; height: 2.25em; padding: 0; border: 1px solid transparent; border-radius: 0.45em;
  background: none; cursor: pointer; font-weight: 600;
}
button:hover { background: var(--hover); }
button[aria-disabled="true"] { color: var(--faint); opacity: 0.55; cursor: default; }
button[aria-pressed="true"] { background: var(--hover); border-color: var(--frame); }
.play { background: var(--ink); color: var(--paper); border-radius: 50%; }
.play:hover { background: var(--faint); }
.icon { width: 1.3em; height: 1.3em; fill: currentColor; display: block; }
select, .find, .slice input { height: 2.1em; border: 1px solid var(--frame); border-radius: 0.45em; background: var(--paper); padding: 0 0.4em; }
.find { width: 10.5em; padding: 0 0.6em; }
.find::placeholder { color: var(--faint); opacity: 1; }
.matches:not(:empty) { padding: 0 0.4em; color: var(--faint); white-space: nowrap; font-size: 0.9em; }
.position { flex: none; white-space: nowrap; min-width: calc(10.6em + 1.3em * var(--digits, 2)); color: var(--faint); }
.side { font-weight: 600; }
.side.forward { color: var(--forward); }
.side.backward { color: var(--gradient); }
:focus-visible { outline: 3px solid var(--forward); outline-offset: 2px; }
.details:focus-visible, .list:focus-visible { outline-offset: -3px; }

/* The slider's track says where the computation turns round. */
.slider { flex: 1 1 5em; min-width: 5em; height: 2em; margin: 0; background: none; appearance: none; cursor: pointer; --turn: 100%; }
.slider::-webkit-slider-runnable-track { height: 6px; border-radius: 3px; background: linear-gradient(to right, var(--forward) var(--turn), var(--gradient) var(--turn)); }
.slider::-moz-range-track { height: 6px; border-radius: 3px; background: linear-gradient(to right, var(--forward) var(--turn), var(--gradient) var(--turn)); }
.slider::-webkit-slider-thumb { appearance: none; width: 20px; height: 20px; margin-top: -7px; border-radius: 50%; background: var(--paper); border: 4px solid var(--ink); }
.slider::-moz-range-thumb { width: 12px; height: 12px; border-radius: 50%; background: var(--paper); border: 4px solid var(--ink); }

/* The stage: the picture, and the panel at its right or below it. */

.stage { flex: 1; min-height: 0; display: grid; grid-template-columns: minmax(0, 1fr) clamp(21em, 36%, 34em); }
.panel { min-height: 0; min-width: 0; display: grid; grid-template-rows: minmax(0, 1fr) minmax(7em, 30%); background: var(--panel); border-left: 1px solid var(--frame); }
.flat .stage { grid-template-columns: minmax(0, 1fr); grid-template-rows: minmax(30%, min(var(--flat-height), 56%)) minmax(0, 1fr); }
.flat .panel { grid-template-rows: minmax(0, 1fr); grid-template-columns: minmax(0, 1fr) clamp(19em, 30%, 30em); border-left: 0; border-top: 1px solid var(--frame); }
.flat .list { border-top: 0; border-left: 1px solid var(--frame); }
.flat .step, .flat .look { columns: 2 21em; column-gap: 2.4em; }
.flat .step.whole { columns: auto; }
.flat .step > *, .flat .look > * { break-inside: avoid; }
.narrow .stage { display: flex; flex-direction: column; }
.narrow .screen { height: clamp(200px, 42vh, 420px); flex: none; }
.narrow .panel { display: block; border-left: 0; border-top: 1px solid var(--frame); }
.narrow .list { height: 15em; }
.narrow .details { overflow: visible; min-height: 12em; }
.narrow .bar { flex-wrap: wrap; position: sticky; top: 0; z-index: 2; background: var(--paper); padding: 0.3em 0.5em; }
.narrow .title { flex: 1 1 3em; max-width: none; order: 1; }
.narrow .position { order: 2; min-width: 0; text-align: right; }
.narrow .transport { order: 3; }
.narrow .slider { order: 4; flex: 1 1 7em; }
.narrow .tools { order: 5; flex: 1 1 100%; margin: 0; }
.narrow .search { flex: 1; min-width: 0; }
@container frame (max-width: 34em) { .narrow select { max-width: 6em; } }
.narrow .find { flex: 1; width: 3em; min-width: 3em; }
@container frame (max-width: 75em) {
  .bar { gap: 0.3em 0.5em; }
  .player:not(.narrow) .find { width: 7.5em; }
  .player:not(.narrow) .title { max-width: 6em; }
}

/* The picture. */

.screen { position: relative; overflow: hidden; min-width: 0; min-height: 0; user-select: none; }
.screen.movable { cursor: grab; touch-action: none; }
.screen.movable:active { cursor: grabbing; }
.film, .film > svg { position: absolute; inset: 0; width: 100%; height: 100%; display: block; }
.remark { position: absolute; left: 0.8em; bottom: 0.6em; font-size: 0.85em; color: var(--faint); background: var(--paper); padding: 0 0.3em; max-width: 70%; }
.zoom { position: absolute; right: 0.5em; bottom: 0.5em; display: flex; gap: 0.1em; font-size: 0.85em; background: var(--paper); border-radius: 0.5em; opacity: 0.85; color: var(--faint); }
.zoom:hover, .zoom:focus-within { opacity: 1; color: var(--ink); }

.node { cursor: pointer; }
.node:not(.done), .edge:not(.done) { opacity: 0.5; }
.value, .gradient[data-from] { visibility: hidden; }
.value:not([data-from]), .value.shown, .gradient.shown { visibility: visible; }
.node:hover .outline { stroke-width: 2.6; }
.node.folded .outline { stroke-width: 2.4; }
.edge.swept .line { stroke: var(--gradient); stroke-width: 2; }
.edge.swept .head { fill: var(--gradient); }
.node.involved .outline { stroke: var(--highlight); stroke-width: 2.6; stroke-dasharray: 6 4; }
.node.current .outline { stroke: var(--highlight); stroke-width: 4.4; stroke-dasharray: none; }
.edge.current { opacity: 1; }
.edge.current .line { stroke: var(--highlight); stroke-width: 4; }
.edge.current .head { fill: var(--highlight); }
.node.found .outline { stroke: var(--forward); stroke-width: 4; stroke-dasharray: 1.5 5; stroke-linecap: round; }
.node.found.current .outline { stroke: var(--highlight); stroke-dasharray: none; }
@media (prefers-reduced-motion: no-preference) {
  .node, .edge { transition: opacity 0.2s; }
  .outline, .line { transition: stroke-width 0.15s, stroke 0.15s; }
}

/* The panel: the step. */

.details { overflow: auto; padding: 0.8em 1.1em 1em; scrollbar-width: thin; }
.step > * + *, .look > * + * { margin-top: 0.7em; }
.head .phase { display: flex; align-items: baseline; gap: 0.7em; font-size: 0.88em; color: var(--faint); }
.tag { font-weight: 650; color: var(--ink); }
.forward .tag { color: var(--forward); }
.backward .tag { color: var(--gradient); }
h2 { font-size: 1.25em; line-height: 1.3; font-weight: 650; overflow-wrap: anywhere; }
h3 { font-size: 0.85em; font-weight: 600; color: var(--faint); margin-bottom: 0.25em; }
.math { display: inline-block; fill: currentColor; max-width: 100%; overflow: visible; }
.display { display: flex; align-items: center; flex-wrap: wrap; gap: 0.15em 0.45em; font-size: 1.35em; min-height: 1.6em; }
.equals { color: var(--faint); white-space: pre; }
.partial, .letter { font-family: "STIX Two Math", "STIX Two Text", "Cambria Math", "Latin Modern Math", "Times New Roman", serif; font-style: italic; }
.fraction { display: inline-flex; flex-direction: column; align-items: stretch; text-align: center; vertical-align: middle; line-height: 1.3; font-size: 0.86em; }
.fraction > span:first-child { border-bottom: 0.07em solid currentColor; padding: 0 0.2em 0.12em; }
.fraction > span:last-child { padding: 0.12em 0.2em 0; }
.where, .more, .facts, .summary { color: var(--faint); font-size: 0.92em; }
.recursion { border: 1.5px solid var(--gradient); border-radius: 0.5em; padding: 0.45em 0.7em; font-size: 1.1em; }
.recursion-name { display: inline-block; margin-right: 0.9em; font-size: 0.75em; font-weight: 600; color: var(--gradient); }
.deltas { display: block; color: var(--faint); font-size: 0.82em; margin-top: 0.2em; }
.note { padding-left: 0.7em; border-left: 3px solid var(--gradient); }
.block { border-top: 1px solid var(--frame); padding-top: 0.5em; }
.givens { display: grid; grid-template-columns: minmax(1.6em, auto) minmax(0, max-content); justify-content: start; align-items: center; gap: 0.35em 0.6em; }
.givens .given { display: contents; }
.leaves { display: flex; flex-wrap: wrap; gap: 0.6em 1.8em; }
.leaves .given { display: flex; align-items: center; gap: 0.5em; max-width: 100%; min-width: 0; }
.leaves .numbers { min-width: 0; }
.given-name { text-align: right; max-width: 8em; flex: none; }
.final .given-name { max-width: none; color: var(--gradient); }
.given-note { color: var(--faint); font-size: 0.8em; line-height: 1.2; }
.equation { display: flex; flex-wrap: wrap; align-items: center; gap: 0.4em 0.6em; padding: 0.25em 0; }
.term { display: flex; flex-direction: column; align-items: center; gap: 0.25em; max-width: 100%; }
.term figcaption { font-size: 0.8em; color: var(--faint); text-align: center; max-width: 11em; }
.term > .number { font-size: 1.2em; }
.term.contribution > .number, .term.after > .number { font-weight: 650; color: var(--gradient); }
.operand { display: flex; align-items: center; gap: 0.6em; max-width: 100%; }
.operator { font-size: 1.2em; color: var(--faint); padding-bottom: 1em; }
.term:has(.heat) { width: 100%; align-items: stretch; }
.term:has(.heat) figcaption { text-align: left; max-width: none; }
.tight { gap: 0.3em; justify-content: space-between; max-width: 28em; }
.tight { align-items: flex-start; }
.tight .operand { gap: 0.4em; }
.fitted figcaption { max-width: 7.6em; }
.extent { display: block; }
.stretched { color: var(--faint); font-size: 0.68em; }
.readout:not(.legend *) { display: block; padding-left: 0; font-size: 0.82em; min-height: 1.3em; }
.missing { color: var(--faint); font-style: italic; }
.strange { color: var(--gradient); font-weight: 650; }

/* Numbers. */

.numbers { max-width: 100%; overflow-x: auto; scrollbar-width: thin; }
.matrix { border-collapse: separate; border-spacing: 0; position: relative; margin: 0.1em 0; padding: 0.12em 0.3em; display: inline-table; vertical-align: top; }
.matrix::before, .matrix::after { content: ""; position: absolute; top: 0; bottom: 0; width: 0.34em; border: 0.09em solid currentColor; }
.matrix::before { left: 0; border-right: 0; }
.matrix::after { right: 0; border-left: 0; }
.exact .matrix, .wide .matrix { font-size: 0.84em; }
.matrix td { padding: 0 0.32em; text-align: right; white-space: nowrap; line-height: 1.4; }
.heat { display: grid; grid-template-columns: minmax(0, 1fr); gap: 0.25em; max-width: 100%; }
.field { position: relative; max-width: 100%; outline-offset: 2px; border: 1px solid var(--faint); cursor: crosshair; }
.field canvas { display: block; width: 100%; height: 100%; image-rendering: pixelated; }
.cursor { position: absolute; outline: 2px solid #000; outline-offset: 0; box-shadow: 0 0 0 4px #fff; pointer-events: none; z-index: 1; min-width: 3px; min-height: 3px; }
.legend { display: flex; flex-wrap: wrap; align-items: center; gap: 0.5em; font-size: 0.82em; }
.scale { width: 7em; height: 0.7em; border: 1px solid var(--faint); }
.readout { padding-left: 0.6em; font-weight: 600; }
.slice { display: flex; align-items: center; gap: 0.1em; font-size: 0.9em; white-space: pre; margin-bottom: 0.3em; }
.slice input { width: 4.2em; }

/* The program. */

.source { border-top: 1px solid var(--frame); padding-top: 0.5em; }
.file { font-size: 0.85em; color: var(--faint); margin-bottom: 0.25em; overflow-wrap: anywhere; }
.code-line { display: grid; grid-template-columns: 2.6em minmax(0, 1fr); align-items: baseline; padding: 0.05em 0.3em 0.05em 0; border-left: 3px solid transparent; }
.code-line code { white-space: pre-wrap; }
.line-number { color: var(--faint); font-size: 0.78em; text-align: right; padding-right: 0.8em; }
.code-line.here { background: var(--chosen); border-left-color: var(--highlight); }
.code-line:not(.here) code { color: var(--faint); }
mark { background: none; color: inherit; font-weight: 650; text-decoration: underline 2px var(--highlight); text-underline-offset: 0.25em; }

/* Looking into a value. */

.look { margin-bottom: 1em; padding: 0.7em 0.9em; background: var(--paper); border: 2px solid var(--forward); border-radius: 0.6em; }
.look header, .help header { display: flex; justify-content: space-between; align-items: center; gap: 0.5em; }

/* All steps. */

.list { position: relative; overflow: auto; border-top: 1px solid var(--frame); font-size: 0.92em; scrollbar-width: thin; background: var(--panel); }
.space { position: relative; overflow: hidden; }
.row { position: absolute; left: 0; right: 0; display: grid; grid-template-columns: 2.6em 1.2em minmax(5em, 1fr) minmax(0, auto) minmax(3em, auto); align-items: center; gap: 0.5em; padding: 0 0.9em 0 0.3em; cursor: pointer; border-left: 4px solid transparent; white-space: nowrap; }
.row:hover { background: var(--hover); }
.row[aria-selected="true"] { background: var(--chosen); border-left-color: var(--highlight); }
.row-number { color: var(--faint); text-align: right; font-size: 0.88em; }
.row-sign { text-align: center; font-weight: 700; }
.row.forward .row-sign { color: var(--forward); }
.row.backward .row-sign { color: var(--gradient); }
.row-name { overflow: hidden; text-overflow: ellipsis; }
.row-name .math { max-height: 2em; }
.row-op { color: var(--faint); overflow: hidden; text-overflow: ellipsis; }
.row-outcome { text-align: right; }

/* Help. */

.help { width: min(36em, 92vw); border: 1px solid var(--frame); border-radius: 0.7em; padding: 1em 1.3em; color: var(--ink); background: var(--paper); font-size: 1em; }
.help::backdrop { background: rgb(0 0 0 / 0.45); }
.help dl { display: grid; grid-template-columns: auto 1fr; gap: 0.35em 1.2em; margin: 0.6em 0; align-items: baseline; }
.help dt { display: flex; gap: 0.3em; }
.help p, .help ul { margin-top: 0.7em; }
kbd { border: 1px solid var(--frame); border-bottom-width: 2px; border-radius: 0.35em; padding: 0 0.4em; }
.signs { list-style: none; }
.sample { display: inline-block; width: 2em; height: 0.9em; margin-right: 0.7em; vertical-align: middle; border-radius: 0.25em; }
.sample.current { border: 3px solid var(--highlight); }
.sample.involved { border: 2px dashed var(--highlight); }
.sample.swept { height: 0; border-top: 2px solid var(--gradient); border-radius: 0; }

/* Presentation: larger type, the picture and the step. */

.presenting .player { font-size: clamp(18px, 11px + 1.1cqi, 40px); height: 100vh; height: 100dvh; border: 0; border-radius: 0; }
.presenting:not(.page):not(:fullscreen) { position: fixed; inset: 0; z-index: 2147483000; width: auto; height: auto; margin: 0; border: 0; padding: 0; overflow: hidden; }
.presenting .list, .presenting .tools .search, .presenting .tools select, .presenting .zoom, .presenting .code-line:not(.here) { display: none; }
.presenting .tools button:not([aria-pressed]) { display: none; }
.presenting .head .phase { display: none; }
.presenting .details { padding-top: 0.5em; }
.presenting .step > * + * { margin-top: 0.45em; }
.presenting .bar { font-size: 0.62em; }
.presenting .panel { grid-template-rows: minmax(0, 1fr); }
.presenting .flat .panel { grid-template-columns: minmax(0, 1fr); }
.presenting .stage { grid-template-columns: minmax(0, 1fr) 42%; }
.presenting .flat .stage { grid-template-columns: minmax(0, 1fr); grid-template-rows: minmax(30%, min(var(--flat-height), 50%)) minmax(0, 1fr); }

/* Fingers, forced colours, paper. */

@media (pointer: coarse) {
  button, select, .find { min-width: 40px; min-height: 40px; }
  .slider { height: 40px; }
}
@media (forced-colors: active) {
  .player { --paper: Canvas; --ink: CanvasText; --faint: CanvasText; --line: CanvasText; --frame: CanvasText; --parameter: CanvasText; --data: CanvasText;
    --constant: CanvasText; --result: CanvasText; --parameter-fill: Canvas; --data-fill: Canvas; --constant-fill: Canvas; --result-fill: Canvas;
    --gradient: CanvasText; --highlight: Highlight; --panel: Canvas; --hover: Canvas; --forward: LinkText; --chosen: Canvas; }
  .node:not(.done), .edge:not(.done) { opacity: 1; }
  .node:not(.done) .outline { stroke-dasharray: 1 3; }
  button { border-color: ButtonText; }
  .slider { forced-color-adjust: none; --forward: CanvasText; --gradient: LinkText; }
  .row, .code-line:not(.here) { border-left-color: Canvas; }
  .row[aria-selected="true"] { outline: 2px solid Highlight; outline-offset: -2px; }
  .field, .field canvas, .scale { forced-color-adjust: none; }
}
@media print {
  .player, .player.page { height: auto; border: 0; overflow: visible; font-size: 11pt; }
  .transport, .slider, .tools, .zoom, .list { display: none; }
  .stage, .flat .stage { display: block; }
  .screen, .narrow .screen { height: 9cm; break-inside: avoid; }
  .panel, .flat .panel { display: block; border: 0; background: none; }
  .details { overflow: visible; }
}
`;

// story.js

// What has happened after k steps: the trace, indexed.  No DOM.
//
// k = 0 is before the first step: the leaves are given.  k = i is after step i, and the last k is when all is done.


class Story {
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

// theme.js

// Colours by their role, for paper and for the dark.  They are handed over with the data: tinygrad_edu/web/colours.py has
// them.  Nothing is said by colour alone.

const declared = (colours) => Object.entries(colours).map(([role, code]) => `--${role}: ${code};`).join(" ");

// On paper it is always light.
const themes = ({ light, dark }) => `.player { ${declared(light)} color-scheme: light; }
@media screen { .player.dark { ${declared(dark)} color-scheme: dark; } }
`;

const CHOICES = ["auto", "light", "dark"];

// Is the surrounding dark?  A page asks the system; in a notebook, which has a theme of its own, the background says it.
function isDark(host, page) {
  const system = matchMedia("(prefers-color-scheme: dark)").matches;
  if (page) return system;
  for (let element = host; element; element = element.parentElement ?? element.getRootNode().host) { // marimo has shadow roots, too
    const { lightness, opacity } = seen(getComputedStyle(element).backgroundColor);
    if (opacity > 0.5) return lightness < 0.43;
  }
  return system;
}

// A colour, as a browser says it: rgb(255 255 255), color(srgb 1 1 1), lab(100 0 0), oklch(1 0 0), the opacity being last.
function seen(colour) {
  const [, kind, rest] = /^(rgb|color\(\S+|lab|lch|oklab|oklch)(.*)/.exec(colour) ?? [];
  const [a, b, c, opacity = 1] = (rest?.match(/-?[\d.]+(?:e-?\d+)?/g) ?? []).map(Number);
  if (c === undefined) return { opacity: 0 };
  if (kind.startsWith("ok")) return { lightness: a, opacity };
  if (kind.startsWith("l")) return { lightness: a / 100, opacity };
  return { lightness: (0.3 * a + 0.6 * b + 0.1 * c) / (kind === "rgb" ? 255 : 1), opacity };
}

// main.js

// The player: puts the parts together, and moves them in step.


const PACE = 1200; // milliseconds for a step, when it plays

// Draws the player into a shadow root of `element`, where no style of the surroundings reaches it.
// `options`: page (is it all that there is?), at (the step), moved (called with the step, when the user has gone there).
export function mount(element, data, options = {}) {
  const player = new Player(element, data, options);
  return { goto: (k) => player.goto(k, false), destroy: () => player.destroy() };
}

class Player {
  constructor(host, data, options) {
    this.host = host;
    this.options = options;
    this.story = new Story(data.trace);
    this.k = 0;
    this.speed = 1;
    this.choice = CHOICES.includes(data.theme) ? data.theme : "auto";
    const actions = this.actions();
    this.formulas = new Formulas(data.math, data.glyphs);
    this.controls = new Controls(this.story, data.title ?? "", data.views, actions);
    this.picture = new Picture(data.views, this.story, {
      chosen: (node, again) => this.chosen(node, again),
      passed: (edges) => this.passed(edges),
      opened: (view) => actions.view(view),
    });
    this.panel = new Panel(this.story, this.formulas);
    this.list = new List(this.story, this.formulas, (k) => this.goto(k));
    this.help = helpDialog();
    this.live = make("p", { class: "visually-hidden", "aria-live": "polite", role: "status" });
    this.element = make(options.page ? "main" : "section", { class: options.page ? "player page" : "player", tabindex: -1, "aria-label": options.page ? undefined : `the computation of ${data.title}` },
      this.formulas.glyphs, this.controls.element,
      make("div", { class: "stage" }, this.picture.element, make("div", { class: "panel" }, this.panel.element, this.list.element)),
      this.help, this.live);
    this.build(data.views, data.colours);
    this.stopListening = listen(options.page ? document : this.element, actions);
    this.goto(options.at ?? data.at ?? 0, false);
  }

  build(views, colours) {
    const root = this.host.shadowRoot ?? this.host.attachShadow({ mode: "open" });
    const sheets = [themes(colours), STYLE].map((text) => {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(text);
      return sheet;
    });
    root.adoptedStyleSheets = sheets;
    this.root = root;
    this.frame = make("div", { class: this.options.page ? "frame page" : "frame" }, this.element);
    root.replaceChildren(this.frame);
    this.system = matchMedia("(prefers-color-scheme: dark)");
    this.recolour = () => this.themed();
    this.system.addEventListener("change", this.recolour);
    this.surroundings = new MutationObserver(() => setTimeout(this.recolour, 300)); // a notebook changes its theme so
    for (const one of [document.documentElement, document.body]) this.surroundings.observe(one, { attributes: true });
    this.fullscreen = () => { if (!document.fullscreenElement) this.present(false); };
    document.addEventListener("fullscreenchange", this.fullscreen);
    this.themed();
    this.arrange = () => { this.arranged(views); this.themed(); }; // only what is in the document has surroundings
    this.observer = new ResizeObserver(this.arrange);
    this.observer.observe(this.frame);
    this.arrange();
    this.picture.choose(0);
  }

  // The panel stands at the right of the picture, or below it where the picture is so flat that it then is clearly larger.
  arranged(views) {
    const width = this.frame.clientWidth;
    const size = /viewBox="([^"]*)"/.exec(views[this.picture.current ?? 0].svg)?.[1].split(/[\s,]+/).map(Number) ?? [0, 0, 1, 1];
    const [, , across, down] = size;
    const type = parseFloat(getComputedStyle(this.element).fontSize) || 16;
    const narrow = width < 52 * type && !this.presenting;
    this.element.classList.toggle("narrow", narrow);
    const height = this.element.clientHeight - 3 * type;
    const beside = this.presenting ? 0.58 : 0.64;
    const flat = Math.min(width / across, (0.54 * height) / down);
    this.element.classList.toggle("flat", !narrow && flat > 1.15 * Math.min((beside * width) / across, height / down));
    this.element.style.setProperty("--flat-height", `${Math.round(Math.min(width / across, this.picture.camera.largest(width)) * down + 28)}px`);
  }

  actions() {
    return {
      goto: (k) => this.goto(k),
      by: (n) => this.goto(this.k + n),
      last: () => this.story.last,
      play: () => this.play(!this.timer),
      speed: (speed) => { this.speed = speed; if (this.timer) this.play(true); },
      view: (i) => this.unfold(i),
      theme: () => { this.choice = CHOICES[(CHOICES.indexOf(this.choice) + 1) % CHOICES.length]; this.themed(); },
      present: () => this.present(!this.presenting),
      help: () => this.help.showModal(),
      find: () => { if (this.presenting) this.present(false); this.controls.find.focus(); this.controls.find.select(); },
      look: () => { const { here } = this.story.moment(this.k); return here !== undefined && this.look(this.looking === here ? undefined : here); },
      zoom: (factor) => (factor ? this.picture.camera.zoom(factor) : this.picture.camera.fit()),
      seek: (nodes) => this.picture.seek(nodes),
      visit: (node) => this.visit(node),
      focus: () => this.element.focus(),
      leave: () => this.leave(),
    };
  }

  // Everything that shows the step is told of it here, and nowhere else.
  goto(wanted, byUser = true) {
    const k = Math.max(0, Math.min(this.story.last, Math.trunc(Number(wanted)) || 0));
    if (k === this.k && this.started) return;
    if (byUser && this.timer && k !== this.k + 1) this.play(false);
    this.started = true;
    this.k = k;
    this.list.show(k); // first, since it scrolls: once the picture has changed, that would lay it all out
    this.controls.show(k);
    this.panel.show(k);
    this.picture.show(k);
    if (this.looking !== undefined) this.look(this.looking);
    this.live.textContent = announcement(this.story, k);
    if (k === this.story.last && this.timer) this.play(false);
    if (byUser) this.options.moved?.(k);
  }

  // From the end it plays from the start again.
  play(on) {
    clearInterval(this.timer);
    this.timer = undefined;
    if (on) {
      if (this.k === this.story.last) this.goto(0);
      this.timer = setInterval(() => this.goto(this.k + 1), PACE / this.speed);
    }
    this.controls.playing(on);
  }

  // A click on a node: go to it; where that is the case already, or there is nowhere to go, look into it.
  chosen(node, again) {
    const k = this.story.stepOf(node, this.k);
    if (again && this.toggled === node) return; // the second click of a double click, of which the first has done it
    const there = k === undefined || k === this.k;
    this.toggled = there ? node : undefined;
    if (there) this.look(this.looking === node ? undefined : node);
    else this.goto(k);
  }

  passed(edges) {
    const at = edges.map((edge) => this.story.passedAt.get(edge)).filter(Boolean);
    if (this.story.isBackward(this.k) && at.length) this.goto(Math.min(...at));
    else if (!this.story.isBackward(this.k)) this.goto(this.story.computedAt[this.story.edges[edges[0]].target]);
  }

  visit(node) {
    const k = this.story.stepOf(node, this.k) ?? this.story.computedAt[node];
    this.goto(k);
    this.look(this.story.moment(k).here === node ? undefined : node);
    this.picture.reveal(node);
  }

  look(node) {
    this.looking = node;
    this.panel.element.querySelector(".look")?.remove();
    if (node === undefined) return;
    const close = button("close", "Close", () => { this.look(undefined); this.element.focus(); });
    this.panel.element.prepend(lookInto(this.story, this.formulas, node, this.k, close));
    this.panel.element.scrollTop = 0;
  }

  unfold(i) {
    this.picture.choose(i);
    if (this.controls.view) this.controls.view.value = i;
  }

  themed() {
    this.element.classList.toggle("dark", this.choice === "auto" ? isDark(this.host, this.options.page) : this.choice === "dark");
    this.controls.themed(this.choice);
  }

  // Larger type, and only what is taught.  The full screen is asked for; where it is refused, the rest is done.
  present(on) {
    if (Boolean(this.presenting) === on) return;
    this.presenting = on;
    this.frame.classList.toggle("presenting", on);
    this.controls.presenting(on);
    this.arrange();
    if (on) (this.frame.requestFullscreen?.() ?? Promise.reject(new Error("it cannot"))).catch(() => this.cover());
    else if (document.fullscreenElement) document.exitFullscreen().catch(() => {});
    this.frame.removeAttribute("popover");
    this.element.focus();
  }

  // Over all else, where a notebook's cell would keep what is fixed inside itself.
  cover() {
    if (!this.presenting || this.options.page || !this.frame.showPopover) return;
    this.frame.setAttribute("popover", "manual");
    this.frame.showPopover();
    this.element.focus();
  }

  leave() {
    if (this.presenting) return this.present(false);
    if (this.looking !== undefined) return this.look(undefined);
    return false;
  }

  destroy() {
    this.play(false);
    this.stopListening();
    this.system.removeEventListener("change", this.recolour);
    document.removeEventListener("fullscreenchange", this.fullscreen);
    this.surroundings.disconnect();
    this.observer.disconnect();
    this.picture.destroy();
    this.list.destroy();
    this.root.replaceChildren();
  }
}

// In a notebook, as anywidget calls it: `data` is the page's data as JSON, and `at` the step, in both directions.
function render({ model, el }) {
  const read = (data) => (typeof data === "string" ? JSON.parse(data) : data);
  let player;
  const draw = () => {
    player?.destroy();
    player = mount(el, read(model.get("data")), { at: model.get("at"), moved });
  };
  const moved = (k) => {
    if (model.get("at") === undefined) return;
    model.set("at", k);
    model.save_changes();
  };
  const follow = () => player.goto(model.get("at"));
  draw();
  model.on("change:data", draw);
  model.on("change:at", follow);
  return () => {
    model.off("change:data", draw);
    model.off("change:at", follow);
    player.destroy();
  };
}

export default { render };

// A page of its own has its data beside it.
const stored = document.getElementById("tinygrad-edu-data");
if (stored) mount(document.getElementById("tinygrad-edu"), JSON.parse(stored.textContent), { page: true });
