// What others say meanwhile, asked for every few seconds while the page is in sight.
import { ask as askServer } from "../session/requests.mjs";

const EVERY_MS = 4000;

// `known`: {address, state, asOf}; `told` is given each answer that brings something.
export function watchChanges(known, told) {
  let { state, asOf } = known;
  let asking = false;

  async function ask() {
    if (document.hidden || asking) return;
    asking = true;
    try {
      const response = await askServer(`${known.address}?since=${encodeURIComponent(asOf)}`, {
        cache: "no-store",
        headers: { "Accept": "application/json", "If-None-Match": `"${state}"` },
      });
      if (response.status !== 200) return;
      const answer = await response.json();
      state = response.headers.get("ETag").replaceAll('"', "").replace(/^W\//, "");
      asOf = answer.as_of;
      told(answer);
    } catch {
      // The connection is away; the next round asks again, and saving says it when it matters.
    } finally {
      asking = false;
    }
  }

  setInterval(ask, EVERY_MS);
  document.addEventListener("visibilitychange", ask);
}
