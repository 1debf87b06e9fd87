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

export function plain(latex) {
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
