// The filter, and light or dark.  Without this the page is whole and only cannot be filtered.

const box = document.querySelector("input");
const output = document.querySelector("output");
const articles = [...document.querySelectorAll("article")];
const groups = [...document.querySelectorAll("main section, nav div")];
const links = new Map([...document.querySelectorAll("nav a")].map((a) => [a.hash.slice(1), a]));

function filter() {
  const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
  let number = 0;
  for (const article of articles) {
    const fits = words.every((word) => article.dataset.words.includes(word));
    article.hidden = !fits;
    const link = links.get(article.id);
    if (link) link.hidden = !fits;
    number += fits;
  }
  for (const group of groups) group.hidden = !group.querySelector(":scope > article:not([hidden]), :scope > a:not([hidden])");
  output.textContent = `${number} of ${articles.length}`;
}

function arrive() {
  const there = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (there && there.closest("[hidden]")) {
    box.value = "";
    filter();
    there.scrollIntoView();
  }
}

document.querySelector("form").addEventListener("submit", (event) => {
  event.preventDefault();
  const first = articles.find((article) => !article.hidden);
  if (first) location.hash = first.id;
});
box.addEventListener("input", () => {
  filter();
  document.querySelector(".columns").scrollIntoView();
});
addEventListener("hashchange", arrive);
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "/" && event.target !== box) {
    event.preventDefault();
    box.focus();
    box.select();
  } else if (event.key === "Escape" && event.target === box) {
    box.value = "";
    filter();
    box.blur();
  }
});

// What is too wide for the window can be scrolled, with the keyboard too.
function reach() {
  for (const wide of document.querySelectorAll(".set, .rule > span, .graph, pre")) {
    if (wide.scrollWidth > wide.clientWidth) wide.tabIndex = 0;
    else wide.removeAttribute("tabindex");
  }
}
addEventListener("resize", reach);
document.querySelector("main").addEventListener("toggle", reach, true);
reach();

const root = document.documentElement;
const dark = matchMedia("(prefers-color-scheme: dark)");
const button = document.querySelector("button[type=button]");
const isDark = () => root.classList.contains("dark") || (dark.matches && !root.classList.contains("light"));
const named = () => { button.textContent = isDark() ? "light" : "dark"; };
button.addEventListener("click", () => {
  root.className = isDark() ? "light" : "dark";
  named();
});
dark.addEventListener("change", named);
document.querySelector(".bar").hidden = false;
named();
filter();
