// The gallery of a sample: what its parts tell each other. The server owns what a cell is; here it
// is shown at once, sent, and shown again as the server wrote it.
import { Board } from "./board.mjs";
import { watchChanges } from "./changes.mjs";
import { Conflict } from "./conflict.mjs";
import { Drag } from "./drag.mjs";
import { Inspector } from "./inspector.mjs";
import { listenToKeys } from "./keys.mjs";
import { Saving } from "./saving.mjs";
import { Sight } from "./sight.mjs";

const root = document.querySelector("[data-gallery]");
const find = (name) => root.querySelector(`[data-${name}]`);
const nameOf = (code) => root.querySelector(`[data-name="${code}"] .palette__name`)?.textContent ?? code;

function start() {
  const fields = new Map(
    JSON.parse(document.getElementById("gallery-fields").textContent).map((field) => [String(field.number), field]),
  );
  const inspector = new Inspector(fields, root.dataset.references);
  const board = new Board(find("board"), (cell) => inspector.show(cell));
  const sight = new Sight(board, fields);
  const saving = "canReview" in root.dataset ? startReviewing(board, sight) : null;

  const open = (cell) => {
    if (!cell) return;
    // The way back leads to this cell.
    history.replaceState(null, "", `#cell-${cell.dataset.cell}`);
    location.assign(inspector.page(cell));
  };
  const act = saving ? { ...actions(board, saving), open } : { open };
  listenToKeys(board, act);
  new Drag(board, { dropped: saving && ((cells, label) => say(board, saving, cells, label)), tapped: (event, cell) => tap(board, saving, open, event, cell) });
  watchChanges(
    { address: root.dataset.changes, state: root.dataset.state, asOf: root.dataset.asOf },
    (answer) => tellChanges(board, sight, saving, answer),
  );
  board.start();
}

// --- Reviewing --------------------------------------------------------------------------------

function startReviewing(board, sight) {
  const conflict = new Conflict(board, (cell, label) => say(board, saving, [cell], label));
  const saving = new Saving(board, sight, {
    address: root.dataset.reviews,
    said: announce,
    problem: showProblem,
    changed: () => {
      find("undo").disabled = !saving.steps;
      showCounts(board);
    },
    take: (answer, mayShow) => take(board, sight, answer, mayShow),
    ask: (cell, label, by, message) => conflict.ask(cell, label, message ?? `${by} called this cell ${nameOf(cell.dataset.label)} a moment ago. You chose ${nameOf(label)}.`),
  });
  find("undo").addEventListener("click", () => saving.undo());
  find("palette").addEventListener("click", (event) => {
    const button = event.target.closest("[data-name]");
    if (button) act(board, saving, button.dataset.name);
  });
  board.root.addEventListener("click", (event) => {
    const button = event.target.closest("[data-confirm-all]");
    if (!button) return;
    const cells = [...board.columnOf(button).querySelectorAll('[data-cell][data-number="0"]')];
    saving.say(cells.map((cell) => ({ cell, label: cell.dataset.label })));
  });
  return saving;
}

function actions(board, saving) {
  return {
    name: (label) => act(board, saving, label),
    confirm: () => act(board, saving, null),
    undo: () => saving.undo(),
  };
}

// What a key or a name in the palette does; no label confirms what each cell is called.
function act(board, saving, label) {
  const chosen = board.targets;
  const cells = label ? chosen : chosen.filter((cell) => cell.dataset.label !== "unidentified");
  if (cells.length < chosen.length) announce("Nobody has named this cell: press the key of what it is.");
  say(board, saving, cells, label);
}

function say(board, saving, cells, label) {
  if (!cells.length) return;
  const asks = board.next(cells.at(-1), cells);
  // Where no cell asks for a person any more, the way goes on through the column.
  const next = asks ?? board.beside(cells);
  board.clear();
  board.pointed = null;
  saving.say(cells.map((cell) => ({ cell, label: label ?? cell.dataset.label })));
  board.go(next);
  if (!asks) announce("Nothing is left to review.");
}

function tap(board, saving, open, event, cell) {
  if (saving && event.shiftKey) return board.extend(cell);
  if (saving && (event.ctrlKey || event.metaKey)) return board.toggle(cell);
  if (event.pointerType === "mouse") return open(cell);
  board.mark(cell);
  if (saving) board.toggle(cell);
}

// --- Showing ----------------------------------------------------------------------------------

function announce(sentence) {
  find("said").textContent = sentence;
}

function showProblem(sentence) {
  find("problem-words").textContent = sentence;
  find("problem").hidden = false;
}

// Until the server has counted again, how many there are is what one sees.
function showCounts(board) {
  for (const column of board.root.querySelectorAll("[data-column]:not([data-elsewhere])")) {
    column.querySelector("[data-count]").textContent = column.querySelectorAll("[data-cell]").length;
  }
}

// Show cells as the server wrote them, with the figures of every column.
function take(board, sight, answer, mayShow) {
  const shown = [];
  for (const { id, html, column, number } of answer.cells) {
    const cell = mayShow(id) ? board.swap(id, html, column) : null;
    if (cell) {
      sight.watch(cell);
      shown.push(cell);
    } else if (board.cell(id)) {
      board.cell(id).dataset.number = number;
    }
  }
  for (const { column, html } of answer.heads) {
    const figures = board.column(column)?.querySelector("[data-figures]");
    if (figures) figures.innerHTML = html;
    sight.tell(board.column(column));
  }
  find("summary").innerHTML = answer.summary;
  return shown;
}

// What others said appears in place; what the person had chosen is asked about before it changes.
function tellChanges(board, sight, saving, answer) {
  const by = new Map(answer.changes.map((change) => [change.cell, change.by]));
  const newer = answer.cells.filter(({ id, number }) => number > Number(board.cell(id)?.dataset.number ?? Infinity) && !saving?.isUnderWay(id));
  const chosen = new Set(board.targets.map((cell) => cell.dataset.cell));
  for (const cell of take(board, sight, { ...answer, cells: newer }, () => true)) {
    cell.classList.add("cell--changed");
    if (chosen.has(cell.dataset.cell)) cell.dataset.by = by.get(cell.dataset.cell) ?? "";
  }
  if (newer.length) announce(`${[...new Set(newer.map(({ id }) => by.get(id)))].join(" and ")} changed ${newer.length === 1 ? "a cell" : `${newer.length} cells`}.`);
  if (answer.results !== root.dataset.results) showProblem("Images of this sample have new results. Load the page again to see their cells.");
  else if (answer.can_review !== "canReview" in root.dataset) showProblem("The sample has gone on to another state. Load the page again.");
}

// --- The page ---------------------------------------------------------------------------------

function resize() {
  const size = find("size");
  size.value = localStorage.getItem("gallery-size") ?? size.value;
  const draw = () => root.style.setProperty("--tile", `${size.value}px`);
  size.addEventListener("input", () => {
    localStorage.setItem("gallery-size", size.value);
    draw();
  });
  draw();
}

if (find("board")) {
  resize();
  find("problem-close").addEventListener("click", () => (find("problem").hidden = true));
  start();
}
