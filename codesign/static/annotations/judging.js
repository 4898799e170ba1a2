// The judging page gains: drafts that save themselves, counted active time, no double sending.
// Without this script every button works, and the server counts from showing to sending.
(function () {
  "use strict";

  const form = document.getElementById("judge");
  if (!form) return;
  const SAVE_AFTER = 3000; // milliseconds after the last change; at most 10 s after the first
  const SAVE_AT_MOST = 9000;
  const STILL_USED = 60000;
  const saved = document.getElementById("saved");
  const seconds = form.elements.namedItem("active_seconds");
  const csrf = form.elements.namedItem("csrfmiddlewaretoken");

  // An address of its own for each assignment, also where a sent page came back with something
  // missing: reload and back then read instead of sending.
  history.replaceState(null, "", form.action + window.location.hash);

  // ---- active time: visible, and used within the last minute ----
  let active = Number(seconds.dataset.start) * 1000 || 0;
  let lastUse = Date.now();
  let lastTick = Date.now();
  function tick() {
    const now = Date.now();
    const end = Math.min(now, lastUse + STILL_USED);
    if (document.visibilityState === "visible" && end > lastTick) active += end - lastTick;
    lastTick = now;
    seconds.value = String(Math.round(active / 1000));
  }
  ["pointerdown", "pointermove", "keydown", "scroll", "input"].forEach(function (kind) {
    document.addEventListener(kind, function () {
      tick();
      lastUse = Date.now();
    }, { passive: true });
  });
  window.setInterval(tick, 5000);

  // ---- drafts ----
  let changedAt = 0; // when the oldest change was made that is not saved; 0: all is
  let timer = 0;
  let saving = false;
  let leaving = false;

  function say(sentence) {
    if (saved.textContent !== sentence) saved.textContent = sentence;
  }

  function freshToken() {
    const found = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/);
    if (found) csrf.value = found[1]; // signing in elsewhere renews it
  }

  function sayOut(where) {
    saved.textContent = form.dataset.out + " ";
    const way = document.createElement("a");
    way.href = where;
    way.textContent = form.dataset.in;
    saved.append(way);
  }

  function changed() {
    if (!changedAt) changedAt = Date.now();
    window.clearTimeout(timer);
    timer = window.setTimeout(save, Math.min(SAVE_AFTER, changedAt + SAVE_AT_MOST - Date.now()));
  }

  async function save() {
    if (!changedAt || saving || leaving) return;
    window.clearTimeout(timer);
    const until = changedAt;
    changedAt = 0;
    saving = true;
    tick();
    freshToken();
    const body = new FormData(form);
    body.set("do", "save");
    try {
      const answer = await fetch(form.action, {
        method: "POST",
        body: body,
        keepalive: true,
        redirect: "error",
        headers: { "X-Requested-With": "judging" },
      });
      if (answer.status === 401) {
        sayOut((await answer.json()).sign_in);
      } else if (answer.status === 409) {
        window.location.reload(); // sent in another tab: its page says so
      } else if (answer.ok) {
        say(form.dataset.said);
      } else {
        throw new Error(String(answer.status));
      }
    } catch {
      changedAt = changedAt || until;
      if (!leaving) say(form.dataset.away);
      timer = window.setTimeout(save, SAVE_AT_MOST);
    } finally {
      saving = false;
      if (changedAt) timer = window.setTimeout(save, SAVE_AFTER);
    }
  }

  // What was missing is there now: those who listen to the page hear no complaint either.
  form.addEventListener("change", function (event) {
    const group = event.target.closest(".likert[aria-describedby]");
    if (!group) return;
    group.removeAttribute("aria-describedby");
    group.querySelectorAll("[aria-invalid]").forEach(function (point) {
      point.removeAttribute("aria-invalid");
    });
  });

  form.addEventListener("input", changed);
  form.addEventListener("change", changed);
  document.addEventListener("visibilitychange", function () {
    tick();
    if (document.visibilityState === "hidden") save();
  });

  // ---- sending: once ----
  form.addEventListener("submit", function (event) {
    const button = event.submitter;
    if (button && button.value === "save") {
      event.preventDefault(); // the Enter key in a field
      changed();
      save();
      return;
    }
    if (leaving) {
      event.preventDefault();
      return;
    }
    leaving = true;
    tick();
    freshToken();
    if (button) button.setAttribute("aria-disabled", "true");
    say(form.dataset.sending); // a slow line shows nothing else for a while
  });

  // Brought back by the browser's memory: look again, it may have been sent since.
  window.addEventListener("pageshow", function (event) {
    if (event.persisted) window.location.reload();
  });
})();
