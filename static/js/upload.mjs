// The upload form: pictures, or one ZIP of them, are shown before they are sent; then they go in
// parts while the first ones are read. It refuses no picture: what one is, the server decides.
// Without this script the form sends itself.
import { Batch, onAgain } from "./batch.mjs";
import { Previews, copyOf, nameOf } from "./previews.mjs";
import { Sender, postForm } from "./sending.mjs";

const form = document.querySelector("[data-upload]");
const find = (name) => document.querySelector(`[data-upload-${name}]`);
const previews = new Previews({ list: find("previews"), more: find("more"), empty: find("files"), changed: tellCount });
const AT_MOST = Number(form.dataset.atMost);
let sending = false;
let batch = null; // the upload that is on its way, or was last

// --- Choosing ---------------------------------------------------------------------------------

function add(files) {
  if (sending || form.hidden) return;
  const room = Math.max(0, AT_MOST - previews.files.length);
  const left = Math.max(0, files.length - room);
  previews.add([...files].slice(0, room));
  const out = left === 1 ? "the last one was left out. Send it" : `the last ${left} were left out. Send them`;
  showProblem(left ? `At most ${AT_MOST} pictures go into one upload: ${out} afterwards.` : "");
}

function tellCount(n, size) {
  find("count").textContent = n ? `${n} file${n === 1 ? "" : "s"}, ${size}` : "";
  find("send-words").textContent = n > 1 ? `Upload ${n} files` : "Upload";
}

// A ZIP is known by its first bytes, whatever it is called.
async function isZip(file) {
  const start = new Uint8Array(await file.slice(0, 4).arrayBuffer());
  return start[0] === 0x50 && start[1] === 0x4b && (start[2] === 3 || start[2] === 5);
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

function refuse(refusal) {
  if (showFieldErrors(refusal.fields ?? {})) return;
  showProblem(refusal.message);
  find("send").focus();
}

// --- Sending -----------------------------------------------------------------------------------

async function sendAll() {
  if (sending) return;
  sending = true;
  showProblem("");
  try {
    const files = previews.files;
    const zips = (await Promise.all(files.map(isZip))).filter(Boolean).length;
    const places = whyNot(files, zips) ? null : await begin();
    if (!places) return;
    form.hidden = true;
    if (zips) await sendZip(files[0], places);
    else await sendPictures(files, places);
  } finally {
    sending = false;
  }
}

function whyNot(files, zips) {
  const number = form.elements.accession_number;
  if (number && !number.value.trim()) {
    return showFieldErrors({ accession_number: ["Give the sample an accession number."] });
  }
  if (files.length && !(zips && files.length > 1)) return false;
  refuse({ message: files.length ? "Send a ZIP by itself: remove the other files, or the ZIP." : "Choose at least one picture." });
  return true;
}

// Where this sample's pictures go; none, and the form says why, where they may not.
async function begin() {
  const { begin: at, images, archives, progress } = form.dataset;
  if (!at) return { images, archives, progress };
  const fields = new FormData(form);
  for (const name of ["files", "csrfmiddlewaretoken"]) fields.delete(name);
  const answer = await postForm(at, [...fields.entries()]);
  if (!answer.ok) {
    refuse(answer);
    return null;
  }
  showFieldErrors({});
  return { images: answer.sample_upload, archives: answer.sample_archives, progress: answer.sample_progress };
}

function sharedFields() {
  const profile = form.elements.imaging_profile;
  return profile ? [["imaging_profile", profile.value]] : [];
}

async function sendPictures(files, places) {
  batch = new Batch({ total: files.length, progress: places.progress });
  const sender = new Sender({
    url: places.images,
    fields: sharedFields(),
    files,
    atOnce: Number(form.dataset.atOnce),
    told: (outcomes) => batch.told(outcomes),
  });
  const followed = batch.follow();
  if (await untilTaken(() => sender.run())) batch.sent();
  sending = false;
  await followed;
}

async function sendZip(file, places) {
  batch = new Batch({ total: null, progress: places.progress });
  const fields = [...sharedFields(), ["archive", file, nameOf(file)]];
  const taken = await untilTaken(() => postForm(places.archives, fields, (part) => batch.drawShare(part)));
  sending = false;
  if (!taken) return;
  batch.sent(taken.progress);
  await batch.follow();
}

// Sends, and again each time that the person goes on after a lost connection. Gives the answer;
// none where the server refuses it all, which the page then says.
async function untilTaken(send) {
  for (;;) {
    const answer = await send();
    if (answer.ok) return answer;
    if (!answer.lost) {
      batch.leave(answer.message);
      return null;
    }
    await batch.askToGoOn(answer.message);
  }
}

function uploadAnother() {
  batch.hide();
  form.hidden = false;
  for (const field of form.querySelectorAll("[data-field] input, [data-field] textarea")) field.value = "";
  previews.clear();
  showFieldErrors({});
  (form.elements.accession_number ?? find("files")).focus();
}

// --- Wiring ------------------------------------------------------------------------------------

form.classList.add("upload--live");
find("scripted").hidden = false;
onAgain(uploadAnother);
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
