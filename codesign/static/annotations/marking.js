// Marks passages of replies by mouse, touch and keyboard. Without this script, words are copied
// into a field, and the server finds them.
// Every piece of a reply's text has the attribute data-at: its offset in the source, in code points.
(function () {
  "use strict";

  const form = document.getElementById("judge");
  if (!form) return;
  const SETTLED = 250; // milliseconds without a change of the selection

  function segments(text, language, granularity) {
    if (!window.Intl || !Intl.Segmenter) return null; // an older browser
    return [...new Intl.Segmenter(language || undefined, { granularity: granularity }).segment(text)];
  }

  // The text as one string. places[i] is the offset in the source of the letter at i, or null for a
  // space that stands for a new line.
  function read(root) {
    const text = { flat: "", places: [], pieces: [] };
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT);
    while (walker.nextNode()) {
      const node = walker.currentNode;
      if (node.dataset.at === undefined) {
        if (node.matches("br, p, li, pre, h2, h3, h4, h5, h6")) {
          text.flat += " ";
          text.places.push(null);
        }
        continue;
      }
      text.pieces.push({ node: node, begin: text.flat.length, letters: [...node.textContent] });
      let at = Number(node.dataset.at);
      for (const letter of node.textContent) {
        text.flat += letter;
        for (let unit = 0; unit < letter.length; unit += 1) text.places.push(at);
        at += 1;
      }
    }
    return text;
  }

  // Whole letters with their combining marks, without spaces around: [start, end) in `flat`, or null.
  function whole(text, language, start, end) {
    const letters = segments(text.flat, language, "grapheme") || [];
    letters.forEach(function (letter) {
      const last = letter.index + letter.segment.length;
      if (letter.index < start && start < last) start = letter.index;
      if (letter.index < end && end < last) end = last;
    });
    while (start < end && (text.places[start] === null || /\s/.test(text.flat[start]))) start += 1;
    while (start < end && (text.places[end - 1] === null || /\s/.test(text.flat[end - 1]))) end -= 1;
    return start < end ? [start, end] : null;
  }

  function selected(text, root) {
    const selection = window.getSelection();
    if (!selection.rangeCount || selection.isCollapsed) return null;
    const range = selection.getRangeAt(0);
    if (!range.intersectsNode(root)) return null;
    const touched = text.pieces.filter(function (piece) { return range.intersectsNode(piece.node); });
    if (!touched.length) return null;
    const first = touched[0];
    const last = touched[touched.length - 1];
    function local(piece, container, offset, otherwise) {
      if (!piece.node.contains(container)) return otherwise;
      const before = document.createRange();
      before.setStart(piece.node, 0);
      before.setEnd(container, offset);
      return before.toString().length;
    }
    const start = first.begin + local(first, range.startContainer, range.startOffset, 0);
    const length = last.letters.join("").length;
    const end = last.begin + local(last, range.endContainer, range.endOffset, length);
    return whole(text, root.lang, start, end);
  }

  function words(text, language) {
    const found = segments(text.flat, language, "word");
    if (!found) {
      return [...text.flat.matchAll(/\S+/g)].map(function (one) {
        return [one.index, one.index + one[0].length];
      });
    }
    return found
      .filter(function (one) { return one.isWordLike; })
      .map(function (one) { return [one.index, one.index + one.segment.length]; });
  }

  function sentences(text, language) {
    const found = segments(text.flat, language, "sentence");
    if (!found) {
      return [...text.flat.matchAll(/[^.!?؟。]+[.!?؟。]*/g)].map(function (one) {
        return [one.index, one.index + one[0].length];
      });
    }
    return found.map(function (one) { return [one.index, one.index + one.segment.length]; });
  }

  function setUp(article) {
    const root = article.querySelector(".said-md");
    const list = article.querySelector(".marks");
    if (!root || !list) return;
    const language = root.lang;
    const text = read(root);
    const tool = article.querySelector("[data-mark-tool]");
    const now = article.querySelector("[data-mark-now]");
    const says = article.querySelector("[data-mark-says]");
    const template = article.querySelector("[data-mark-template]");
    let number = Math.max(0, ...[...list.children].map(function (item) {
      return Number(item.dataset.mark.split("-").pop());
    }));

    function wordsAt(passage) {
      return text.flat.slice(...passage).trim();
    }

    function marks() {
      return [...list.querySelectorAll("input[type=hidden]")].map(function (field) {
        return field.value.split("-").map(Number);
      });
    }

    function paint() {
      const all = marks();
      text.pieces.forEach(function (piece) {
        const start = Number(piece.node.dataset.at);
        const end = start + piece.letters.length;
        const cuts = [start, end, ...all.flat()].filter(function (edge) {
          return start <= edge && edge <= end;
        });
        const edges = [...new Set(cuts)].sort(function (a, b) { return a - b; });
        const parts = edges.slice(1).map(function (high, place) {
          const low = edges[place];
          const part = piece.letters.slice(low - start, high - start).join("");
          const times = all.filter(function (mark) { return mark[0] <= low && high <= mark[1]; });
          if (!times.length) return part;
          const mark = document.createElement("mark");
          if (times.length > 1) mark.className = "mark-again";
          mark.textContent = part;
          return mark;
        });
        piece.node.replaceChildren(...parts);
      });
    }

    function changed(sentence) {
      paint();
      says.textContent = sentence;
      list.dispatchEvent(new Event("input", { bubbles: true }));
    }

    function add(passage) {
      const place = text.places[passage[0]] + "-" + (text.places[passage[1] - 1] + 1);
      const same = [...list.querySelectorAll("input[type=hidden]")].find(function (field) {
        return field.value === place && !field.closest("li").querySelector("select").value;
      });
      if (same) {
        same.closest("li").querySelector("select").focus();
        return;
      }
      number += 1;
      const item = template.content.querySelector("li").cloneNode(true);
      const shown = wordsAt(passage);
      [item, ...item.querySelectorAll("*")].forEach(function (node) {
        [...node.attributes].forEach(function (attribute) {
          attribute.value = attribute.value
            .replace(/(mark-[A-Z]+)-new/, "$1-" + number)
            .replace("{words}", shown);
        });
      });
      item.querySelector("input[type=hidden]").value = place;
      item.querySelectorAll(".mark-words, .mark-words-again").forEach(function (node) {
        node.textContent = shown;
      });
      list.append(item);
      changed(says.dataset.marked.replace("{words}", shown));
      item.querySelector("select").focus({ preventScroll: true });
      item.scrollIntoView({ block: "center" });
    }

    list.addEventListener("click", function (event) {
      const button = event.target.closest("[name=unmark]");
      if (!button) return;
      event.preventDefault();
      button.closest("li").remove();
      changed(says.dataset.removed);
      tool.querySelector("summary").focus();
    });

    // ---- by selecting words ----
    let passage = null;
    let timer = 0;
    function look() {
      passage = selected(text, root);
      now.hidden = !passage;
    }
    document.addEventListener("selectionchange", function () {
      window.clearTimeout(timer);
      timer = window.setTimeout(look, SETTLED);
    });
    now.addEventListener("pointerdown", function (event) { event.preventDefault(); });
    now.addEventListener("click", function () {
      if (!passage) return;
      const chosen = passage;
      window.getSelection().removeAllRanges();
      passage = null;
      now.hidden = true;
      add(chosen);
    });

    // ---- by keyboard: a sentence, then fewer or more words ----
    const sentence = tool.querySelector("[data-mark-sentence]");
    const choice = tool.querySelector("[data-mark-choice]");
    const chosenWords = tool.querySelector("[data-mark-choice-words]");
    const all = words(text, language);
    let chosen = null;

    sentences(text, language).forEach(function (one) {
      const passage_ = whole(text, language, ...one);
      if (!passage_) return;
      const option = document.createElement("option");
      option.value = passage_.join("-");
      option.textContent = wordsAt(passage_);
      sentence.append(option);
    });

    function choose(passage_) {
      chosen = passage_;
      choice.hidden = !chosen;
      chosenWords.textContent = chosen ? wordsAt(chosen) : "";
    }
    sentence.addEventListener("change", function (event) {
      event.stopPropagation(); // it is no answer, so nothing has to be saved
      choose(sentence.value ? sentence.value.split("-").map(Number) : null);
    });
    sentence.addEventListener("input", function (event) { event.stopPropagation(); });

    tool.querySelectorAll("[data-mark-step]").forEach(function (button) {
      button.addEventListener("click", function () {
        const [edge, by] = button.dataset.markStep.split(",");
        const step = Number(by);
        let [start, end] = chosen;
        const first = all.findIndex(function (one) { return one[1] > start; });
        const after = all.findIndex(function (one) { return one[0] >= end; });
        const last = (after < 0 ? all.length : after) - 1;
        const word = all[(edge === "start" ? first : last) + step];
        if (!word) return;
        if (edge === "start") start = word[0];
        else end = word[1];
        if (start < end) choose([start, end]);
      });
    });
    tool.querySelector("[data-mark-add]").addEventListener("click", function () {
      if (!chosen) return;
      const passage_ = chosen;
      sentence.value = "";
      choose(null);
      add(passage_);
    });
  }

  document.querySelectorAll("[data-reply]").forEach(setUp);
})();
