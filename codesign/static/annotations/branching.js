// Shows a question only after the answers that lead to it. Without this script, the page says beside
// the question when it is to be answered, and the server ignores answers to the others.
(function () {
  "use strict";

  const groups = [...document.querySelectorAll("fieldset[data-only-after]")];
  if (!groups.length) return;
  const form = groups[0].form;

  // A disabled group is neither sent nor read out. Groups are in order, so that each comes after
  // the one that it depends on.
  function update() {
    groups.forEach(function (group) {
      const chosen = form.querySelector('input[name="' + group.dataset.onlyAfter + '"]:checked');
      const asked =
        chosen !== null &&
        !chosen.closest("fieldset").disabled &&
        group.dataset.onlyScores.split(" ").includes(chosen.value);
      group.disabled = !asked;
      group.hidden = !asked;
    });
    document.querySelectorAll(".criterion").forEach(function (criterion) {
      const own = [...criterion.querySelectorAll("fieldset[data-only-after]")];
      if (own.length) criterion.hidden = own.every((group) => group.hidden);
    });
  }

  document.querySelectorAll(".only-if").forEach(function (sentence) {
    sentence.hidden = true;
  });
  form.addEventListener("change", update);
  update();
})();
