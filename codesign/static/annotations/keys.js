// Single keys on the judging page, and the dialog that shows them and can switch them off
// (WCAG 2.1.4). Everything also works with Tab, arrows and Enter.
(function () {
  "use strict";

  const form = document.getElementById("judge");
  const dialog = document.getElementById("keys");
  if (!form || !dialog || !dialog.showModal) return;

  function isOff(name) {
    try {
      return window.localStorage.getItem(name) === "off";
    } catch {
      return false; // a browser that keeps nothing
    }
  }

  dialog.querySelectorAll("[data-remembers]").forEach(function (box) {
    const name = box.dataset.remembers;
    box.checked = !isOff(name);
    box.addEventListener("change", function () {
      try {
        if (box.checked) window.localStorage.removeItem(name);
        else window.localStorage.setItem(name, "off");
      } catch {
        // a browser that keeps nothing
      }
    });
  });

  function show() {
    dialog.showModal();
    document.getElementById("keys-title").focus(); // so that reading begins at the top
  }
  document.querySelectorAll("[data-keys-open]").forEach(function (button) {
    button.addEventListener("click", show);
  });

  const TYPED = "textarea, select, input:not([type=radio]):not([type=checkbox])";

  function groups() {
    return [...form.querySelectorAll("[data-needed]:not(:disabled)")]; // those that are asked
  }

  function focusGroup(group) {
    if (!group) return;
    (group.querySelector("input:checked") || group.querySelector("input")).focus();
    group.scrollIntoView({ block: "center" });
  }

  // The next group after the focus, or the first one.
  function step(by) {
    const all = groups();
    const here = document.activeElement.closest("[data-needed]");
    if (here) return focusGroup(all[all.indexOf(here) + by]);
    const after = all.filter(function (group) {
      const order = document.activeElement.compareDocumentPosition(group);
      return order & Node.DOCUMENT_POSITION_FOLLOWING;
    });
    const place = all.length - after.length + (by > 0 ? 0 : -1);
    return focusGroup(all[place]);
  }

  function choose(number) {
    const group = document.activeElement.closest(".likert");
    const point = group && group.querySelectorAll("input[type=radio]")[number - 1];
    if (!point) return;
    point.focus();
    point.click();
  }

  function toReply(letter) {
    const title = document.getElementById("reply-" + letter.toUpperCase());
    if (!title) return;
    title.focus();
    title.scrollIntoView({ block: "start" });
  }

  // Opens the tool of a field and goes there: in the reply where the focus is, or the first one.
  function openTool(selector) {
    const here = document.activeElement.closest("[data-reply]");
    const field = (here || form).querySelector(selector);
    if (!field) return;
    field.closest("details").open = true;
    field.focus();
  }

  const ACTS = {
    n: function () { step(1); },
    p: function () { step(-1); },
    m: function () { openTool("[data-mark-sentence]"); },
    r: function () { openTool("[name^=rewrite-]"); },
    s: function () { document.querySelector(".bar [value=send]").focus(); },
    "?": show,
  };

  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat) return;
    if (dialog.open || event.target.closest(TYPED) || isOff("codesign.keys")) return;
    const act = ACTS[event.key];
    if (act) act();
    else if (/^[1-7]$/.test(event.key)) choose(Number(event.key));
    else if (/^[a-f]$/.test(event.key)) toReply(event.key);
    else return;
    event.preventDefault();
  });
})();
