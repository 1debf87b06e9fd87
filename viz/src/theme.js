// Colours by their role, for paper and for the dark.  They are handed over with the data: tinygrad_edu/web/colours.py has
// them.  Nothing is said by colour alone.

const declared = (colours) => Object.entries(colours).map(([role, code]) => `--${role}: ${code};`).join(" ");

// On paper it is always light.
export const themes = ({ light, dark }) => `.player { ${declared(light)} color-scheme: light; }
@media screen { .player.dark { ${declared(dark)} color-scheme: dark; } }
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
