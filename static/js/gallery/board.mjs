// The columns and their cells: which cell is marked, which are selected, where each stands.
// What a cell is stands in its element, as the server wrote it; nothing of it is kept here.

export class Board {
  pointed = null; // the cell under the mouse, until a key has acted
  anchor = null; // where a selection is extended from

  // `shown` is told of each cell that is marked or pointed at.
  constructor(root, shown) {
    this.root = root;
    this.shown = shown;
    this.current = null;
    root.addEventListener("focusin", (event) => this.mark(event.target.closest("[data-cell]")));
    root.addEventListener("pointermove", (event) => this.point(event));
    root.addEventListener("pointerleave", () => this.leave());
  }

  get cells() {
    return [...this.root.querySelectorAll("[data-column]:not([data-elsewhere]) [data-cell]")];
  }

  get selected() {
    return [...this.root.querySelectorAll('[data-cell][aria-selected="true"]')];
  }

  cell(id) {
    return document.getElementById(`cell-${id}`);
  }

  column(code) {
    return this.root.querySelector(`[data-column="${code}"]`);
  }

  columnOf(cell) {
    return cell.closest("[data-column]");
  }

  // What a key acts on: the selection, else what the mouse points at, else the marked cell.
  get targets() {
    const selected = this.selected;
    if (selected.length) return selected;
    const one = this.pointed?.isConnected ? this.pointed : this.current;
    return one ? [one] : [];
  }

  point(event) {
    if (event.pointerType !== "mouse" || event.buttons) return;
    const cell = event.target.closest("[data-cell]");
    if (cell === this.pointed) return;
    this.pointed = cell;
    if (cell) this.shown(cell);
  }

  // A key now acts on the marked cell again, and that is what is shown.
  leave() {
    this.pointed = null;
    if (this.current) this.shown(this.current);
  }

  // --- The marked cell --------------------------------------------------------------------

  // Each column has one cell that Tab leads to; one of these is the marked cell of the board.
  mark(cell) {
    if (!cell) return;
    this.current?.classList.remove("cell--current");
    const entry = this.columnOf(cell).querySelector('[data-cell][tabindex="0"]');
    if (entry) entry.tabIndex = -1;
    cell.tabIndex = 0;
    cell.classList.add("cell--current");
    this.current = cell;
    this.shown(cell);
  }

  go(cell) {
    if (!cell) return;
    this.mark(cell);
    cell.focus({ preventScroll: true });
    cell.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  // Let Tab reach every column, and mark where the work begins.
  start() {
    for (const list of this.root.querySelectorAll("[data-cells]")) {
      if (list.firstElementChild) list.firstElementChild.tabIndex = 0;
    }
    const named = location.hash.startsWith("#cell-") && document.getElementById(location.hash.slice(1));
    if (named) return this.go(named);
    this.mark(this.root.querySelector("[data-cell][data-asks]") ?? this.root.querySelector("[data-cell]"));
  }

  // The next cell that needs a person, and is none of these; from the end on to the beginning.
  next(after, except = []) {
    const cells = this.cells;
    const from = cells.indexOf(after) + 1;
    return [...cells.slice(from), ...cells.slice(0, from)].find(
      (cell) => "asks" in cell.dataset && !except.includes(cell),
    );
  }

  // The cell after these in their column, else the one before.
  beside(cells) {
    const list = [...this.columnOf(cells.at(-1)).querySelectorAll("[data-cell]")];
    const at = list.indexOf(cells.at(-1));
    const others = [...list.slice(at + 1), ...list.slice(0, at).reverse()];
    return others.find((cell) => !cells.includes(cell));
  }

  neighbour(cell, key) {
    const list = [...cell.parentElement.children];
    const at = list.indexOf(cell);
    const across = list.filter((each) => each.offsetTop === list[0].offsetTop).length;
    if (key === "Home") return list[0];
    if (key === "End") return list.at(-1);
    if (key === "ArrowUp") return list[at - across];
    if (key === "ArrowDown") return list[at + across] ?? (at < list.length - 1 ? list.at(-1) : undefined);
    const step = key === "ArrowRight" ? 1 : -1;
    const inRow = (at % across) + step;
    if (inRow >= 0 && inRow < across && list[at + step]) return list[at + step];
    return this.inNextColumn(cell, step, Math.floor(at / across));
  }

  inNextColumn(cell, step, row) {
    const columns = [...this.root.querySelectorAll("[data-column]:not([hidden])")];
    const list = [...(columns[columns.indexOf(this.columnOf(cell)) + step]?.querySelector("[data-cells]").children ?? [])];
    if (!list.length) return undefined;
    const across = list.filter((each) => each.offsetTop === list[0].offsetTop).length;
    const first = Math.min(row * across, Math.floor((list.length - 1) / across) * across);
    return step > 0 ? list[first] : list[Math.min(first + across, list.length) - 1];
  }

  // --- Selection --------------------------------------------------------------------------

  select(cell, on = true) {
    cell.setAttribute("aria-selected", String(on));
    if (on) this.anchor = cell;
  }

  toggle(cell) {
    this.select(cell, cell.getAttribute("aria-selected") !== "true");
    this.anchor = cell;
  }

  clear() {
    for (const cell of this.selected) cell.setAttribute("aria-selected", "false");
    this.anchor = null;
  }

  // All cells between the anchor and this one; never over the end of a column, where a step more
  // would select what is out of sight.
  extend(cell) {
    const from = this.anchor?.isConnected ? this.anchor : this.current;
    const anchor = from && this.columnOf(from) === this.columnOf(cell) ? from : cell;
    const cells = [...cell.parentElement.children];
    const [first, last] = [cells.indexOf(anchor), cells.indexOf(cell)].sort((a, b) => a - b);
    this.clear();
    for (const each of cells.slice(first, last + 1)) each.setAttribute("aria-selected", "true");
    this.anchor = anchor;
  }

  // --- Cells that change ------------------------------------------------------------------

  // Lay a cell at the end of another column; on a page of one class it goes out of sight.
  place(cell, code) {
    const from = this.columnOf(cell);
    const to = this.column(code) ?? this.root.querySelector("[data-elsewhere]");
    if (from === to) return;
    to.querySelector("[data-cells]").append(cell);
    for (const column of [from, to]) {
      column.hidden = "elsewhere" in column.dataset || !column.querySelector("[data-cell]");
    }
  }

  // Show a cell as the server wrote it, where it belongs.
  swap(id, html, code) {
    const old = this.cell(id);
    if (!old) return null;
    const box = document.createElement("template");
    box.innerHTML = html;
    const cell = box.content.firstElementChild;
    const hadFocus = document.activeElement === old;
    cell.tabIndex = old.tabIndex;
    cell.setAttribute("aria-selected", old.getAttribute("aria-selected"));
    cell.querySelector("svg").replaceWith(old.querySelector("svg"));
    const wasCurrent = this.current === old;
    if (this.pointed === old) this.pointed = cell;
    if (this.anchor === old) this.anchor = cell;
    old.replaceWith(cell);
    this.place(cell, code);
    if (wasCurrent) this.mark(cell);
    if (hadFocus) cell.focus({ preventScroll: true });
    return cell;
  }
}
