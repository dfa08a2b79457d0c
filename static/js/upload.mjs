// The upload form: pictures are shown before they are sent, each is sent by itself, and each has
// its own outcome. It refuses nothing: what a picture is, the server decides. Without this script
// the form sends itself.
import { Previews, copyOf, nameOf } from "./previews.mjs";

const form = document.querySelector("[data-upload]");
const find = (name) => document.querySelector(`[data-upload-${name}]`);
const outcomes = find("outcomes");
const previews = new Previews({ list: find("previews"), empty: find("files"), changed: tellCount });
let sending = false;

// --- Choosing ---------------------------------------------------------------------------------

function add(files) {
  if (sending || form.hidden) return;
  previews.add(files);
  showProblem("");
}

function tellCount(n, size) {
  find("count").textContent = n ? `${n} picture${n === 1 ? "" : "s"}, ${size}` : "";
  find("send-words").textContent = n > 1 ? `Upload ${n} pictures` : "Upload";
}

// --- Saying what is wrong ----------------------------------------------------------------------

function showProblem(sentence) {
  const place = find("problem");
  place.replaceChildren();
  if (!sentence) return;
  const note = copyOf("problem");
  note.querySelector("p").textContent = sentence;
  place.append(note);
}

function showFieldErrors(fields) {
  let first = null;
  for (const field of form.querySelectorAll("[data-field]")) {
    const sentence = fields[field.dataset.field]?.[0] ?? "";
    const input = field.querySelector("input, textarea, select");
    field.classList.toggle("field--wrong", Boolean(sentence));
    field.querySelector("[data-field-error]").textContent = sentence;
    if (sentence) {
      input.setAttribute("aria-invalid", "true");
      first ??= input;
    } else {
      input.removeAttribute("aria-invalid");
    }
  }
  first?.focus();
  return first !== null;
}

// --- Sending -----------------------------------------------------------------------------------

async function sendAll() {
  if (sending) return;
  showProblem("");
  const number = form.elements.accession_number;
  const missing = number.value.trim() ? {} : { accession_number: ["Give the sample an accession number."] };
  if (showFieldErrors(missing)) return;
  if (!previews.entries.length) {
    showProblem("Choose at least one picture.");
    find("files").focus();
    return;
  }
  sending = true;
  form.hidden = true;
  outcomes.hidden = false;
  find("again").hidden = true;
  const refusal = await sendEach(previews.entries);
  sending = false;
  if (refusal) return backToForm(refusal);
  find("again").hidden = false;
  find("again").focus();
}

// Sends the files in their order; ends early, with the refusal, when the whole upload is refused.
async function sendEach(entries) {
  const list = find("list");
  const rows = entries.map(([, file]) => waitingRow(file));
  list.prepend(...rows);
  for (const [index, [item, file]] of entries.entries()) {
    announce(`Sending ${index + 1} of ${entries.length}.`);
    const answer = await send(file, rows[index].querySelector("progress"));
    const outcome = answer.images?.[0];
    if (!outcome) {
      rows.slice(index).forEach((row) => row.remove());
      return answer;
    }
    showOutcome(rows[index], outcome);
    previews.drop(item);
    window.htmx.trigger(document.body, "uploaded");
  }
  const refused = rows.filter((row) => row.querySelector(".outcome__refused")).length;
  announce(`${entries.length - refused} sent${refused ? `, ${refused} refused` : ""}.`);
  return null;
}

function waitingRow(file) {
  const row = copyOf("outcome");
  row.querySelector(".outcome__name").textContent = nameOf(file);
  row.querySelector("progress").setAttribute("aria-label", `Sending ${nameOf(file)}`);
  return row;
}

function send(file, progress) {
  const body = new FormData(form);
  body.delete("files");
  body.append("files", file, nameOf(file));
  const request = new XMLHttpRequest();
  request.open("POST", form.action);
  request.setRequestHeader("Accept", "application/json");
  request.upload.addEventListener("progress", (event) => {
    if (event.lengthComputable) progress.value = (100 * event.loaded) / event.total;
  });
  // All bytes are there; what is left is the server's reading of them, which has no percentage.
  request.upload.addEventListener("load", () => progress.removeAttribute("value"));
  return new Promise((resolve) => {
    request.addEventListener("load", () => resolve(read(request)));
    request.addEventListener("error", () => resolve({ message: "The connection was lost. Check it, then upload again." }));
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

function showOutcome(row, outcome) {
  let state;
  if (outcome.error) {
    state = copyOf("refused");
    state.querySelector(".outcome__sentence").textContent = outcome.error;
  } else if (outcome.duplicate) {
    state = copyOf("duplicate");
    state.querySelector("a").href = outcome.url;
  } else {
    state = document.createElement("div");
    state.id = `status-${outcome.id}`;
    state.className = "image-status";
    state.setAttribute("hx-get", `${outcome.url}status/`);
    state.setAttribute("hx-trigger", "load");
    state.setAttribute("hx-swap", "outerHTML");
  }
  row.querySelector(".outcome__state").replaceWith(state);
  window.htmx.process(row);
}

function announce(sentence) {
  find("announcement").textContent = sentence;
}

// --- Afterwards --------------------------------------------------------------------------------

function backToForm(refusal) {
  form.hidden = false;
  outcomes.hidden = !find("list").children.length;
  if (!showFieldErrors(refusal.fields ?? {})) {
    showProblem(refusal.message);
    find("send").focus();
  }
}

function uploadAnother() {
  form.hidden = false;
  find("again").hidden = true;
  for (const field of form.querySelectorAll("[data-field] input, [data-field] textarea")) field.value = "";
  previews.clear();
  showFieldErrors({});
  form.elements.accession_number.focus();
}

// --- Wiring ------------------------------------------------------------------------------------

form.classList.add("upload--live");
for (const input of [find("files"), find("camera")]) {
  input.addEventListener("change", () => {
    add(input.files);
    input.value = "";
  });
}
form.addEventListener("submit", (event) => {
  event.preventDefault();
  sendAll();
});
find("again").addEventListener("click", uploadAnother);

const drop = find("drop");
const carriesFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
addEventListener("dragover", (event) => {
  if (!carriesFiles(event)) return;
  event.preventDefault();
  drop.classList.add("drop--over");
});
addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) drop.classList.remove("drop--over");
});
addEventListener("drop", (event) => {
  if (!carriesFiles(event)) return;
  event.preventDefault();
  drop.classList.remove("drop--over");
  add(event.dataTransfer.files);
});
addEventListener("paste", (event) => {
  const files = [...(event.clipboardData?.files ?? [])];
  if (!files.length) return;
  event.preventDefault();
  add(files);
});
addEventListener("beforeunload", (event) => {
  if (sending) event.preventDefault();
});
