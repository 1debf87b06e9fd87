// Numbers as text: short, and never so short that they mislead.  No DOM.

const SPECIAL = { NaN: "NaN", Infinity: "∞", "-Infinity": "−∞" };

const signed = (text) => text.replace("-", "−");
const raised = (n) => String(n).replace("-", "⁻").replace(/\d/g, (d) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[d]);

// A number in so many significant digits.  Zeros at its end stay where it was rounded: 0.5000 is not quite 0.5.
export function figure(x, digits = 5) {
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
export function exactly(x) {
  return typeof x === "number" ? signed(Object.is(x, -0) ? "-0" : String(x)) : (SPECIAL[x] ?? String(x));
}

// How the numbers of one table are written: with the same number of decimals if that shows at least three digits of each,
// so that they stand below each other.  An exact zero is 0, and nothing else is.
export function tableFigures(values, digits = 4) {
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

export function sizeOf(shape) {
  return shape.reduce((product, n) => product * n, 1);
}

export function shapeInWords(shape) {
  if (!shape.length) return "one number";
  if (shape.length === 1) return shape[0] === 1 ? "1 number" : `${counted(shape[0])} numbers`;
  return shape.map(counted).join(" × ");
}

export function counted(n) {
  return String(n).replace(/\B(?=(\d{3})+$)/g, n > 9999 ? "," : "");
}

// What is said of an array that is not written out.
export function summary(numbers) {
  const { low, high, mean, norm, nan = 0, infinite = 0 } = numbers;
  const said = [];
  if (low !== undefined) said.push(`from ${figure(low, 4)} to ${figure(high, 4)}`);
  if (mean !== undefined) said.push(`mean ${figure(mean, 4)}`);
  if (norm !== undefined) said.push(`norm ${figure(norm, 4)}`);
  return [...said, ...odd(nan, infinite)].join(", ");
}

export function odd(nan, infinite) {
  const said = [];
  if (nan) said.push(nan === 1 ? "one is not a number (NaN)" : `${counted(nan)} are not a number (NaN)`);
  if (infinite) said.push(infinite === 1 ? "one is infinite" : `${counted(infinite)} are infinite`);
  return said;
}
