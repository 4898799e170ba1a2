// Adds to the field of a rewrite: start from empty, undo, and what differs from the reply, word by
// word. Without this script, the field has the reply to change.
(function () {
  "use strict";

  const SETTLED = 400; // milliseconds without a change until the words are compared
  const SAID_AFTER = 1500; // milliseconds without a change until the numbers are read out
  const MOST = 700; // words and signs that changed, on either side: the time grows with the square
  const MOST_STEPS = 100;

  // [{key, text, isWord}]: words and signs, each with the spaces after it.
  function split(text, language) {
    const parts = window.Intl && Intl.Segmenter
      ? [...new Intl.Segmenter(language || undefined, { granularity: "word" }).segment(text)]
      : [...text.matchAll(/\s+|[\p{L}\p{M}\p{N}]+|./gsu)].map(function (found) {
        return { segment: found[0], isWordLike: /[\p{L}\p{N}]/u.test(found[0]) };
      });
    const tokens = [];
    parts.forEach(function (part) {
      if (part.segment.trim()) {
        tokens.push({ key: part.segment, text: part.segment, isWord: Boolean(part.isWordLike) });
      } else if (tokens.length) {
        tokens[tokens.length - 1].text += part.segment;
      }
    });
    return tokens;
  }

  // [[kind, token]] with the kinds "same", "del" and "ins", or null where too much changed.
  function compare(before, after) {
    let start = 0;
    while (start < Math.min(before.length, after.length) && before[start].key === after[start].key) {
      start += 1;
    }
    let kept = 0;
    while (
      kept < Math.min(before.length, after.length) - start &&
      before[before.length - 1 - kept].key === after[after.length - 1 - kept].key
    ) kept += 1;
    const gone = before.slice(start, before.length - kept);
    const made = after.slice(start, after.length - kept);
    if (Math.max(gone.length, made.length) > MOST) return null;
    // common[i][j]: the length of the longest common subsequence of gone from i and made from j
    const common = Array.from({ length: gone.length + 1 }, function () {
      return new Uint16Array(made.length + 1);
    });
    for (let i = gone.length - 1; i >= 0; i -= 1) {
      for (let j = made.length - 1; j >= 0; j -= 1) {
        common[i][j] = gone[i].key === made[j].key
          ? common[i + 1][j + 1] + 1
          : Math.max(common[i + 1][j], common[i][j + 1]);
      }
    }
    const steps = after.slice(0, start).map(function (token) { return ["same", token]; });
    let i = 0;
    let j = 0;
    while (i < gone.length || j < made.length) {
      if (i < gone.length && j < made.length && gone[i].key === made[j].key) {
        steps.push(["same", made[j]]);
        i += 1;
        j += 1;
      } else if (j === made.length || (i < gone.length && common[i + 1][j] >= common[i][j + 1])) {
        steps.push(["del", gone[i]]);
        i += 1;
      } else {
        steps.push(["ins", made[j]]);
        j += 1;
      }
    }
    after.slice(after.length - kept).forEach(function (token) { steps.push(["same", token]); });
    return steps;
  }

  function setUp(box) {
    const field = document.getElementById(box.dataset.rewriteOf);
    const reply = box.querySelector("template").content.querySelector("textarea").value;
    const empty = box.querySelector("[data-rewrite-empty]");
    const undo = box.querySelector("[data-rewrite-undo]");
    const changes = box.querySelector("[data-rewrite-changes]");
    const shown = changes.querySelector(".diff");
    const said = box.querySelector("[role=status]");
    const history = reply === field.value ? [reply] : [reply, field.value];
    const original = split(reply, field.lang);
    let settling = 0;
    let saying = 0;

    // The words for screen readers must not decide the direction of the text: bdi keeps them apart.
    function marked(kind, text) {
      const node = document.createElement(kind);
      const sign = document.createElement("span");
      const name = document.createElement("bdi");
      sign.setAttribute("aria-hidden", "true");
      sign.textContent = kind === "ins" ? "[+" : "[−";
      name.className = "visually-hidden";
      name.lang = document.documentElement.lang;
      name.textContent = "[" + box.dataset[kind] + ": ";
      const words = text.trimEnd();
      node.append(sign, name, words, "]");
      return [node, text.slice(words.length)];
    }

    function draw(steps) {
      const pieces = [];
      steps.forEach(function (step) {
        const last = pieces[pieces.length - 1];
        if (last && last[0] === step[0]) last[1] += step[1].text;
        else pieces.push([step[0], step[1].text]);
      });
      shown.replaceChildren(...pieces.flatMap(function (piece) {
        return piece[0] === "same" ? [piece[1]] : marked(piece[0], piece[1]);
      }));
    }

    function counted(steps, kind) {
      return steps.filter(function (step) { return step[0] === kind && step[1].isWord; }).length;
    }

    function show() {
      const steps = compare(original, split(field.value, field.lang));
      const same = steps && steps.every(function (step) { return step[0] === "same"; });
      changes.hidden = Boolean(same);
      window.clearTimeout(saying);
      if (steps) draw(steps);
      else shown.textContent = box.dataset.long;
      const words = !steps || same ? "" : box.dataset.says
        .replace("{added}", counted(steps, "ins"))
        .replace("{removed}", counted(steps, "del"));
      saying = window.setTimeout(function () { said.textContent = words; }, SAID_AFTER);
    }

    function settle() {
      window.clearTimeout(settling);
      if (history[history.length - 1] !== field.value) history.push(field.value);
      if (history.length > MOST_STEPS) history.splice(1, 1); // the reply itself stays
      undo.disabled = history.length < 2;
      show();
    }

    function write(text) {
      field.value = text;
      field.dispatchEvent(new Event("input", { bubbles: true })); // saves the draft
      settle();
    }

    field.addEventListener("input", function () {
      undo.disabled = false;
      window.clearTimeout(settling);
      settling = window.setTimeout(settle, SETTLED);
    });
    empty.addEventListener("click", function () {
      settle();
      write("");
      field.focus();
    });
    undo.addEventListener("click", function () {
      settle();
      if (history.length > 1) history.pop();
      write(history[history.length - 1]);
      if (undo.disabled) field.focus();
    });
    window.addEventListener("pageshow", settle); // a reloaded page keeps what was typed
    box.hidden = false;
    settle();
  }

  document.querySelectorAll("[data-rewrite-of]").forEach(setUp);
})();
