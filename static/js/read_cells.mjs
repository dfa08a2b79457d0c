// Reading one cell after the other: a key presses the button of its name, and the field is a key
// away. What the next cell is, the server says.

const KEPT = "gallery-keys";
const find = (name) => document.querySelector(`[data-read-cell] [data-${name}]`);
let shownAt = performance.now();

function begin() {
  shownAt = performance.now();
  const on = find("keys-on");
  if (!on) return;
  on.checked = localStorage.getItem(KEPT) !== "off";
  on.addEventListener("change", () => localStorage.setItem(KEPT, on.checked ? "on" : "off"));
  // The picture of a field is large: it is fetched once somebody wants it.
  find("field").addEventListener("toggle", () => {
    const image = find("href");
    if (image && !image.hasAttribute("href")) image.setAttribute("href", image.dataset.href);
  });
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || document.querySelector("dialog[open]")) return;
  if (event.target.closest("input:not([type=checkbox]), select, textarea")) return;
  if (!find("keys-on")?.checked || event.key.length !== 1) return;
  if (event.key === ".") find("field").open = !find("field").open;
  else document.querySelector(`[data-read-cell] [data-key="${CSS.escape(event.key.toLowerCase())}"]`)?.click();
});

// Before htmx reads the form.
document.addEventListener("submit", () => {
  const seconds = find("seconds");
  if (seconds) seconds.value = ((performance.now() - shownAt) / 1000).toFixed(1);
}, { capture: true });

document.addEventListener("htmx:afterSwap", () => {
  begin();
  // So that a screen reader tells where one is.
  find("place")?.focus({ preventScroll: true });
});

begin();
