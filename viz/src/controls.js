// The bar: transport, slider, find, and what is set once.

import { button, icon, make } from "./dom.js";
import { announcement, phaseOf } from "./words.js";

export const SPEEDS = [0.5, 1, 2, 4];

export class Controls {
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
