// The player: puts the parts together, and moves them in step.

import { Controls } from "./controls.js";
import { button, make } from "./dom.js";
import { Formulas } from "./formulas.js";
import { helpDialog, listen } from "./keys.js";
import { List } from "./list.js";
import { lookInto, Panel } from "./panel.js";
import { Picture } from "./picture.js";
import STYLE from "./player.css";
import { Story } from "./story.js";
import { CHOICES, isDark, themes } from "./theme.js";
import { announcement } from "./words.js";

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
