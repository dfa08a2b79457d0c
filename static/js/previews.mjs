// The pictures chosen for an upload, shown before they are sent, each with a way to remove it.

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
  #files = new Map(); // an element of the list → its file

  // `changed` is told the number of pictures and their size in words; `empty` gets the focus when
  // the last picture is removed.
  constructor({ list, empty, changed }) {
    this.list = list;
    this.empty = empty;
    this.changed = changed;
  }

  get entries() {
    return [...this.#files.entries()];
  }

  add(files) {
    for (const file of files) {
      const item = this.#item(file);
      this.#files.set(item, file);
      this.list.append(item);
    }
    this.#tell();
  }

  drop(item) {
    this.#files.delete(item);
    item.remove();
    this.#tell();
  }

  clear() {
    this.#files.clear();
    this.list.replaceChildren();
    this.#tell();
  }

  #tell() {
    const bytes = [...this.#files.values()].reduce((sum, file) => sum + file.size, 0);
    this.changed(this.#files.size, sizeInWords(bytes));
  }

  #item(file) {
    const item = copyOf("preview");
    item.querySelector(".preview__mount").append(this.#picture(file));
    item.querySelector(".preview__name").textContent = nameOf(file);
    item.querySelector(".preview__name").title = nameOf(file);
    item.querySelector(".preview__size").textContent = sizeInWords(file.size);
    const button = item.querySelector(".preview__remove");
    button.setAttribute("aria-label", `Remove ${nameOf(file)}`);
    button.addEventListener("click", () => this.#remove(item));
    return item;
  }

  // A browser that cannot draw a picture (a TIFF, say) shows a tile: the server may still read it.
  #picture(file) {
    const image = new Image();
    image.alt = "";
    image.className = "preview__picture";
    image.src = URL.createObjectURL(file);
    image.addEventListener("load", () => URL.revokeObjectURL(image.src), { once: true });
    image.addEventListener("error", () => image.replaceWith(copyOf("tile")), { once: true });
    return image;
  }

  #remove(item) {
    const next = item.nextElementSibling ?? item.previousElementSibling;
    this.drop(item);
    (next?.querySelector("button") ?? this.empty).focus();
  }
}
