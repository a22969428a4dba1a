/**
 * The page's script: it copies commands, and says when there is a newer state or no answer. It changes nothing else on the
 * page, for nothing moves under a reader's eyes, and asks nobody but the agent. Without it the page shows the same state.
 */
export const script = `
"use strict";
const page = document.documentElement;
page.classList.add("js");
addEventListener("DOMContentLoaded", () => {
  const { cursor, at, offset, stale } = page.dataset;
  const told = document.getElementById("told");

  for (const button of document.querySelectorAll(".command button")) {
    const label = button.firstChild;
    button.addEventListener("click", async () => {
      const text = button.parentNode.querySelector("code");
      getSelection().selectAllChildren(text);
      try {
        await navigator.clipboard.writeText(text.textContent);
        label.data = "Copied";
      } catch {
        label.data = "Selected";
      }
      told.textContent = label.data;
      setTimeout(() => { label.data = "Copy"; }, 2000);
    });
  }

  const clock = (time, to) => new Date(Date.parse(time) + offset * 60000).toISOString().slice(11, to);

  function newer(time) {
    const link = document.getElementById("newer");
    link.textContent = "Newer state from " + clock(time, 16) + ": show it";
    if (!link.hidden) return;
    link.hidden = false;
    document.getElementById("as-of").hidden = true;
    document.querySelector(".again").hidden = true;
    told.textContent = "There is a newer state";
  }

  const { title } = document;
  const patience = 60000;
  let answered = Date.now();

  function age() {
    if (stale) return;
    const silent = Date.now() - answered;
    const is = silent >= patience;
    if (is) {
      const words = "The agent has not answered for " + Math.floor(silent / 60000) + " min. This is what was known at " + clock(at, 19) + ".";
      const band = document.getElementById("band");
      if (band.textContent !== words) band.textContent = words;
      if (!page.classList.contains("stale")) told.textContent = words;
    }
    document.title = is ? "? Not known since " + clock(at, 16) + title.slice(title.lastIndexOf(" · ")) : title;
    page.classList.toggle("stale", is);
  }
  setInterval(age, 1000);

  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

  async function listen() {
    let after = cursor;
    for (;;) {
      const wait = new AbortController();
      const limit = setTimeout(() => wait.abort(), patience);
      try {
        const answer = await fetch("/v1/events?wait=25s&after=" + encodeURIComponent(after), { signal: wait.signal, cache: "no-store" });
        const { items, next } = await answer.json();
        answered = Date.now();
        age();
        // Whoever may see no events is answered so: the agent is there.
        if (!answer.ok || !Array.isArray(items)) await pause(10000);
        else {
          after = next;
          if (items.length > 0) newer(items[items.length - 1].time);
        }
      } catch {
        await pause(2000);
      }
      clearTimeout(limit);
    }
  }
  listen();
});
`;
