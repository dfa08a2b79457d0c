// The picture of a smear: zoom, pan, boxes on and off, and boxes that point to their cells.
// All of it moves the window (viewBox) over a picture that is drawn once, in its own pixels.

const LARGEST = 16;
const STEP = 1.4;

class Viewer {
  constructor(figure) {
    this.figure = figure;
    this.stage = figure.querySelector("[data-viewer-stage]");
    this.full = { width: Number(this.stage.dataset.width), height: Number(this.stage.dataset.height) };
    this.window = { x: 0, y: 0, zoom: 1 };
    this.pointers = new Map();
    this.moved = false;
    this.listen();
    new ResizeObserver(() => this.draw()).observe(this.stage);
    this.draw();
  }

  listen() {
    const { figure, stage } = this;
    figure.querySelector("[data-viewer-boxes]")?.addEventListener("click", (event) => this.toggleBoxes(event));
    for (const button of figure.querySelectorAll("[data-viewer-zoom]")) {
      button.addEventListener("click", () => this.step(button.dataset.viewerZoom));
    }
    stage.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    stage.addEventListener("dblclick", (event) => this.zoomAt(STEP * STEP, this.at(event)));
    stage.addEventListener("keydown", (event) => this.key(event));
    stage.addEventListener("pointerdown", (event) => this.down(event));
    stage.addEventListener("pointermove", (event) => this.move(event));
    for (const end of ["pointerup", "pointercancel"]) {
      stage.addEventListener(end, (event) => this.pointers.delete(event.pointerId));
    }
    stage.addEventListener("click", (event) => this.click(event));
    stage.addEventListener("dragstart", (event) => event.preventDefault());
  }

  // A point of the screen, in pixels of the picture.
  at(event) {
    return new DOMPoint(event.clientX, event.clientY).matrixTransform(this.stage.getScreenCTM().inverse());
  }

  size() {
    return { width: this.full.width / this.window.zoom, height: this.full.height / this.window.zoom };
  }

  show(x, y, zoom) {
    this.window.zoom = Math.min(LARGEST, Math.max(1, zoom));
    const { width, height } = this.size();
    this.window.x = Math.min(this.full.width - width, Math.max(0, x));
    this.window.y = Math.min(this.full.height - height, Math.max(0, y));
    this.draw();
  }

  draw() {
    const { width, height } = this.size();
    this.stage.setAttribute("viewBox", `${this.window.x} ${this.window.y} ${width} ${height}`);
    this.stage.classList.toggle("viewer__stage--zoomed", this.window.zoom > 1);
    const pxPerUnit = this.stage.getScreenCTM()?.a;
    if (!pxPerUnit) return;
    for (const number of this.stage.querySelectorAll(".box__number")) {
      number.setAttribute("font-size", 14 / pxPerUnit);
    }
  }

  zoomAt(factor, point) {
    const zoom = Math.min(LARGEST, Math.max(1, this.window.zoom * factor));
    const ratio = this.window.zoom / zoom;
    this.show(point.x - (point.x - this.window.x) * ratio, point.y - (point.y - this.window.y) * ratio, zoom);
  }

  step(what) {
    if (what === "fit") return this.show(0, 0, 1);
    const { width, height } = this.size();
    const middle = { x: this.window.x + width / 2, y: this.window.y + height / 2 };
    return this.zoomAt(what === "in" ? STEP : 1 / STEP, middle);
  }

  // Brings a cell to the middle, with room around it.
  showCell(box) {
    const { x, y, width, height } = box.querySelector(".box__line").getBBox();
    const zoom = Math.min(this.full.width / (1.8 * width), this.full.height / (1.8 * height));
    this.show(0, 0, zoom);
    const seen = this.size();
    this.show(x + width / 2 - seen.width / 2, y + height / 2 - seen.height / 2, zoom);
  }

  // The plain wheel scrolls the page; with Ctrl, or pinched on a touch pad, it zooms.
  wheel(event) {
    if (!event.ctrlKey) return;
    event.preventDefault();
    this.zoomAt(Math.exp(-event.deltaY / 200), this.at(event));
  }

  key(event) {
    const { width, height } = this.size();
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (event.key === "+" || event.key === "=") this.step("in");
    else if (event.key === "-") this.step("out");
    else if (event.key === "0") this.step("fit");
    else if (moves[event.key] && this.window.zoom > 1) {
      const [right, down] = moves[event.key];
      this.show(this.window.x + (right * width) / 8, this.window.y + (down * height) / 8, this.window.zoom);
    } else return;
    event.preventDefault();
  }

  down(event) {
    this.pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (this.pointers.size === 1) this.moved = false;
  }

  move(event) {
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    const now = { x: event.clientX, y: event.clientY };
    if (this.pointers.size === 2) this.pinch(event.pointerId, before, now);
    else if (this.window.zoom > 1) this.pan(event, before, now);
    if (this.moved || this.pointers.size === 2) this.pointers.set(event.pointerId, now);
  }

  pan(event, before, now) {
    if (!this.moved && Math.hypot(now.x - before.x, now.y - before.y) < 4) return;
    if (!this.moved) this.stage.setPointerCapture(event.pointerId);
    this.moved = true;
    const pxPerUnit = this.stage.getScreenCTM().a;
    const { x, y, zoom } = this.window;
    this.show(x - (now.x - before.x) / pxPerUnit, y - (now.y - before.y) / pxPerUnit, zoom);
  }

  pinch(id, before, now) {
    const other = [...this.pointers].find(([key]) => key !== id)[1];
    const was = Math.hypot(before.x - other.x, before.y - other.y);
    const is = Math.hypot(now.x - other.x, now.y - other.y);
    this.moved = true;
    const middle = { clientX: (now.x + other.x) / 2, clientY: (now.y + other.y) / 2 };
    if (was > 0) this.zoomAt(is / was, this.at(middle));
  }

  toggleBoxes(event) {
    const button = event.currentTarget;
    const shown = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(shown));
    this.figure.classList.toggle("viewer--bare", !shown);
  }

  // A click that ended a drag selects nothing.
  click(event) {
    const box = event.target.closest("[data-box]");
    if (!box) return;
    event.preventDefault();
    if (this.moved) return;
    const card = document.querySelector(`[data-cell="${box.dataset.box}"]`);
    mark(box.dataset.box);
    card.scrollIntoView({ block: "nearest" });
    card.focus({ preventScroll: true });
  }
}

function mark(position) {
  for (const box of document.querySelectorAll("[data-box]")) {
    box.classList.toggle("box--marked", box.dataset.box === position);
  }
  for (const card of document.querySelectorAll("[data-cell]")) {
    card.classList.toggle("cell-card--marked", card.dataset.cell === position);
  }
}

function wireCells(region, viewer) {
  for (const card of region.querySelectorAll("[data-cell]")) {
    const box = region.querySelector(`[data-box="${card.dataset.cell}"]`);
    card.addEventListener("pointerenter", () => mark(card.dataset.cell));
    card.addEventListener("focusin", () => mark(card.dataset.cell));
    card.querySelector(".cell-card__crop").addEventListener("click", (event) => {
      event.preventDefault();
      viewer.showCell(box);
      viewer.stage.scrollIntoView({ block: "nearest" });
    });
  }
}

function start() {
  const figure = document.querySelector("[data-viewer]:not([data-started])");
  if (!figure) return;
  figure.dataset.started = "";
  wireCells(figure.parentElement, new Viewer(figure));
}

start();
document.addEventListener("htmx:load", start);
