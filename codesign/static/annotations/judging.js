// Adds to the pages to judge and to correct: automatic drafts, active time (of judging alone), and
// protection against double sending. Without this script all buttons work, and the server measures
// the time from showing to sending.
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
  const SIGNED_OUT = 401; // the server may stash the form until they sign in again
  const OVER = 409;
  const saved = document.getElementById("saved");
  const words = { ...document.getElementById("draft-words").dataset, ...form.dataset };
  const seconds = form.elements.namedItem("active_seconds");
  const csrf = form.elements.namedItem("csrfmiddlewaretoken");

  // Use the address of the assignment even if a sent page came back with errors, so that “reload”
  // and “back” read the page instead of sending it again.
  history.replaceState(null, "", form.action + window.location.hash);

  // Drafts are saved automatically, so Help can be a link, as on every other page.
  document.querySelectorAll("button[value=help][data-href]").forEach(function (help) {
    const link = document.createElement("a");
    link.className = help.className;
    link.href = help.dataset.href;
    link.textContent = help.textContent;
    help.replaceWith(link);
  });

  // ---- active time: visible, and used within the last minute ----
  let active = seconds ? Number(seconds.dataset.start) * 1000 || 0 : 0;
  let lastUse = Date.now();
  let lastTick = Date.now();
  function tick() {
    const now = Date.now();
    const end = Math.min(now, lastUse + STILL_USED);
    if (document.visibilityState === "visible" && end > lastTick) active += end - lastTick;
    lastTick = now;
    if (seconds) seconds.value = String(Math.round(active / 1000));
  }
  ["pointerdown", "pointermove", "keydown", "scroll", "input"].forEach(function (kind) {
    document.addEventListener(kind, function () {
      tick();
      lastUse = Date.now();
    }, { passive: true });
  });
  window.setInterval(tick, 5000);

  // ---- drafts ----
  let changedAt = 0; // time of the oldest change that is not saved; 0 if all is saved
  let timer = 0;
  let saving = null; // the request that is saving now
  let unkept = false; // whether the last attempt to save failed
  let leaving = false;
  let sure = false; // whether the form can be sent without losing text
  let signIn = "";
  let held = false; // whether the server has stashed the form of a signed-out person
  let over = false; // whether the form can no longer be saved or sent

  function say(sentence) {
    if (saved.textContent !== sentence) saved.textContent = sentence;
  }

  function freshToken() {
    const cookie = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/);
    if (cookie) csrf.value = cookie[1]; // signing in elsewhere renews it
  }

  function sayWithWay(sentence, label, where) {
    saved.textContent = sentence + " ";
    const way = document.createElement("a");
    way.href = where;
    way.textContent = label;
    saved.append(way);
  }

  function changed() {
    if (over) return;
    if (!changedAt) changedAt = Date.now();
    window.clearTimeout(timer);
    timer = window.setTimeout(keep, Math.min(SAVE_AFTER, changedAt + SAVE_AT_MOST - Date.now()));
  }

  // Whether the request may continue after the page is closed: browsers allow 64 KiB for this.
  // Longer requests have no limit but end with the page.
  function outlives(body) {
    const parts = [...body].flat();
    const size = new Blob(parts).size + parts.length * FRAME;
    return document.visibilityState === "hidden" && size < MOST_IN_PASSING;
  }

  // Returns the status of the answer, or 0 without an answer.
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
        const state = await answer.json();
        signIn = state.sign_in;
        held = state.kept;
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
      sayWithWay(held ? words.out : words.outUnheld, words.in, signIn);
    } else if (status === OVER) {
      over = true; // sent in another tab, or no longer assigned; the text stays on the page
      sayWithWay(words.over, words.why, form.action);
    } else if (status === KEPT) {
      say(words.saved);
    } else {
      say(status === 0 ? words.away : words[passes(status) ? "later" : "refused"]);
    }
    if (changedAt) timer = window.setTimeout(keep, unkept ? SAVE_AT_MOST : SAVE_AFTER);
  }

  // Whether a later attempt may succeed without any action.
  function passes(status) {
    return status === 403 || status === 429 || status >= 500;
  }

  function keep() {
    if (!changedAt || saving || leaving) return;
    saving = save().then(tell).finally(function () {
      saving = null;
    });
  }

  // The missing answer is given, so screen readers no longer announce the error.
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
    if (unkept && changedAt && !leaving) event.preventDefault(); // their text is only on this page
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
    say(words.sending); // on a slow connection nothing else changes for a while
    if (!changedAt && !saving && navigator.onLine) {
      tick();
      freshToken();
      return;
    }
    event.preventDefault();
    saveFirst(button);
  });

  // Sending a form without a connection would lose the page. So unsaved changes are saved first, and
  // if that fails, the page does not change.
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
    if (!stays) say(status === 0 ? words.unsent : words.unsentLater);
  }

  // A page from the browser's back-forward cache may have been sent since: reload it.
  window.addEventListener("pageshow", function (event) {
    if (event.persisted) window.location.reload();
  });
})();
