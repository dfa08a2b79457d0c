// A plain form leaves the page for good: before it goes, the session behind it is asked for, so
// that what was typed or chosen is still there when somebody has to sign in again.
import { askSession, settle } from "./person.mjs";

const onTheirWay = new WeakSet();
const mayGo = new WeakSet();

// Whoever wants to leave need not sign in for it.
async function isGoodbye(form) {
  return "endsSession" in form.dataset && (await askSession())?.person === null;
}

export function watchForms() {
  document.addEventListener("submit", async (event) => {
    const { target: form, submitter } = event;
    if (event.defaultPrevented || form.getAttribute("method") !== "post" || mayGo.delete(form)) return;
    event.preventDefault();
    if (onTheirWay.has(form)) return;
    onTheirWay.add(form);
    const goes = (await isGoodbye(form)) || (await settle({ toSend: true }));
    onTheirWay.delete(form);
    if (!goes) return;
    mayGo.add(form);
    form.requestSubmit(submitter);
  });
}
