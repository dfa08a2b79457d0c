// What a person says is shown at once and sent; what the server refuses goes back to where it was.
import { ask } from "../session/requests.mjs";

const AT_ONCE = 200;

export class Saving {
  #waiting = new Map(); // the id of a cell → what is to be said of it
  #sent = new Map(); // the same, of the request that is under way
  #steps = []; // what can be undone: lists of {id, label, reviewed}, newest last

  // `page`: the address, and who shows what becomes of it.
  constructor(board, sight, page) {
    this.board = board;
    this.sight = sight;
    this.page = page;
    addEventListener("beforeunload", (event) => {
      if (this.#waiting.size || this.#sent.size) event.preventDefault();
    });
  }

  get steps() {
    return this.#steps.length;
  }

  isUnderWay(id) {
    return this.#waiting.has(id) || this.#sent.has(id);
  }

  // Say of each cell what it is: [{cell, label}].
  say(words, { isUndo = false } = {}) {
    const { told, asked } = this.#parted(words);
    for (const word of asked) this.page.ask(word.cell, word.label, word.cell.dataset.by);
    if (!told.length) return;
    if (!isUndo) {
      this.#steps.push(told.map(({ cell }) => ({
        id: cell.dataset.cell, label: cell.dataset.label, reviewed: cell.dataset.number !== "0",
      })));
    }
    for (const { cell, label } of told) {
      const id = cell.dataset.cell;
      const before = this.#waiting.get(id)?.before ?? { label: cell.dataset.label, asks: "asks" in cell.dataset };
      this.#waiting.set(id, { label, before, isUndo, seconds: this.sight.secondsOf(id) });
      this.#show(cell, label, false);
      cell.classList.add("cell--saving");
    }
    this.page.changed();
    this.#send();
  }

  // A cell that somebody changed while it was chosen is asked about first.
  #parted(words) {
    const asked = words.filter(({ cell }) => cell.dataset.by);
    return { asked, told: words.filter((word) => !asked.includes(word)) };
  }

  undo() {
    const step = this.#steps.pop();
    if (!step) return;
    const there = step.map((each) => ({ ...each, cell: this.board.cell(each.id) })).filter(({ cell }) => cell);
    // A review is never taken back: what had no other name before keeps the one it has.
    const back = there.filter(({ cell, label }) => label !== "unidentified" && label !== cell.dataset.label);
    const firsts = back.filter(({ reviewed }) => !reviewed).length;
    const stay = there.length - back.length;
    this.say(back, { isUndo: true });
    if (there.length) this.board.go(this.board.cell(there[0].id));
    this.page.changed();
    const sentences = [];
    if (back.length) sentences.push(`Undone for ${cellsIn(back.length)}.`);
    if (firsts) sentences.push(`Nobody had reviewed ${firsts === 1 ? "one" : firsts} before; a review stays, so the earlier name is now yours.`);
    if (stay) sentences.push(`${cellsIn(stay)} had no other name before; a review stays. Press the key of what it is instead.`);
    this.page.said(sentences.join(" "));
  }

  #show(cell, label, asks) {
    cell.dataset.label = label;
    cell.toggleAttribute("data-asks", asks);
    this.board.place(cell, label);
  }

  async #send() {
    if (this.#sent.size || !this.#waiting.size) return;
    const batch = [...this.#waiting].slice(0, AT_ONCE);
    for (const [id, word] of batch) {
      this.#sent.set(id, word);
      this.#waiting.delete(id);
    }
    const reviews = batch.map(([id, { label, seconds }]) => ({
      cell: id, label, seconds, seen_number: Number(this.board.cell(id).dataset.number),
    }));
    const answer = await this.#post({ reviews });
    this.#sent.clear();
    if (answer.outcomes) this.#take(answer, new Map(batch));
    else this.#giveBack(answer.message, [...batch, ...this.#waiting]);
    this.page.changed();
    this.#send();
  }

  async #post(body) {
    try {
      const response = await ask(this.page.address, {
        method: "POST",
        headers: { "Accept": "application/json", "Content-Type": "application/json" },
        body: JSON.stringify(body),
      });
      return await response.json();
    } catch {
      return { message: "The connection was lost, so the last change is not stored. Check it, then repeat." };
    }
  }

  // The server's word on each cell of a request.
  #take(answer, batch) {
    this.page.take(answer, (id) => !this.#waiting.has(id));
    const refused = answer.outcomes.filter((outcome) => !outcome.stored);
    for (const { cell: id, code, message } of refused) {
      this.#forget(id);
      if (code === "review_conflict" && this.board.cell(id)) this.page.ask(this.board.cell(id), batch.get(id).label, "", message);
      else this.page.problem(message);
    }
    const remarks = answer.outcomes.filter((outcome) => outcome.is_remark).length;
    const stored = answer.outcomes.length - refused.length;
    const beside = remarks ? " A doctor named it: your word stands beside it as a remark." : "";
    // What was said of an undone step says more than that it is saved.
    if (remarks || (stored && ![...batch.values()].some((word) => word.isUndo))) this.page.said(`${cellsIn(stored)} saved.${beside}`);
  }

  // Nothing was stored: everything stands where it was.
  #giveBack(message, words) {
    this.#waiting.clear();
    for (const [id, { before }] of words) {
      this.#forget(id);
      const cell = this.board.cell(id);
      if (!cell) continue;
      cell.classList.remove("cell--saving");
      this.#show(cell, before.label, before.asks);
    }
    this.page.problem(message ?? "The server did not take it. Load the page again.");
  }

  // What was not stored cannot be undone.
  #forget(id) {
    this.#steps = this.#steps.map((step) => step.filter((each) => each.id !== id)).filter((step) => step.length);
  }
}

function cellsIn(n) {
  return `${n} cell${n === 1 ? "" : "s"}`;
}
