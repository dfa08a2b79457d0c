// One upload on its way: a bar that stays in sight, and lists of only what failed and of what should
// be photographed again. What was sent it is told; what was unpacked and read it asks the server for.
import { copyOf } from "./previews.mjs";
import { ask } from "./session/requests.mjs";

// Soon for a single picture, then less often, in ms.
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 2000;

const section = document.querySelector("[data-batch]");
const find = (name) => section.querySelector(`[data-batch-${name}]`);

export class Batch {
  #refused = []; // [{name, error}]
  #sample = { unfinished: 0, failed: [], failed_count: 0, doubtful: [], url: null };
  #archive = null; // where the unpacking of the one ZIP is asked for
  #done = 0; // sent or unpacked, refused ones among them
  #read = 0;
  #last = null; // where the newest picture is looked at
  #isSent = false;
  #isOver = false;
  #shown = { failures: "[]", doubts: "[]" };

  // `total` is the number of pictures, none while a ZIP keeps it to itself; `progress` is where
  // the sample's reading is asked for.
  constructor({ total, progress }) {
    this.total = total;
    this.progress = progress;
    for (const name of ["go-on", "open", "again", "failures", "doubts"]) find(name).hidden = true;
    for (const name of ["failures", "doubts"]) find(`${name}-list`).replaceChildren();
    section.hidden = false;
    section.focus();
    this.#showProblem("");
    this.#draw();
  }

  // Outcomes as the server gives them for each file.
  told(outcomes) {
    this.#done += outcomes.length;
    this.#refused.push(...outcomes.filter((outcome) => outcome.error));
    this.#last = outcomes.at(-1).url ?? this.#last;
    this.#draw();
    window.htmx.trigger(document.body, "uploaded");
  }

  // How much of the one ZIP has left this machine, 0 to 1.
  drawShare(part) {
    this.#drawBar(`Sending the ZIP, ${Math.round(100 * part)} %`, part, 0);
  }

  // All pictures are there, or the ZIP of them, whose unpacking is asked for at `archive`.
  sent(archive = null) {
    this.#isSent = !archive;
    this.#archive = archive;
    find("again").hidden = false;
    this.#draw();
  }

  // Asks until everything is read, or nobody looks any more.
  async follow() {
    for (let pause = FIRST_PAUSE; !this.#isOver; pause = Math.min(LONGEST_PAUSE, 2 * pause)) {
      await new Promise((resolve) => setTimeout(resolve, pause));
      // What comes after this is not in the answer.
      const isSent = this.#isSent;
      // A question without an answer is asked again: the connection may come back.
      const answered = await this.#ask().catch(() => false);
      if (isSent && answered && !this.#sample.unfinished) this.#isOver = true;
    }
    announce(find("words").textContent);
  }

  // Ends here, with a sentence where there is one: nothing more is sent or asked.
  leave(sentence = "") {
    this.#isOver = true;
    this.#showProblem(sentence);
    find("again").hidden = false;
    if (sentence) find("again").focus();
  }

  hide() {
    this.leave();
    section.hidden = true;
  }

  // Waits for the person, after the connection was lost.
  askToGoOn(sentence) {
    this.#showProblem(sentence);
    const button = find("go-on");
    button.hidden = false;
    button.focus();
    const goOn = (resolve) => {
      button.hidden = true;
      this.#showProblem("");
      section.focus();
      resolve();
    };
    return new Promise((resolve) => button.addEventListener("click", () => goOn(resolve), { once: true }));
  }

  async #ask() {
    if (this.#archive && !this.#isSent) this.#unpacked(await getJson(this.#archive));
    const taken = this.#done - this.#refused.length;
    if (taken) {
      this.#sample = await getJson(this.progress);
      // What has arrived since the question is not counted before the next one.
      this.#read = Math.max(this.#read, taken - this.#sample.unfinished);
    }
    this.#draw();
    return true;
  }

  #unpacked({ found, done, refused, final, error }) {
    if (done !== this.#done) window.htmx.trigger(document.body, "uploaded");
    [this.total, this.#done, this.#refused, this.#isSent] = [found, done, refused, final];
    if (error) this.#showProblem(error);
  }

  #draw() {
    const did = this.#archive ? "unpacked" : "sent";
    const words = this.total === null ? this.#wordsOfUnopened() : `${this.#done} of ${this.total} ${did}, ${this.#read} read`;
    this.#drawBar(words, this.#done / (this.total || 1), this.#read / (this.total || 1));
    // One picture has its result; of several the way goes on at their sample.
    const result = this.total === 1 ? this.#last : null;
    const url = result ?? this.#sample.url;
    find("open").hidden = !(url && this.#isSent);
    find("open").href = url ?? "";
    find("open").textContent = result ? "Open the result" : "Open the sample";
    this.#drawFailures();
    this.#drawDoubts();
  }

  #wordsOfUnopened() {
    if (this.#isSent) return "The ZIP could not be unpacked.";
    return this.#archive ? "The ZIP is sent and waits to be unpacked." : "Sending the ZIP";
  }

  #drawBar(words, sent, read) {
    find("words").textContent = words;
    find("bar").setAttribute("aria-valuenow", Math.round(100 * (read || sent)));
    find("bar").setAttribute("aria-valuetext", words);
    find("sent").style.width = `${100 * sent}%`;
    find("read").style.width = `${100 * read}%`;
  }

  #drawFailures() {
    const rows = [
      ...this.#refused.map((row) => ({ ...row, word: "refused", url: null })),
      ...this.#sample.failed.map((row) => ({ ...row, word: "not read" })),
    ];
    const count = this.#refused.length + this.#sample.failed_count;
    this.#drawRows("failures", rows.map((row) => ({ ...row, kind: "failure" })), `${count} failed`);
  }

  // While the film still lies under the microscope.
  #drawDoubts() {
    const rows = this.#sample.doubtful.map((row) => ({ ...row, kind: row.photograph_again ? "again" : "doubt", word: "" }));
    const count = rows.length === 1 ? "1 picture" : `${rows.length} pictures`;
    this.#drawRows("doubts", rows, `${count} to look at or to photograph again`);
  }

  #drawRows(name, rows, words) {
    // Drawn anew only when it is another list: focus stays where it is.
    const now = JSON.stringify(rows);
    if (now === this.#shown[name]) return;
    this.#shown[name] = now;
    find(name).hidden = rows.length === 0;
    find(name).textContent = words;
    find(`${name}-list`).replaceChildren(...rows.map(outcomeRow));
    announce(words);
  }

  #showProblem(sentence) {
    find("problem").replaceChildren();
    if (!sentence) return;
    const note = copyOf("problem");
    note.querySelector("p").textContent = sentence;
    find("problem").append(note);
  }
}

export function onAgain(act) {
  find("again").addEventListener("click", act);
}

async function getJson(url) {
  const answer = await ask(url, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`${answer.status}`);
  return answer.json();
}

function outcomeRow({ name, error, kind, word, url }) {
  const row = copyOf(kind);
  row.querySelector(".outcome__name").textContent = name;
  row.querySelector(".badge-word").append(word);
  // The sentence of a single file begins with its name, which stands beside it here.
  const named = `${name.split("/").at(-1)}: `;
  row.querySelector(".outcome__sentence").textContent = error.startsWith(named) ? error.slice(named.length) : error;
  const link = row.querySelector("a");
  link.hidden = !url;
  if (url) link.href = url;
  return row;
}

function announce(sentence) {
  find("announcement").textContent = sentence;
}
