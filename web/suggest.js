"use strict";
(() => {
  const field = document.getElementById("q"), list = document.getElementById("vorschlaege");
  let waiting = 0, asked = "";
  field.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(async () => {
      const typed = field.value;
      if (typed.trim().length < 2 || typed === asked) return;
      asked = typed;
      const answer = await fetch("/suche/vorschlaege?q=" + encodeURIComponent(typed));
      if (!answer.ok || field.value !== typed) return;
      list.replaceChildren(...(await answer.json()).map((words) => new Option(words, words)));
    }, 200);
  });
})();
