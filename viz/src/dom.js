// Elements, made in one expression.  Text is always set as text: a name out of somebody's program is never markup.

const SVG = "http://www.w3.org/2000/svg";

export function make(tag, attributes = {}, ...children) {
  return furnished(document.createElement(tag), attributes, children);
}

export function makeSvg(tag, attributes = {}, ...children) {
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

export function drawn(text) {
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

export function icon(name) {
  const drawing = makeSvg("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true" });
  drawing.append(makeSvg("path", { d: ICONS[name] }));
  return drawing;
}

export function button(name, label, action, attributes = {}) {
  return make("button", { type: "button", "aria-label": label, title: label, click: action, ...attributes }, icon(name));
}
