// The keyboard: moving, naming, confirming, selecting, undoing.

const MOVES = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"];
const KEPT = "gallery-keys";

// `act`: what can be done, {name, confirm, undo, open}; only moving where nothing may be reviewed.
export function listenToKeys(board, act) {
  const help = document.querySelector("[data-key-help]");
  const on = help.querySelector("[data-keys-on]");
  on.checked = localStorage.getItem(KEPT) !== "off";
  on.addEventListener("change", () => localStorage.setItem(KEPT, on.checked ? "on" : "off"));
  const show = () => help.showModal();
  document.querySelector("[data-show-keys]").addEventListener("click", show);

  const labels = new Map(
    [...document.querySelectorAll("[data-name][data-key]")].map(({ dataset }) => [dataset.key.toLowerCase(), dataset.name]),
  );
  if (!labels.has("x") && document.querySelector('[data-name="not_a_cell"]')) labels.set("x", "not_a_cell");

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (event.target.closest("input, select, textarea")) return;
    if (!on.checked && event.key.length === 1 && event.key !== " ") return;
    if (press(event)) event.preventDefault();
  });

  // Whether the key meant something here.
  function press(event) {
    const { key, target } = event;
    const inBoard = target === document.body || board.root.contains(target);
    if (MOVES.includes(key)) return inBoard && move(key, event.shiftKey);
    if (key === "?") return show() ?? true;
    if (key === ".") return act.open(board.targets[0]) ?? true;
    if (key === "Escape") return board.clear() ?? true;
    const letter = key.toLowerCase();
    // The laboratory gives its labels whatever letters it likes, but this one undoes.
    if (letter === "n" && !labels.has("n")) return board.go(board.next(board.current)) ?? true;
    if (!act.name) return false;
    // Buttons and links keep the keys that press them.
    if (!inBoard && (key === "Enter" || key === " ")) return false;
    if (key === " ") return select();
    if (letter === "u") return act.undo() ?? true;
    if (key === "Enter") return act.confirm() ?? true;
    if (!labels.has(letter) || event.repeat) return false;
    return act.name(labels.get(letter)) ?? true;
  }

  function move(key, extends_) {
    const from = board.current;
    const to = from && board.neighbour(from, key);
    board.pointed = null;
    if (!to) return Boolean(from);
    if (extends_ && act.name) {
      if (board.columnOf(to) !== board.columnOf(from)) return true;
      board.anchor ??= from;
      board.extend(to);
    }
    board.go(to);
    return true;
  }

  function select() {
    const [cell] = board.pointed ? [board.pointed] : [board.current];
    if (cell) board.toggle(cell);
    return true;
  }
}
