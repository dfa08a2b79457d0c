// Parts of a page that ask for themselves until they are final.

const lastAnswers = new Map();

// What somebody types into, or has opened to do so, is not taken away; the next answer comes soon.
const isInUse = (part) => part.querySelector("details[data-menu][open]") || part.querySelector("input:focus, textarea:focus, select:focus");

// The same answer again is not swapped in: focus stays, and nothing is read out twice.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { target, serverResponse, requestConfig } = event.detail;
  if (requestConfig.verb !== "get" || !target.id) return;
  if (isInUse(target)) {
    event.detail.shouldSwap = false;
    return;
  }
  if (lastAnswers.get(target.id) === serverResponse) event.detail.shouldSwap = false;
  lastAnswers.set(target.id, serverResponse);
});

// Once the status is final, the region that waits for the result asks for it.
document.addEventListener("htmx:load", (event) => {
  if (!event.detail.elt.matches?.("[data-final]")) return;
  const waiting = document.querySelector("[data-wait-for-final]");
  if (waiting) window.htmx.trigger(waiting, "final");
});
