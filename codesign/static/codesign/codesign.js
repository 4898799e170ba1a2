// The few things that every page gains from scripts. Every page works without them.
(function () {
  "use strict";

  // Say a sentence in the status region, so that it is seen and read aloud.
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
    // What a page says when it opens is read aloud too: readers hear changes of a region only.
    window.setTimeout(function () {
      document.querySelectorAll("#messages .note p").forEach(function (words) {
        words.textContent = words.textContent;
      });
    }, 500);

    // A passkey needs scripts, so its button is for pages that have them.
    document.querySelectorAll("[data-needs-scripts]").forEach(function (part) {
      part.hidden = false;
    });

    // On a narrow screen the menu is wider than the page: begin where one is.
    const here = document.querySelector(".top-nav [aria-current]");
    if (here) here.scrollIntoView({ block: "nearest", inline: "center" });

    // A request in the background that failed must not fail in silence.
    document.body.addEventListener("htmx:sendError", function () { say(lost); });
    document.body.addEventListener("htmx:responseError", function () { say(lost); });

    // The first thing wrong in a form is where the keyboard goes.
    const summary = document.querySelector("form .note-error[role=alert]");
    if (summary) {
      summary.tabIndex = -1;
      summary.focus();
    }
  });

  // A double click sends once. The judging form sees to that itself. A form that is answered with
  // a file stays on its page, so after a while it may be sent again.
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

  // A passkey that was cancelled or refused by the device: said in words, not in the console.
  document.addEventListener("allauth.error", function (event) {
    event.preventDefault();
    const words = document.querySelector("[data-passkey-failed]");
    say(words ? words.dataset.passkeyFailed : "");
  });
})();
