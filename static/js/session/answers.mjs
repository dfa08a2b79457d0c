// Whether the server answers: said in one line of the page, and gone once it does again.

// So long a question waits before the server counts as away, and before a poll is given up, in ms.
const PATIENCE = 3500;
export const GIVEN_UP_AFTER = 8000;
// After so long without a question a page that polls asks by itself.
const QUIET = 4000;
const TICK = 500;
// What a proxy says for a server that is gone; the server itself names each answer.
const OF_A_PROXY = new Set([502, 503, 504]);

const POLLS = '[hx-trigger*="every"], [data-polls]:not([hidden])';

const waiting = new Map(); // a question → when it was asked
let lastAsked = performance.now();
let isAway = false;
let isLeaving = false;

export function asked(question) {
  lastAsked = performance.now();
  waiting.set(question, lastAsked);
}

// `status` is 0 without an answer; `name` is the answer's X-Request-ID.
export function answered(question, status, name) {
  waiting.delete(question);
  const came = status > 0 && (Boolean(name) || !OF_A_PROXY.has(status));
  say(!came);
}

// Nobody waits for it any more.
export function forgotten(question) {
  waiting.delete(question);
}

function say(away) {
  if (away === isAway || (away && isLeaving)) return;
  isAway = away;
  const words = document.querySelector("[data-server-away-template]").content;
  document.querySelector("[data-server-line]").replaceChildren(...(away ? [words.cloneNode(true)] : []));
}

// Looks at the questions, and has `probe` ask one where nothing else did.
export function watchAnswers(probe) {
  const ask = () => {
    if (!document.hidden && performance.now() - lastAsked > QUIET) probe();
  };
  setInterval(() => {
    if (document.hidden) return;
    if ([...waiting.values()].some((since) => performance.now() - since > PATIENCE)) say(true);
    if (isAway || document.querySelector(POLLS)) ask();
  }, TICK);
  // What a page shows that was out of sight may be of a session that has ended since.
  document.addEventListener("visibilitychange", ask);
  // A page that is left gives up its questions; that says nothing of the server.
  addEventListener("pagehide", () => (isLeaving = true));
  addEventListener("pageshow", () => (isLeaving = false));
}
