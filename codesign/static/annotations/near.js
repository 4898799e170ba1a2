// Keeps the replies and the number of answers in view on the judging page.
// Without this script the letters are links to the replies, and the server counts the answers.
(function () {
  "use strict";

  const form = document.getElementById("judge");
  if (!form) return;
  const SAID_AFTER = 1500; // milliseconds without a change until the number is read out

  // ---- how many answers are given ----
  const shown = document.getElementById("answered");
  const said = document.getElementById("answered-said");
  let timer = 0;

  function isAnswered(group) {
    if (group.querySelector("input:checked")) return true;
    const noOrder = form.querySelector("[name=all_harmful]:checked, [name=cannot_rank]:checked");
    return Boolean(noOrder) && group.matches(".likert-places");
  }

  function count() {
    const groups = [...form.querySelectorAll("[data-needed]")].filter(function (group) {
      return !group.closest("[hidden]");
    });
    const words = shown.dataset.says
      .replace("{answered}", groups.filter(isAnswered).length)
      .replace("{needed}", groups.length);
    if (shown.textContent === words) return;
    shown.textContent = words;
    window.clearTimeout(timer);
    timer = window.setTimeout(function () { said.textContent = words; }, SAID_AFTER);
  }

  // An order and the reasons for none exclude each other: the last choice counts.
  function exclude(event) {
    const none = event.target.matches("[name=all_harmful], [name=cannot_rank]");
    if (!event.target.checked || !(none || event.target.closest(".likert-places"))) return;
    form.querySelectorAll("[name=all_harmful], [name=cannot_rank], .likert-places input")
      .forEach(function (input) {
        const places = input.closest(".likert-places");
        if (input !== event.target && (none || !places)) input.checked = false;
      });
  }
  form.addEventListener("change", exclude);
  if (shown) {
    form.addEventListener("change", count);
    window.addEventListener("pageshow", count); // a reloaded page keeps what was typed
  }

  // ---- a reply beside the questions ----
  const near = document.getElementById("near");
  if (!near) return;
  const box = near.querySelector("[data-near-reply]");
  box.id = "near-reply";

  function close() {
    box.hidden = true;
    near.querySelectorAll("[data-near]").forEach(function (button) {
      button.setAttribute("aria-expanded", "false");
    });
  }

  function open(button) {
    const letter = button.dataset.near;
    const words = document.querySelector("[data-reply=" + letter + "] .said");
    close();
    const copy = words ? words.cloneNode(true) : document.createElement("p");
    box.replaceChildren(copy);
    box.scrollTop = 0;
    box.setAttribute("aria-label", button.textContent.trim());
    box.hidden = false;
    button.setAttribute("aria-expanded", "true");
  }

  near.querySelectorAll("[data-near]").forEach(function (link) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = link.className;
    button.dataset.near = link.dataset.near;
    button.append(...link.childNodes);
    button.setAttribute("aria-controls", box.id);
    button.setAttribute("aria-expanded", "false");
    button.addEventListener("click", function () {
      if (button.getAttribute("aria-expanded") === "true") close();
      else open(button);
    });
    link.replaceWith(button);
  });
  document.addEventListener("keydown", function (event) {
    if (event.key === "Escape") close();
  });
})();
