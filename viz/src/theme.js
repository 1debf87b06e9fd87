// Colours by their role, for paper and for the dark.  They are those of Okabe and Ito (2008), which the colour-blind tell
// apart too; and nothing is said by colour alone.

const COLOURS = {
  // role: [light, dark]
  paper: ["#ffffff", "#15181c"],
  ink: ["#1a1a1a", "#f1f3f4"],
  faint: ["#5f6368", "#a5abb2"],
  line: ["#6b7075", "#9aa0a6"],
  frame: ["#c3c8ce", "#4a5058"],
  parameter: ["#b36b00", "#f0b040"],
  "parameter-fill": ["#fff3d9", "#3a2f17"],
  data: ["#0068a8", "#6bb8ee"],
  "data-fill": ["#e6f2fb", "#16303f"],
  constant: ["#6b7075", "#9aa0a6"],
  "constant-fill": ["#f3f4f5", "#24282d"],
  result: ["#3c4043", "#d4d7da"],
  "result-fill": ["#ffffff", "#1f2328"],
  gradient: ["#b8420b", "#ff9a66"],
  highlight: ["#d55e00", "#ff8a3c"],
  panel: ["#f6f7f9", "#1b1f24"],
  hover: ["#e9edf1", "#2a3037"],
  forward: ["#0068a8", "#6bb8ee"],
  chosen: ["#fdeee3", "#3b281b"],
};

const declarations = (i) => Object.entries(COLOURS).map(([role, both]) => `--${role}: ${both[i]};`).join(" ");

// On paper it is always light.
export const THEMES = `.player { ${declarations(0)} color-scheme: light; }
@media screen { .player.dark { ${declarations(1)} color-scheme: dark; } }
`;

export const CHOICES = ["auto", "light", "dark"];

// Is the surrounding dark?  A page asks the system; in a notebook, which has a theme of its own, the background says it.
export function isDark(host, page) {
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
