// The keyboard, and the help that lists its keys.

import { button, make } from "./dom.js";

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
export function listen(where, act) {
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

export function helpDialog() {
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
