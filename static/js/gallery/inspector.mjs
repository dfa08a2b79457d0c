// The cell that is marked or pointed at: its field with the cell boxed, and its class for comparison.
import { ask } from "../session/requests.mjs";

const REST_MS = 90;
const LONGER_REST_MS = 300;

export class Inspector {
  #timers = [];
  #references = new Map(); // a label → what its class looks like, as the server wrote it
  #shown = null;

  constructor(fields, address) {
    this.fields = fields;
    this.address = address;
    this.root = document.querySelector("[data-inspector]");
    this.picture = this.#find("picture");
  }

  #find(name) {
    return this.root.querySelector(`[data-inspector-${name}]`);
  }

  page(cell) {
    return `${this.fields.get(cell.dataset.field).page}#cell-${cell.dataset.position}`;
  }

  // A pointer on its way over many cells asks for none of their fields.
  show(cell) {
    if (cell.closest("[data-elsewhere]")) return;
    this.#timers.forEach(clearTimeout);
    this.#timers = [
      setTimeout(() => this.#draw(cell), REST_MS),
      setTimeout(() => this.#compare(cell.dataset.label), LONGER_REST_MS),
    ];
  }

  #draw(cell) {
    const { field: number, position, box, says, model } = cell.dataset;
    const field = this.fields.get(number);
    const [width, height] = field.size;
    this.root.hidden = false;
    this.picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const image = this.picture.querySelector("image");
    if (image.getAttribute("href") !== field.picture) image.setAttribute("href", field.picture);
    image.setAttribute("width", width);
    image.setAttribute("height", height);
    const [x, y, w, h] = box.split(" ");
    for (const rect of this.picture.querySelectorAll("rect")) {
      Object.entries({ x, y, width: w, height: h }).forEach(([name, value]) => rect.setAttribute(name, value));
    }
    this.#find("open").href = this.page(cell);
    this.#find("place").textContent = `Cell ${position} of field ${number}`;
    this.#find("place").title = field.name;
    const name = cell.closest("[data-column]").querySelector(".class-name");
    this.#find("name").replaceChildren(...[...name.childNodes].map((node) => node.cloneNode(true)));
    this.#find("says").textContent = `${says[0].toUpperCase()}${says.slice(1)}.`;
    this.#find("model").textContent = model;
  }

  async #compare(code) {
    if (this.#shown === code) return;
    this.#shown = code;
    if (!this.#references.has(code)) this.#references.set(code, await this.#fetched(code));
    if (this.#shown === code) this.#find("references").innerHTML = this.#references.get(code);
  }

  // What cannot be fetched is only not there: nothing depends on it.
  async #fetched(code) {
    try {
      const response = await ask(`${this.address}?class=${encodeURIComponent(code)}`, { headers: { "HX-Request": "true" } });
      return response.ok ? await response.text() : "";
    } catch {
      return "";
    }
  }
}
