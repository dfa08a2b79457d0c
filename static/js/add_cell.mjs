// A box for a cell that was missed: drawn on the picture, moved with arrow keys, or typed.
// Four number fields hold it; whatever changes it, changes them, and the box follows.

const NAMES = ["x", "y", "width", "height"];
// Less is a tap: a box of the usual size lies around it.
const SMALLEST_DRAG_PX = 4;

class Drawing {
  constructor(panel, stage) {
    this.panel = panel;
    this.stage = stage;
    this.full = { width: Number(stage.dataset.width), height: Number(stage.dataset.height) };
    this.fields = NAMES.map((name) => panel.querySelector(`[name="${name}"]`));
    this.start = null;
    this.rect = document.createElementNS(stage.namespaceURI, "rect");
    this.rect.classList.add("new-box");
    this.rect.setAttribute("tabindex", "0");
    this.rect.setAttribute("role", "group");
    this.rect.setAttribute("aria-label", "Box of the new cell. Arrows move it, with Shift they change its size.");
    stage.append(this.rect);
    this.listen();
    this.turn();
  }

  listen() {
    const { panel, stage } = this;
    panel.addEventListener("toggle", () => this.turn());
    for (const field of this.fields) field.addEventListener("input", () => this.draw());
    // Before the viewer: it neither moves the picture nor opens a cell meanwhile.
    stage.addEventListener("pointerdown", (event) => this.down(event), true);
    stage.addEventListener("pointermove", (event) => this.move(event), true);
    for (const end of ["pointerup", "pointercancel"]) {
      stage.addEventListener(end, (event) => this.up(event), true);
    }
    this.rect.addEventListener("keydown", (event) => this.key(event));
  }

  turn() {
    const { open } = this.panel;
    this.stage.classList.toggle("viewer__stage--drawing", open);
    const { x, y, width, height } = this.stage.viewBox.baseVal;
    if (open && this.fields.every((field) => !field.value)) this.around({ x: x + width / 2, y: y + height / 2 });
    this.draw();
  }

  // A point of the screen in pixels of the picture, or the nearest one of the picture.
  at({ clientX, clientY }) {
    const { x, y } = new DOMPoint(clientX, clientY).matrixTransform(this.stage.getScreenCTM().inverse());
    return { x: Math.min(this.full.width, Math.max(0, x)), y: Math.min(this.full.height, Math.max(0, y)) };
  }

  // As large as a cell that was found, else an eighth of the picture.
  around(point) {
    const found = this.stage.querySelector(".box__line");
    const side = found ? Number(found.getAttribute("width")) : this.full.width / 8;
    this.set(point.x - side / 2, point.y - side / 2, side, side);
  }

  set(x, y, width, height) {
    const [w, h] = [Math.min(width, this.full.width), Math.min(height, this.full.height)];
    const left = Math.min(this.full.width - w, Math.max(0, x));
    const top = Math.min(this.full.height - h, Math.max(0, y));
    [left, top, w, h].forEach((value, n) => (this.fields[n].value = Math.floor(value)));
    this.draw();
  }

  draw() {
    NAMES.forEach((name, n) => this.rect.setAttribute(name, Math.max(0, this.fields[n].valueAsNumber || 0)));
  }

  down(event) {
    if (!this.panel.open || !event.isPrimary || event.button !== 0) return;
    event.stopImmediatePropagation();
    event.preventDefault();
    this.stage.setPointerCapture(event.pointerId);
    this.start = event;
  }

  move(event) {
    if (!this.start || !event.isPrimary) return;
    event.stopImmediatePropagation();
    if (this.isTap(event)) return;
    const [from, to] = [this.at(this.start), this.at(event)];
    this.set(Math.min(from.x, to.x), Math.min(from.y, to.y), Math.abs(to.x - from.x), Math.abs(to.y - from.y));
  }

  up(event) {
    if (!this.start || !event.isPrimary) return;
    if (event.type === "pointerup" && this.isTap(event)) this.around(this.at(event));
    this.start = null;
  }

  isTap(event) {
    return Math.hypot(event.clientX - this.start.clientX, event.clientY - this.start.clientY) < SMALLEST_DRAG_PX;
  }

  key(event) {
    const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (!ways[event.key]) return;
    event.preventDefault();
    event.stopPropagation();
    const step = Math.max(1, Math.round(this.stage.viewBox.baseVal.width / 100));
    const [right, down] = ways[event.key].map((way) => way * step);
    const [x, y, width, height] = this.fields.map((field) => field.valueAsNumber || 0);
    if (event.shiftKey) this.set(x, y, Math.max(step, width + right), Math.max(step, height + down));
    else this.set(x + right, y + down, width, height);
  }
}

function start() {
  const panel = document.querySelector("[data-add-cell]:not([data-started])");
  const stage = document.querySelector("[data-viewer-stage]");
  if (!panel || !stage) return;
  panel.dataset.started = "";
  new Drawing(panel, stage);
}

start();
document.addEventListener("htmx:load", start);
