// Whose page this is, and who is signed in: when these differ, a dialog lies over the page until
// they agree. What was chosen or typed stays where it is, and nothing is sent meanwhile.
import { GIVEN_UP_AFTER, answered, asked } from "./answers.mjs";

const page = document.body.dataset;
// What the server says when a page's person is not, or no longer, who asks.
const CODES = new Set(["not_signed_in", "csrf_failed", "another_person"]);

// Between two tries to get the form, in ms.
const AGAIN = 2000;

let settling = null;
let hasSomethingToSend = false;

export const isCode = (code) => CODES.has(code);
export const isSettling = () => settling !== null;
export const isOfPage = (now) => now.person === page.person;
export const token = () => document.querySelector('[name="csrfmiddlewaretoken"]').value;

// What every request of a script carries, so that it is never done as somebody else.
export function personHeaders() {
  return { "X-Person": page.person, "X-CSRFToken": token() };
}

// Who is signed in, {person, name, csrf_token}; nothing where the server does not answer.
export async function askSession() {
  const question = {};
  asked(question);
  try {
    const response = await fetch(page.session, { cache: "no-store", signal: AbortSignal.timeout(GIVEN_UP_AFTER) });
    answered(question, response.status, response.headers.get("X-Request-ID"));
    return response.ok ? await response.json() : null;
  } catch {
    answered(question, 0);
    return null;
  }
}

// Waits until the page's person is signed in, or another one goes on in their place. Says whether
// it is so: it is not where the server does not answer. `toSend`: something waits to be sent.
export function settle({ toSend }) {
  hasSomethingToSend ||= toSend;
  settling ??= untilSettled().finally(() => {
    settling = null;
    hasSomethingToSend = false;
    dialog().close();
  });
  return settling;
}

async function untilSettled() {
  let now = await askSession();
  while (now) {
    if (isOfPage(now)) return renew(now);
    if (!now.person) now = await signIn();
    else if (await goesOnAs(now.name)) return goOnAs(now);
    else now = await signIn({ instead: true });
  }
  return false;
}

// Every form of the page holds good again.
function renew({ csrf_token: fresh }) {
  for (const field of document.querySelectorAll('[name="csrfmiddlewaretoken"]')) field.value = fresh;
  return true;
}

// What waits is sent by the other person, who was asked; else the page is theirs from its start.
function goOnAs(now) {
  if (!hasSomethingToSend) {
    location.reload();
    return new Promise(() => {});
  }
  for (const name of document.querySelectorAll("[data-shown-name]")) name.textContent = now.name;
  page.person = now.person;
  return renew(now);
}

// --- The dialog -------------------------------------------------------------------------------

const dialog = () => document.querySelector("[data-session-dialog]");
const find = (name) => dialog().querySelector(`[data-session-${name}]`);

function show(title, words) {
  find("title").textContent = title;
  find("words").textContent = words;
  find("form").replaceChildren();
  find("choice").hidden = true;
  if (dialog().open) return;
  dialog().showModal();
  // There is nothing to see behind it, so that Escape leads nowhere.
  dialog().oncancel = (event) => event.preventDefault();
  dialog().onclose = () => isSettling() && dialog().showModal();
}

function goesOnAs(name) {
  show(`${name} is signed in now`, `You opened this page as ${page.personName}; in this browser ${name} has signed in since. Nothing is sent until you choose.`);
  find("theirs").textContent = `Go on as ${name}`;
  find("mine").textContent = `Sign in as ${page.personName}`;
  find("choice").hidden = false;
  find("mine").focus();
  return new Promise((resolve) => {
    find("theirs").onclick = () => resolve(true);
    find("mine").onclick = () => resolve(false);
  });
}

// The server's own form, until somebody is signed in; gives the session.
async function signIn({ instead = false } = {}) {
  const kept = hasSomethingToSend ? "What you chose and typed is kept and goes on from here." : "What you chose and typed is kept.";
  const words = instead ? kept : `Sign in to go on. ${kept}`;
  show(instead ? `Sign in as ${page.personName}` : "Your session has ended", words);
  let answer = null;
  while (!(answer = await fetched(`${page.signIn}?next=${page.session}${instead ? "&again" : ""}`))) await pause();
  while (!answer.session) answer = await submitted(answer.parts, words);
  return answer.session;
}

const pause = () => new Promise((resolve) => setTimeout(resolve, AGAIN));

// The form and what is said above it, or the session that it led to; nothing, and the dialog says
// so, where the server does not answer.
async function fetched(url, options) {
  try {
    const response = await fetch(url, { ...options, signal: AbortSignal.timeout(GIVEN_UP_AFTER) });
    if (new URL(response.url).pathname === page.session) return { session: await response.json() };
    const shown = new DOMParser().parseFromString(await response.text(), "text/html");
    const parts = [...shown.querySelectorAll("main > .note:not([data-why]), main form")];
    if (parts.at(-1)?.matches("form")) return { parts };
  } catch {
    // Said below, as what is no form is.
  }
  find("words").textContent = "The server does not answer. What you chose and typed is kept; try again in a moment.";
  return null;
}

// Shows the form until it was sent; it stays when nothing answers.
function submitted(parts, words) {
  const form = parts.at(-1);
  find("words").textContent = words;
  find("form").replaceChildren(...parts);
  const { username, password } = form.elements;
  username.value ||= page.userName;
  (username.value ? password : username).focus();
  return new Promise((resolve) => {
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const answer = await fetched(form.action, { method: "POST", body: new FormData(form) });
      if (answer) resolve(answer);
    });
  });
}
