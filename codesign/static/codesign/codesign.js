// Small improvements to every page. All pages work without scripts.
(function () {
  "use strict";

  // Show a sentence in the status region, where screen readers announce it.
  function say(sentence) {
    const region = document.getElementById("messages");
    if (!region || !sentence) return;
    const note = document.createElement("div");
    note.className = "note note-warn";
    const words = document.createElement("p");
    words.textContent = sentence;
    note.append(words);
    region.replaceChildren(note);
  }

  document.addEventListener("DOMContentLoaded", function () {
    const region = document.getElementById("messages");
    const lost = region ? region.dataset.lost : "";
    // Announce messages that are there when the page opens: screen readers only notice changes.
    window.setTimeout(function () {
      document.querySelectorAll("#messages .note p").forEach(function (words) {
        words.textContent = words.textContent;
      });
    }, 500);

    // Passkeys need scripts, so their button is hidden without them.
    document.querySelectorAll("[data-needs-scripts]").forEach(function (part) {
      part.hidden = false;
    });

    // On a narrow screen the menu is wider than the page: scroll to the current item.
    const here = document.querySelector(".top-nav [aria-current]");
    if (here) here.scrollIntoView({ block: "nearest", inline: "center" });

    // Report failed background requests.
    document.body.addEventListener("htmx:sendError", function () { say(lost); });
    document.body.addEventListener("htmx:responseError", function () { say(lost); });

    // Move the focus to the error summary of a form, unless help or the like before it has it.
    const first = document.querySelector("[autofocus], form .note-error[role=alert]");
    if (first && !first.autofocus) {
      first.tabIndex = -1;
      first.focus();
    }
  });

  // Send a form only once on a double click. The judging form does this itself. A form whose
  // response is a file stays on its page, so it may be sent again after a while.
  const SENDING_MS = 5000;
  document.addEventListener("submit", function (event) {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post" || form.closest("#judge")) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    window.setTimeout(function () { delete form.dataset.sent; }, SENDING_MS);
  });

  // Leave at once: the page is emptied, and the new page takes its place in the history.
  function exit(link) {
    const stop = function (event) { event.stopImmediatePropagation(); };
    window.addEventListener("beforeunload", stop, { capture: true }); // nothing may ask first
    document.title = document.title.split(" · ").pop();
    document.body.replaceChildren();
    window.location.replace(link);
  }

  const ESCAPES = 3;
  const ESCAPES_MS = 2000;
  let escapes = [];

  // The person can switch this key off (the dialog of keys while judging); the link stays.
  function escapeIsOff() {
    try {
      return window.localStorage.getItem("codesign.escape") === "off";
    } catch {
      return false; // a browser that keeps nothing
    }
  }

  document.addEventListener("keydown", function (event) {
    const link = document.querySelector("[data-quick-exit]");
    if (!link || event.repeat || escapeIsOff()) return;
    escapes = event.key === "Escape" ? [...escapes, Date.now()].slice(-ESCAPES) : [];
    if (escapes.length === ESCAPES && escapes[ESCAPES - 1] - escapes[0] < ESCAPES_MS) exit(link.href);
  }, { capture: true });
  document.addEventListener("click", function (event) {
    const link = event.target.closest("[data-quick-exit]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    exit(link.href);
  }, { capture: true });

  // Show a message if a passkey was cancelled or refused, instead of only logging it.
  document.addEventListener("allauth.error", function (event) {
    event.preventDefault();
    const words = document.querySelector("[data-passkey-failed]");
    say(words ? words.dataset.passkeyFailed : "");
  });
})();
