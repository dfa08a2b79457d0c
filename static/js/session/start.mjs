// Every page of somebody who is signed in: is it still theirs, and does the server answer?
import { watchAnswers } from "./answers.mjs";
import { watchForms } from "./forms.mjs";
import { askSession, isOfPage, settle } from "./person.mjs";
import { watchHtmx } from "./requests.mjs";

watchHtmx();
watchForms();
watchAnswers(async () => {
  const now = await askSession();
  if (now && !isOfPage(now)) settle({ toSend: false });
});

// A page that the browser kept whole is shown to nobody else.
addEventListener("pageshow", async ({ persisted }) => {
  if (!persisted) return;
  document.body.hidden = true;
  const now = await askSession();
  if (now && isOfPage(now)) document.body.hidden = false;
  else location.reload();
});
