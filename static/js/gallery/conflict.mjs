// Two people said different things of a cell: both are shown, and the person chooses.

export class Conflict {
  #waiting = []; // those that wait to be asked: {id, label, message}
  #asked = null;

  // `mine` is told which cell gets which label after all.
  constructor(board, mine) {
    this.board = board;
    this.mine = mine;
    this.dialog = document.querySelector("[data-conflict]");
    for (const button of this.dialog.querySelectorAll("[data-conflict-choice]")) {
      button.addEventListener("click", () => this.#choose(button.value));
    }
    // Closed without a choice, theirs stays.
    this.dialog.addEventListener("close", () => {
      this.#asked = null;
      this.#next();
    });
  }

  ask(cell, label, message) {
    delete cell.dataset.by;
    this.#waiting.push({ id: cell.dataset.cell, label, message });
    if (!this.#asked) this.#next();
  }

  #next() {
    this.#asked = this.#waiting.shift() ?? null;
    if (!this.#asked) return;
    const picture = this.board.cell(this.#asked.id).querySelector("svg").cloneNode(true);
    this.dialog.querySelector("[data-conflict-cell]").replaceChildren(picture);
    this.dialog.querySelector("[data-conflict-message]").textContent = this.#asked.message;
    this.dialog.showModal();
  }

  #choose(choice) {
    const { id, label } = this.#asked;
    this.dialog.close();
    if (choice === "mine") this.mine(this.board.cell(id), label);
  }
}
