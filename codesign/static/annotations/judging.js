// The judging page gains: drafts that save themselves, counted active time, no double sending.
// Without this script every button works, and the server counts from showing to sending.
(function () {
  "use strict";

  const form = document.getElementById("judge");
  if (!form) return;
  const SAVE_AFTER = 3000; // milliseconds after the last change; at most 10 s after the first
  const SAVE_AT_MOST = 9000;
  const STILL_USED = 60000;
  const PATIENCE = 30000;
  const MOST_IN_PASSING = 60000; // bytes
  const FRAME = 100; // bytes around each part of a form that is sent
  const KEPT = 204;
  const SIGNED_OUT = 401; // the server may hold what was written until they are back
  const OVER = 409;
  const saved = document.getElementById("saved");
  const seconds = form.elements.namedItem("active_seconds");
  const csrf = form.elements.namedItem("csrfmiddlewaretoken");

  // An address of its own for each assignment, also where a sent page came back with something
  // missing: reload and back then read instead of sending.
  history.replaceState(null, "", form.action + window.location.hash);

  // Drafts save themselves here, so Help needs no sending: a link, as on every other page.
  document.querySelectorAll("button[value=help][data-href]").forEach(function (help) {
    const link = document.createElement("a");
    link.className = help.className;
    link.href = help.dataset.href;
    link.textContent = help.textContent;
    help.replaceWith(link);
  });

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
  let saving = null; // the saving under way
  let unkept = false; // whether the last saving failed
  let leaving = false;
  let sure = false; // whether the next sending is saved, or answered by a page that shows it again
  let signIn = "";
  let held = false; // whether the server holds what was written by somebody who is signed out
  let over = false; // whether nothing here can be saved or sent any more

  function say(sentence) {
    if (saved.textContent !== sentence) saved.textContent = sentence;
  }

  function freshToken() {
    const found = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/);
    if (found) csrf.value = found[1]; // signing in elsewhere renews it
  }

  function sayWithWay(sentence, words, where) {
    saved.textContent = sentence + " ";
    const way = document.createElement("a");
    way.href = where;
    way.textContent = words;
    saved.append(way);
  }

  function changed() {
    if (over) return;
    if (!changedAt) changedAt = Date.now();
    window.clearTimeout(timer);
    timer = window.setTimeout(keep, Math.min(SAVE_AFTER, changedAt + SAVE_AT_MOST - Date.now()));
  }

  // Small enough for a browser to finish after the page is gone (64 KiB at most). What is longer
  // goes the ordinary way, which has no limit but ends with the page.
  function outlives(body) {
    const parts = [...body].flat();
    const size = new Blob(parts).size + parts.length * FRAME;
    return document.visibilityState === "hidden" && size < MOST_IN_PASSING;
  }

  // The status of the answer; 0 where none came.
  async function post() {
    tick();
    freshToken();
    const body = new FormData(form);
    body.set("do", "save");
    try {
      const answer = await fetch(form.action, {
        method: "POST",
        body: body,
        keepalive: outlives(body),
        redirect: "error",
        signal: AbortSignal.timeout(PATIENCE),
        headers: { "X-Requested-With": "judging" },
      });
      if (answer.status === SIGNED_OUT) {
        const said = await answer.json();
        signIn = said.sign_in;
        held = said.kept;
      }
      return answer.status;
    } catch {
      return 0;
    }
  }

  async function save() {
    window.clearTimeout(timer);
    const until = changedAt || Date.now();
    changedAt = 0;
    const status = await post();
    unkept = ![KEPT, OVER].includes(status) && !(status === SIGNED_OUT && held);
    if (unkept) changedAt = changedAt || until;
    return status;
  }

  function tell(status) {
    if (leaving) return;
    if (status === SIGNED_OUT) {
      sayWithWay(held ? form.dataset.out : form.dataset.outUnheld, form.dataset.in, signIn);
    } else if (status === OVER) {
      over = true; // sent in another tab, or taken back: what stands here is not lost with it
      sayWithWay(form.dataset.over, form.dataset.why, form.action);
    } else if (status === KEPT) {
      say(form.dataset.said);
    } else {
      say(status === 0 ? form.dataset.away : form.dataset[passes(status) ? "later" : "refused"]);
    }
    if (changedAt) timer = window.setTimeout(keep, unkept ? SAVE_AT_MOST : SAVE_AFTER);
  }

  // Whether a later try may go better without anybody doing anything.
  function passes(status) {
    return status === 403 || status === 429 || status >= 500;
  }

  function keep() {
    if (!changedAt || saving || leaving) return;
    saving = save().then(tell).finally(function () {
      saving = null;
    });
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
    if (document.visibilityState === "hidden") keep();
  });
  window.addEventListener("beforeunload", function (event) {
    if (unkept && changedAt && !leaving) event.preventDefault(); // what they wrote is only here
  });

  // ---- sending: once ----
  form.addEventListener("submit", function (event) {
    const button = event.submitter;
    if (button && button.value === "save") {
      event.preventDefault(); // the Enter key in a field
      changed();
      keep();
      return;
    }
    if (leaving) {
      if (!sure) event.preventDefault();
      sure = false;
      return;
    }
    leaving = true;
    if (button) button.setAttribute("aria-disabled", "true");
    say(form.dataset.sending); // a slow line shows nothing else for a while
    if (!changedAt && !saving && navigator.onLine) {
      tick();
      freshToken();
      return;
    }
    event.preventDefault();
    saveFirst(button);
  });

  // A form that is sent without a connection takes the page with it: what is not saved yet is
  // saved before, and where that fails, all stays as it is.
  async function saveFirst(button) {
    await saving;
    const status = await save();
    const stays = status === SIGNED_OUT && !held;
    if (status > 0 && !stays && (status === 403 || !passes(status))) {
      sure = true;
      form.requestSubmit(button);
      return;
    }
    leaving = false;
    if (button) button.removeAttribute("aria-disabled");
    tell(status);
    if (!stays) say(status === 0 ? form.dataset.unsent : form.dataset.unsentLater);
  }

  // Brought back by the browser's memory: look again, it may have been sent since.
  window.addEventListener("pageshow", function (event) {
    if (event.persisted) window.location.reload();
  });
})();
