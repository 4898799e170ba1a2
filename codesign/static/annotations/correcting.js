// Saves a correction while somebody writes it. Without this script, “Save and send later” does.
(function () {
  "use strict";

  const form = document.getElementById("judge");
  if (!form) return;
  const SAVE_AFTER = 3000; // milliseconds after the last change; at most 10 s after the first
  const SAVE_AT_MOST = 9000;
  const PATIENCE = 30000;
  const KEPT = 204;
  const OVER = 409;
  const saved = document.getElementById("saved");
  const csrf = form.elements.namedItem("csrfmiddlewaretoken");
  let changedAt = 0; // time of the oldest change that is not saved; 0 if all is saved
  let timer = 0;
  let busy = false;
  let done = false; // sent, or no longer to be corrected

  function later() {
    window.clearTimeout(timer);
    timer = window.setTimeout(keep, Math.min(SAVE_AFTER, changedAt + SAVE_AT_MOST - Date.now()));
  }

  function changed() {
    if (done) return;
    if (!changedAt) changedAt = Date.now();
    later();
  }

  // Returns the status of the answer, or 0 without an answer.
  async function post() {
    const cookie = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/);
    if (cookie) csrf.value = cookie[1]; // signing in elsewhere renews it
    const body = new FormData(form);
    body.set("do", "save");
    try {
      const answer = await fetch(form.action, {
        method: "POST",
        body: body,
        redirect: "error",
        signal: AbortSignal.timeout(PATIENCE),
        headers: { "X-Requested-With": "judging" },
      });
      return answer.status;
    } catch {
      return 0;
    }
  }

  async function keep() {
    if (!changedAt || busy || done) return;
    busy = true;
    const since = changedAt;
    changedAt = 0;
    const status = await post();
    busy = false;
    if (done) return;
    done = status === OVER;
    saved.textContent = form.dataset[status === KEPT ? "saved" : done ? "over" : "away"];
    if (status !== KEPT && !done) {
      changedAt = since;
      timer = window.setTimeout(keep, SAVE_AT_MOST);
    } else if (changedAt) {
      later();
    }
  }

  form.addEventListener("input", changed);
  form.addEventListener("change", changed);
  document.addEventListener("visibilitychange", function () {
    if (document.visibilityState === "hidden") keep();
  });
  form.addEventListener("submit", function () {
    done = true;
  });
})();
