// What has been on screen: crops are fetched shortly before it, seconds are counted while it lasts,
// and a column can be confirmed as a whole once all of it was there.

const AHEAD = "400px";

export class Sight {
  #seconds = new Map(); // the id of a cell → seconds before it last came into sight
  #since = new Map(); // the id of a cell in sight → when it came
  #seen = new Set();

  constructor(board, fields) {
    this.board = board;
    this.fields = fields;
    // Columns scroll inside themselves: the margin must hold for them, too.
    this.near = new IntersectionObserver((entries) => this.#load(entries), { rootMargin: AHEAD, scrollMargin: AHEAD });
    this.there = new IntersectionObserver((entries) => this.#look(entries), { threshold: 0.6 });
    for (const cell of board.cells) {
      this.near.observe(cell);
      this.there.observe(cell);
    }
    document.addEventListener("visibilitychange", () => this.#pause());
  }

  // A new element of a cell that was watched before.
  watch(cell) {
    this.there.observe(cell);
    if (!cell.querySelector("image").hasAttribute("href")) this.near.observe(cell);
  }

  secondsOf(id) {
    const since = this.#since.get(id);
    const now = since === undefined ? 0 : (performance.now() - since) / 1000;
    return Math.round(10 * ((this.#seconds.get(id) ?? 0) + now)) / 10;
  }

  // Whether a column may be confirmed, on its button.
  tell(column) {
    const button = column?.querySelector("[data-confirm-all]");
    if (!button) return;
    const cells = [...column.querySelectorAll("[data-cell]")];
    const seen = cells.filter((cell) => this.#seen.has(cell.dataset.cell)).length;
    const open = cells.filter((cell) => cell.dataset.number === "0").length;
    button.disabled = seen < cells.length || !open;
    button.title = seen < cells.length ? `${seen} of ${cells.length} were on screen; scroll through all of them first` : `Confirm the ${open} that nobody has reviewed`;
  }

  #load(entries) {
    // From the top: what is in sight is asked for before what comes into sight next.
    const near = entries.filter((entry) => entry.isIntersecting);
    for (const { target } of near.sort((a, b) => a.boundingClientRect.top - b.boundingClientRect.top)) {
      this.near.unobserve(target);
      const field = this.fields.get(target.dataset.field);
      const image = target.querySelector("image");
      image.setAttribute("width", field.sheet_size[0]);
      image.setAttribute("height", field.sheet_size[1]);
      image.setAttribute("href", field.sheet);
    }
  }

  #look(entries) {
    const columns = new Set();
    for (const { isIntersecting, target } of entries) {
      const id = target.dataset.cell;
      if (!isIntersecting) this.#stop(id);
      else if (!document.hidden) {
        this.#since.set(id, performance.now());
        if (!this.#seen.has(id)) columns.add(this.board.columnOf(target));
        this.#seen.add(id);
      }
    }
    for (const column of columns) this.tell(column);
  }

  #stop(id) {
    this.#seconds.set(id, this.secondsOf(id));
    this.#since.delete(id);
  }

  // Nobody looks at a page that is hidden.
  #pause() {
    if (document.hidden) for (const id of [...this.#since.keys()]) this.#stop(id);
    else for (const cell of this.board.cells) {
      this.there.unobserve(cell);
      this.there.observe(cell);
    }
  }
}
