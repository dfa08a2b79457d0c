// Parts of a page that ask for themselves until they are final.

const lastAnswers = new Map();

// The same answer again is not swapped in: focus stays, and nothing is read out twice.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { target, serverResponse, requestConfig } = event.detail;
  if (requestConfig.verb !== "get" || !target.id) return;
  if (lastAnswers.get(target.id) === serverResponse) event.detail.shouldSwap = false;
  lastAnswers.set(target.id, serverResponse);
});

// Once the status is final, the region that waits for the result asks for it.
document.addEventListener("htmx:load", (event) => {
  if (!event.detail.elt.matches?.("[data-final]")) return;
  const waiting = document.querySelector("[data-wait-for-final]");
  if (waiting) window.htmx.trigger(waiting, "final");
});
