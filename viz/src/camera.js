// Which part of a picture is seen: pan by dragging, zoom with ctrl and the wheel, with two fingers, or by a call.

const CLOSEST = 6, MARGIN = 14;
const READABLE = 0.5; // a picture is not shrunk below this at first: a large one begins where the computation does

export class Camera {
  // `frame`: the element in which an SVG is shown; `moved` is told which part of it is seen, and how large.
  constructor(frame, moved) {
    this.frame = frame;
    this.moved = moved;
    this.touches = new Map();
    this.dragged = false; // was the last press of a pointer a drag, and so no click?
    frame.addEventListener("pointerdown", (event) => this.press(event));
    frame.addEventListener("pointermove", (event) => this.drag(event));
    for (const type of ["pointerup", "pointercancel"]) frame.addEventListener(type, (event) => this.release(event));
    frame.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    this.observer = new ResizeObserver(() => this.resized());
    this.observer.observe(frame);
    this.print = () => { // on paper all of it is seen, in whatever room there is
      const { x, y, width, height } = this.bounds;
      this.svg.setAttribute("viewBox", `${x} ${y} ${width} ${height}`);
      this.moved(this.bounds, 1);
    };
    this.printed = () => this.apply();
    window.addEventListener("beforeprint", this.print);
    window.addEventListener("afterprint", this.printed);
  }

  destroy() {
    this.observer.disconnect();
    window.removeEventListener("beforeprint", this.print);
    window.removeEventListener("afterprint", this.printed);
  }

  // Shows another picture, of which the view box says how large it is.
  film(svg, focus) {
    this.svg = svg;
    const [x, y, width, height] = svg.getAttribute("viewBox").split(/[\s,]+/).map(Number);
    this.bounds = { x, y, width, height };
    svg.removeAttribute("width");
    svg.removeAttribute("height");
    this.measure();
    this.start(focus);
  }

  measure() {
    this.hidden = !this.frame.clientWidth || !this.frame.clientHeight; // or not in the document yet, as in a notebook
    this.width = this.frame.clientWidth || 1;
    this.height = this.frame.clientHeight || 1;
  }

  // All of it, but not too small to be read.
  start(focus) {
    this.focus = focus;
    this.fit();
    if (this.hidden || this.scale >= READABLE) return;
    this.scale = Math.min(1, READABLE * 1.6);
    this.whole = false;
    const box = focus?.();
    if (box) this.centre(box.x + box.width / 2, box.y + box.height / 2);
    else this.centre(this.bounds.x, this.bounds.y);
  }

  fit() {
    const { x, y, width, height } = this.bounds;
    this.scale = Math.min((this.width - MARGIN) / width, (this.height - MARGIN) / height, this.largest());
    this.whole = true; // stays so when the frame changes its size
    if (this.hidden) this.scale = 1;
    this.centre(x + width / 2, y + height / 2);
  }

  // A small graph fills a large screen, but not with one box.
  largest(width = this.width) {
    return Math.max(1.4, Math.min(3, width / 620));
  }

  resized() {
    if (!this.svg) return;
    const [x, y] = [this.x, this.y];
    this.measure();
    if (this.hidden) return; // it is as it was when it is seen again
    if (this.whole) this.start(this.focus);
    else this.centre(x, y);
  }

  centre(x, y) {
    const { bounds } = this;
    const within = (at, low, size, seen) =>
      seen >= size ? low + size / 2 : Math.min(low + size - seen / 2 + seen * 0.3, Math.max(low + seen / 2 - seen * 0.3, at));
    this.x = within(x, bounds.x, bounds.width, this.width / this.scale);
    this.y = within(y, bounds.y, bounds.height, this.height / this.scale);
    this.apply();
  }

  apply() {
    const width = this.width / this.scale, height = this.height / this.scale;
    this.svg.setAttribute("viewBox", `${this.x - width / 2} ${this.y - height / 2} ${width} ${height}`);
    const movable = width < this.bounds.width || height < this.bounds.height;
    this.frame.classList.toggle("movable", movable);
    this.moved({ x: this.x - width / 2, y: this.y - height / 2, width, height }, this.scale);
  }

  // Enlarges about a point of the frame, in pixels from its middle.
  zoom(factor, dx = 0, dy = 0) {
    const scale = Math.min(CLOSEST, Math.max(0.03, this.scale * factor));
    const [x, y] = [this.x + dx / this.scale - dx / scale, this.y + dy / this.scale - dy / scale];
    this.scale = scale;
    this.whole = false;
    this.centre(x, y);
  }

  // Jumps there if it is not seen well; nothing moves while it is.
  reveal(box) {
    if (this.whole && this.scale >= READABLE * 0.9) return;
    const inset = 24 / this.scale;
    const halfWidth = this.width / this.scale / 2 - inset, halfHeight = this.height / this.scale / 2 - inset;
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    if (Math.abs(x - this.x) + box.width / 2 > halfWidth || Math.abs(y - this.y) + box.height / 2 > halfHeight) this.centre(x, y);
  }

  fromMiddle(event) {
    const box = this.frame.getBoundingClientRect();
    return [event.clientX - box.left - box.width / 2, event.clientY - box.top - box.height / 2];
  }

  press(event) {
    if (event.button > 0 || event.target.closest("button")) return;
    this.touches.set(event.pointerId, [event.clientX, event.clientY]);
    this.dragged = false;
    this.travelled = 0;
  }

  drag(event) {
    const before = this.touches.get(event.pointerId);
    if (!before || !this.svg) return;
    const [dx, dy] = [event.clientX - before[0], event.clientY - before[1]];
    this.travelled += Math.hypot(dx, dy);
    if (this.travelled < 5) return; // a hand is not steady
    if (!this.dragged) {
      this.dragged = true;
      this.frame.setPointerCapture(event.pointerId);
    }
    const others = [...this.touches].filter(([id]) => id !== event.pointerId);
    this.touches.set(event.pointerId, [event.clientX, event.clientY]);
    this.whole = false;
    if (others.length === 1) {
      const [ox, oy] = others[0][1];
      const distance = (x, y) => Math.max(1, Math.hypot(x - ox, y - oy));
      this.zoom(distance(event.clientX, event.clientY) / distance(...before), ...this.fromMiddle({ clientX: ox, clientY: oy }));
    } else this.centre(this.x - dx / this.scale, this.y - dy / this.scale);
  }

  release(event) {
    this.touches.delete(event.pointerId);
  }

  // Without ctrl the wheel scrolls what the picture stands in.
  wheel(event) {
    if (!(event.ctrlKey || event.metaKey) || !this.svg) return;
    event.preventDefault();
    this.zoom(Math.exp(-Math.max(-60, Math.min(60, event.deltaY)) / 150), ...this.fromMiddle(event));
  }
}
