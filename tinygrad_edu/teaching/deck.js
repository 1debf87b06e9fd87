// A lesson's page: to read, or slide by slide.  #12 is a slide, and #read the whole; #speaker is the speaker's window.
"use strict";
(() => {
  const root = document.documentElement, slides = [...document.querySelectorAll(".slide")];
  const speaker = document.getElementById("speaker"), where = document.getElementById("where");
  const SMALLEST = 13, READABLE = 22, LARGEST = 27; // pixels of type on a stage of 720
  let at = 1, begun = Date.now(), other = null, typed = "";

  const projecting = () => root.classList.contains("slides");
  const speaking = location.hash === "#speaker";

  // A slide that is too full is set smaller.
  function fit() {
    root.style.setProperty("--fit", Math.min(innerWidth / 1280, innerHeight / 720));
    const slide = slides[at - 1], body = slide.firstElementChild;
    const full = () => body.scrollHeight > 636 || body.scrollWidth > 1137 ||
      [...body.querySelectorAll("pre, .wide")].some((x) => x.scrollWidth > x.clientWidth + 1);
    for (const pre of body.querySelectorAll("pre")) { // a long line makes its own block smaller, and nothing else
      pre.style.fontSize = "";
      if (pre.scrollWidth > pre.clientWidth + 1) pre.style.fontSize = `${Math.max(0.62, (0.81 * pre.clientWidth) / pre.scrollWidth)}em`;
    }
    let size = LARGEST, room = body.querySelector(".drawn") ? 24 : 0; // of type, and of pictures in its units
    const set = () => { slide.style.setProperty("--type", `${size}px`); slide.style.setProperty("--room", `${room}em`); };
    for (set(); full() && size > SMALLEST; set()) {
      if (room > (size > READABLE ? 15 : 11)) room -= 0.5; else size -= 0.5;
    }
    slide.dataset.type = size;
    slide.dataset.full = full();
  }

  function go(number, told = true) {
    at = Math.max(1, Math.min(slides.length, number));
    slides.forEach((slide, i) => slide.classList.toggle("now", i === at - 1));
    where.textContent = `${at} / ${slides.length}`;
    root.style.setProperty("--done", `${(100 * at) / slides.length}%`);
    if (projecting()) { fit(); history.replaceState(null, "", `#${at}`); }
    notes();
    if (told) for (const window of [other, opener]) window?.postMessage({ lesson: document.title, at }, "*");
  }

  // A derivation may come step by step, as on a blackboard.
  const steps = () => [...slides[at - 1].querySelectorAll(".derivation tr")];
  function forward() {
    if (speaking && opener && !opener.closed) return opener.postMessage({ lesson: document.title, does: "next" }, "*");
    const next = root.classList.contains("stepwise") && projecting() ? steps().find((x) => !x.classList.contains("said")) : null;
    if (!next) return go(at + 1);
    for (let row = next; row && (row === next || row.matches(".remark")); row = row.nextElementSibling) row.classList.add("said");
  }

  function notes() {
    root.classList.toggle("noted", !speaker.hidden && !speaking); // then they are printed too
    if (speaker.hidden) return;
    const own = slides[at - 1].querySelector(".notes").cloneNode(true), heading = (i) => slides[i]?.querySelector("h1, h2")?.cloneNode(true).childNodes;
    own.className = "";
    speaker.replaceChildren(own);
    if (!own.childElementCount) own.textContent = "No notes.";
    if (speaking) {
      const clock = document.createElement("p"), title = document.createElement("h2"), coming = document.createElement("p");
      clock.className = "clock";
      title.append(`${at}. `, ...(heading(at - 1) ?? []));
      coming.className = "coming";
      if (at < slides.length) coming.append("Next: ", ...(heading(at) ?? ["goes on"])); else coming.textContent = "The last slide.";
      speaker.prepend(clock, title);
      speaker.append(coming);
      tick();
    }
  }

  function tick() {
    const clock = speaker.querySelector(".clock"), seconds = Math.floor((Date.now() - begun) / 1000);
    if (clock) clock.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  }

  // What scrolls sideways is reached with the keyboard too.
  function reachable() {
    for (const x of document.querySelectorAll("main pre, main .wide, main .formula, main .display")) {
      if (!projecting() && x.scrollWidth > x.clientWidth) x.tabIndex = 0; else x.removeAttribute("tabindex");
    }
  }

  function mode(project) {
    root.classList.toggle("slides", project);
    document.querySelector('[data-do="mode"]').textContent = project ? "Read" : "Slides";
    reachable();
    if (project) return go(at);
    speaker.hidden = true;
    history.replaceState(null, "", "#read");
    if (at > 1) slides[at - 1].scrollIntoView();
  }

  function dark() {
    const now = root.classList.contains("dark") || (!root.classList.contains("light") && matchMedia("(prefers-color-scheme: dark)").matches);
    root.classList.toggle("dark", !now);
    root.classList.toggle("light", now);
  }

  const actions = {
    next: forward, back: () => go(at - 1), first: () => go(1), last: () => go(slides.length), dark,
    mode: () => {
      if (!projecting()) at = Math.max(1, slides.findIndex((x) => x.getBoundingClientRect().bottom > innerHeight / 3) + 1); // what is read
      mode(!projecting());
    },
    notes: () => { if (projecting()) { speaker.hidden = !speaker.hidden; notes(); } },
    window: () => { other = open(`${location.pathname}#speaker`, "speaker", "width=900,height=700"); mode(true); },
    screen: () => (document.fullscreenElement ? document.exitFullscreen() : root.requestFullscreen?.()),
    stepwise: () => {
      root.classList.toggle("stepwise");
      document.querySelectorAll(".said").forEach((x) => x.classList.remove("said"));
    },
    help: () => { const keys = document.getElementById("keys"); keys.open ? keys.close() : keys.showModal(); },
  };
  const KEYS = {
    ArrowRight: "next", ArrowDown: "next", PageDown: "next", " ": "next", Enter: "next", ArrowLeft: "back", ArrowUp: "back", PageUp: "back",
    Backspace: "back", Home: "first", End: "last", s: "mode", n: "notes", p: "window", b: "stepwise", d: "dark", f: "screen", "?": "help",
  };
  const SPEAKERS = ["next", "back", "first", "last", "dark"]; // the speaker's window is never anything else
  const ALWAYS = ["mode", "dark", "help", "window"]; // the others are of slides, and a page that is read scrolls

  addEventListener("keydown", (event) => {
    const action = KEYS[event.key] ?? KEYS[event.key.toLowerCase()]; // with Caps Lock too
    if (!action || event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.getElementById("keys").open && action !== "help") return;
    if (event.target.closest("button, a") && ["Enter", " "].includes(event.key)) return;
    if (speaking ? !SPEAKERS.includes(action) : !projecting() && !ALWAYS.includes(action)) return;
    event.preventDefault();
    if (event.key === "Enter" && typed) go(+typed); else actions[action]();
    typed = "";
  });
  addEventListener("keydown", (event) => { if (/^\d$/.test(event.key) && (projecting() || speaking)) typed = (typed + event.key).slice(-3); });
  addEventListener("click", (event) => actions[event.target.closest("[data-do]")?.dataset.do]?.());
  addEventListener("resize", () => (projecting() ? fit() : reachable()));
  addEventListener("toggle", reachable, true);
  addEventListener("message", (event) => {
    if (event.data?.lesson !== document.title) return;
    if (event.data.asks && !speaking) { // the speaker's window is there, perhaps longer than this page
      other = event.source;
      if (event.data.asks !== at) other.postMessage({ lesson: document.title, at }, "*");
    }
    if (event.source === other && event.data.does === "next") forward();
    if ([other, opener].includes(event.source) && Number.isInteger(event.data.at)) go(event.data.at, false);
  });
  addEventListener("hashchange", () => { if (/^#\d+$/.test(location.hash)) { at = +location.hash.slice(1); mode(true); } });

  let touched = null;
  addEventListener("touchstart", (event) => { touched = event.touches.length === 1 ? event.touches[0].clientX : null; }, { passive: true });
  addEventListener("touchend", (event) => {
    const moved = touched === null ? 0 : event.changedTouches[0].clientX - touched;
    if (projecting() && Math.abs(moved) > 60) go(at + (moved < 0 ? 1 : -1));
  });

  if (speaking) {
    root.classList.add("speaking");
    speaker.hidden = false;
    const ask = () => opener?.postMessage({ lesson: document.title, asks: at }, "*");
    go(1, false);
    ask();
    setInterval(() => { tick(); ask(); }, 1000);
  } else if (/^#\d+$/.test(location.hash)) {
    at = +location.hash.slice(1);
    mode(true);
  } else {
    go(1, false);
    if (location.hash !== "#read" && innerWidth >= 900) mode(true); else mode(false);
  }
})();
