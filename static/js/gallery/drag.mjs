// Cells are dragged to a column or to a name: at once with the mouse, after a moment with a finger.

const MOUSE_PX = 6;
const FINGER_PX = 10;
const HOLD_MS = 350;
const EDGE_PX = 48;

export class Drag {
  #start = null; // where the pointer went down, and on which cell
  #ghost = null; // what follows the pointer while cells are dragged
  #over = null; // what they would be dropped on

  // `dropped` is told of the cells and of the label; `tapped` of a press that was no drag.
  constructor(board, { dropped, tapped }) {
    this.board = board;
    this.dropped = dropped;
    this.tapped = tapped;
    board.root.addEventListener("pointerdown", (event) => this.#down(event));
    document.addEventListener("pointermove", (event) => this.#move(event));
    document.addEventListener("pointerup", (event) => this.#up(event));
    document.addEventListener("pointercancel", () => this.#end());
    document.addEventListener("keydown", (event) => event.key === "Escape" && this.#end());
    // While a finger drags a cell it does not scroll, and no menu opens.
    document.addEventListener("touchmove", (event) => this.#ghost && event.preventDefault(), { passive: false });
    board.root.addEventListener("contextmenu", (event) => this.#start?.byFinger && event.preventDefault());
    board.root.addEventListener("dragstart", (event) => event.preventDefault());
  }

  #down(event) {
    const cell = event.target.closest("[data-cell]");
    if (!cell || event.button !== 0) return;
    const byFinger = event.pointerType !== "mouse";
    this.#start = { cell, byFinger, x: event.clientX, y: event.clientY, id: event.pointerId };
    if (byFinger) this.#start.timer = setTimeout(() => this.#take(), HOLD_MS);
  }

  #move(event) {
    if (!this.#start || event.pointerId !== this.#start.id) return;
    const far = Math.hypot(event.clientX - this.#start.x, event.clientY - this.#start.y);
    if (this.#ghost) this.#follow(event);
    else if (this.#start.byFinger && far > FINGER_PX) this.#end();
    else if (!this.#start.byFinger && far > MOUSE_PX && this.dropped) this.#take();
  }

  #take() {
    if (!this.dropped) return;
    const { cell, x, y } = this.#start;
    const chosen = cell.getAttribute("aria-selected") === "true" ? this.board.selected : [cell];
    this.#start.cells = chosen;
    this.#ghost = document.createElement("div");
    this.#ghost.className = "ghost";
    this.#ghost.append(cell.querySelector("svg").cloneNode(true));
    if (chosen.length > 1) this.#ghost.append(Object.assign(document.createElement("span"), { className: "ghost__count", textContent: chosen.length }));
    document.body.append(this.#ghost);
    document.documentElement.classList.add("dragging");
    this.#follow({ clientX: x, clientY: y });
  }

  #follow({ clientX, clientY }) {
    this.#ghost.style.setProperty("--x", `${clientX}px`);
    this.#ghost.style.setProperty("--y", `${clientY}px`);
    const under = document.elementFromPoint(clientX, clientY)?.closest('[data-column]:not([data-column="unidentified"]), [data-name]') ?? null;
    if (under !== this.#over) {
      this.#over?.classList.remove("drop-here");
      this.#over = under;
      under?.classList.add("drop-here");
    }
    const { left, right } = this.board.root.getBoundingClientRect();
    if (clientX < left + EDGE_PX) this.board.root.scrollBy(-12, 0);
    if (clientX > right - EDGE_PX) this.board.root.scrollBy(12, 0);
  }

  #up(event) {
    if (!this.#start || event.pointerId !== this.#start.id) return;
    const { cell, cells } = this.#start;
    const label = this.#over?.dataset.name ?? this.#over?.dataset.column;
    const wasDragged = this.#ghost !== null;
    this.#end();
    if (!wasDragged) this.tapped(event, cell);
    else if (label) this.dropped(cells.filter((each) => each.dataset.label !== label), label);
  }

  #end() {
    clearTimeout(this.#start?.timer);
    this.#ghost?.remove();
    this.#over?.classList.remove("drop-here");
    document.documentElement.classList.remove("dragging");
    this.#start = this.#ghost = this.#over = null;
  }
}
