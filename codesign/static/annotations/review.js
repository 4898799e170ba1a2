// Decisions with single keys, off by default (WCAG 2.1.4), and protection against double sending.
// Without scripts the buttons work.
(function () {
  "use strict";

  const form = document.getElementById("decide");
  if (!form) return;
  const NAME = "codesign-review-keys";
  const choice = document.getElementById("keys-on");
  document.getElementById("keys").hidden = false;
  choice.checked = window.localStorage.getItem(NAME) === "on";
  choice.addEventListener("change", function () {
    window.localStorage.setItem(NAME, choice.checked ? "on" : "off");
  });

  document.addEventListener("keydown", function (event) {
    if (!choice.checked || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (event.target.closest("textarea, select, input:not([type=checkbox])")) return;
    const wanted = form.querySelector("[data-key='" + CSS.escape(event.key.toLowerCase()) + "']");
    if (!wanted) return;
    event.preventDefault();
    wanted.click();
  });

  let sent = false;
  form.addEventListener("submit", function (event) {
    if (sent) event.preventDefault();
    sent = true;
  });
  window.addEventListener("pageshow", function (event) {
    if (event.persisted) window.location.reload();
  });
})();
