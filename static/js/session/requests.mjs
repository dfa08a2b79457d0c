// How the scripts of a page ask the server: as the page's person, with an end to waiting, and once
// more after signing in again.
import { GIVEN_UP_AFTER, answered, asked, forgotten } from "./answers.mjs";
import { isCode, isSettling, personHeaders, settle } from "./person.mjs";

// Who signed in and is refused all the same has another trouble, and is told.
export const AT_MOST_AGAIN = 2;

// As fetch; what only asks is given up after some seconds, what sends has the time it takes.
export async function ask(url, options = {}) {
  const sends = "method" in options;
  for (let tries = 0; ; tries++) {
    const response = await once(url, options, sends);
    const isOver = tries === AT_MOST_AGAIN || !isCode(response.headers.get("X-Error-Code"));
    if (isOver || !(await settle({ toSend: sends }))) return response;
  }
}

async function once(url, options, sends) {
  const question = {};
  if (!sends) asked(question);
  const signal = sends ? undefined : AbortSignal.timeout(GIVEN_UP_AFTER);
  try {
    const response = await fetch(url, { signal, ...options, headers: { ...options.headers, ...personHeaders() } });
    answered(question, response.status, response.headers.get("X-Request-ID"));
    return response;
  } catch (error) {
    answered(question, 0);
    throw error;
  }
}

// --- htmx, which asks by itself ---------------------------------------------------------------

const sentAgain = new WeakSet();

function sendAgain(form, { submitter }) {
  sentAgain.add(form);
  form.requestSubmit(submitter);
}

const isAsked = (requestConfig) => requestConfig.verb === "get";

export function watchHtmx() {
  document.addEventListener("htmx:configRequest", ({ detail }) => {
    Object.assign(detail.headers, personHeaders());
    if (isAsked(detail)) detail.timeout = GIVEN_UP_AFTER;
  });
  // While somebody signs in, nothing is asked; the next round comes by itself.
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (isSettling() && isAsked(event.detail.requestConfig)) event.preventDefault();
  });
  // At the request itself: what asked may be gone from the page when the answer comes.
  document.addEventListener("htmx:beforeSend", ({ detail: { xhr, requestConfig } }) => {
    if (isAsked(requestConfig)) asked(xhr);
    xhr.addEventListener("load", () => answered(xhr, xhr.status, xhr.getResponseHeader("X-Request-ID")));
    for (const end of ["error", "timeout"]) xhr.addEventListener(end, () => answered(xhr, 0));
    xhr.addEventListener("abort", () => forgotten(xhr));
  });
  document.addEventListener("htmx:beforeOnLoad", (event) => {
    const { xhr, elt, requestConfig } = event.detail;
    if (!isCode(xhr.getResponseHeader("X-Error-Code")) || sentAgain.delete(elt)) return;
    event.preventDefault();
    const sends = !isAsked(requestConfig);
    settle({ toSend: sends }).then((isSettled) => isSettled && sends && sendAgain(elt, requestConfig.triggeringEvent));
  });
}
