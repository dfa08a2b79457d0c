// Sends files over a connection that may break: in parts, two at a time, each tried again.
// What was sent twice does no harm: the server knows a picture by its bytes.
import { nameOf } from "./previews.mjs";
import { isCode, personHeaders, settle } from "./session/person.mjs";
import { AT_MOST_AGAIN } from "./session/requests.mjs";

const FILES_A_PART = 20;
const BYTES_A_PART = 32e6;
const LANES = 2;
// After a try that failed, in ms; after the last one it is up to the person.
const PAUSES = [1000, 3000];
// So long nothing may move before a connection counts as lost, in ms.
const STALLED = 90000;
// What a proxy or a server that starts says; and one that asks for patience.
const PASSING = new Set([0, 429, 502, 503, 504]);

export const LOST = "The connection was lost. Check it, then go on: what has arrived is not sent again.";

// Posts once. Gives the status (0 without an answer) and the answer.
function post(url, body, onProgress) {
  const request = new XMLHttpRequest();
  let watch;
  const moved = () => {
    clearTimeout(watch);
    watch = setTimeout(() => request.abort(), STALLED);
  };
  request.open("POST", url);
  request.setRequestHeader("Accept", "application/json");
  for (const [name, value] of Object.entries(personHeaders())) request.setRequestHeader(name, value);
  request.upload.addEventListener("progress", (event) => {
    moved();
    if (event.lengthComputable) onProgress?.(event.loaded / event.total);
  });
  return new Promise((resolve) => {
    request.addEventListener("loadend", () => {
      clearTimeout(watch);
      resolve({ status: request.status, answer: read(request) });
    });
    moved();
    request.send(body);
  });
}

function read(request) {
  try {
    return JSON.parse(request.responseText);
  } catch {
    return { message: `The server did not take the upload (${request.status}). Load the page again and repeat.` };
  }
}

// Posts a form, again where the connection fails; then the answer has `lost`. Where the session has
// ended, it is posted again once somebody has signed in.
export async function postForm(url, fields, onProgress) {
  let tries = 0;
  let signIns = 0;
  for (;;) {
    const body = new FormData();
    for (const [name, value, filename] of fields) filename ? body.append(name, value, filename) : body.append(name, value);
    const { status, answer } = await post(url, body, onProgress);
    if (isCode(answer.code) && signIns++ < AT_MOST_AGAIN) {
      if (await settle({ toSend: true })) continue;
      return { lost: true, message: LOST };
    }
    if (!PASSING.has(status)) return { ok: status === 202 || status === 200, ...answer };
    // Each file of the part was refused, for a reason that may pass: that is an answer.
    if (tries === PAUSES.length) return answer.images ? answer : { lost: true, message: LOST };
    await new Promise((resolve) => setTimeout(resolve, PAUSES[tries++]));
    // A large file that is refused at its start looks like a lost connection.
    await settle({ toSend: true });
  }
}

export class Sender {
  #parts;
  #stopped;

  // `fields` go with every part, `told` gets each file's outcome when it is known.
  constructor({ url, fields, files, atOnce, told }) {
    this.url = url;
    this.fields = fields;
    this.told = told;
    this.#parts = inParts(files, Math.min(FILES_A_PART, atOnce));
  }

  // Sends what is left. The answer is `ok` when all of it was answered, else says why it stopped.
  async run() {
    this.#stopped = null;
    await Promise.all(Array.from({ length: LANES }, () => this.#lane()));
    return this.#stopped ?? { ok: true };
  }

  async #lane() {
    while (this.#parts.length && !this.#stopped) {
      const part = this.#parts.shift();
      const files = part.map((file) => ["files", file, nameOf(file)]);
      const answer = await postForm(this.url, [...this.fields, ...files]);
      if (answer.images) {
        this.told(answer.images);
      } else {
        this.#parts.unshift(part);
        this.#stopped = answer;
      }
    }
  }
}

function inParts(files, atMost) {
  const parts = [];
  let bytes = Infinity;
  for (const file of files) {
    if (bytes + file.size > BYTES_A_PART || parts.at(-1).length === atMost) {
      parts.push([]);
      bytes = 0;
    }
    parts.at(-1).push(file);
    bytes += file.size;
  }
  return parts;
}
