// The pictures chosen for an upload, shown before they are sent, each with a way to remove it.
// Only the first ones are drawn, and more on demand: five hundred pictures fill a browser.

const STEP = 24;

export function copyOf(name) {
  const source = document.querySelector(`[data-upload-${name}-template]`);
  return source.content.firstElementChild.cloneNode(true);
}

export function nameOf(file) {
  return file.name || "pasted picture";
}

function sizeInWords(bytes) {
  return bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

export class Previews {
  #files = [];
  #items = new Map(); // a file → its element of the list, once it is drawn
  #shown = STEP;

  // `more` shows further ones; `changed` is told the number of pictures and their size in words;
  // `empty` gets the focus when the last picture is removed.
  constructor({ list, more, empty, changed }) {
    this.list = list;
    this.more = more;
    this.empty = empty;
    this.changed = changed;
    more.addEventListener("click", () => this.#showMore());
  }

  get files() {
    return [...this.#files];
  }

  add(files) {
    this.#files.push(...files);
    this.#draw();
  }

  clear() {
    this.#files = [];
    this.#items.clear();
    this.#shown = STEP;
    this.list.replaceChildren();
    this.#draw();
  }

  #draw() {
    for (const file of this.#files.slice(0, this.#shown)) {
      if (this.#items.has(file)) continue;
      this.#items.set(file, this.#item(file));
      this.list.append(this.#items.get(file));
    }
    const left = this.#files.length - this.#items.size;
    this.more.hidden = left === 0;
    this.more.textContent = `and ${left} more`;
    this.changed(this.#files.length, sizeInWords(this.#files.reduce((sum, file) => sum + file.size, 0)));
  }

  #showMore() {
    const last = this.list.lastElementChild;
    this.#shown += STEP;
    this.#draw();
    last.nextElementSibling.querySelector("button").focus();
  }

  #item(file) {
    const item = copyOf("preview");
    item.querySelector(".preview__mount").append(this.#picture(file));
    item.querySelector(".preview__name").textContent = nameOf(file);
    item.querySelector(".preview__name").title = nameOf(file);
    item.querySelector(".preview__size").textContent = sizeInWords(file.size);
    const button = item.querySelector(".preview__remove");
    button.setAttribute("aria-label", `Remove ${nameOf(file)}`);
    button.addEventListener("click", () => this.#remove(file));
    return item;
  }

  // A browser that cannot draw a picture (a TIFF, say) shows a tile: the server may still read it.
  #picture(file) {
    const image = new Image();
    image.alt = "";
    image.className = "preview__picture";
    image.src = URL.createObjectURL(file);
    image.addEventListener("load", () => URL.revokeObjectURL(image.src), { once: true });
    image.addEventListener(
      "error",
      () => {
        URL.revokeObjectURL(image.src);
        image.replaceWith(copyOf("tile"));
      },
      { once: true },
    );
    return image;
  }

  #remove(file) {
    const item = this.#items.get(file);
    const next = item.nextElementSibling ?? item.previousElementSibling;
    this.#files = this.#files.filter((other) => other !== file);
    this.#items.delete(file);
    item.remove();
    this.#draw();
    (next?.querySelector("button") ?? this.empty).focus();
  }
}
