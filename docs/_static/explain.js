/* The box for tracebacks: finds the pages that explain a message. Nothing leaves the browser.
   The same rules as src/snippets/explain.py, over the same patterns (errors.js, made at build);
   tests/browser/test_explain.py compares the two. */
"use strict";
{
  const TAIL = 200000;
  const GAP = 400;
  const TRIES = 20;
  const KINDS = {
    int: "-?[0-9]+",
    number: "-?(?:[0-9]+(?:\\.[0-9]*)?(?:e[+-]?[0-9]+)?|nan|inf)",
    shape: "torch\\.Size\\(\\[[0-9, ]*\\]\\)|\\[[0-9, ]*\\]|\\([0-9, ]*\\)",
    word: "[A-Za-z0-9_]+(?:[.:-]+[A-Za-z0-9_]+)*",
  };
  const HOLE = /\{(?:([a-z][a-z0-9 ]*):)?(int|number|shape|word|text)\}/g;
  const NOISE = /\x1b\[[0-9;]*[A-Za-z]|^E {2,}/gm;
  const BLANKS = /[\x00-\x20\x7f\xa0]+/g;
  const VARYING = /torch\.Size\(\[[^\]]*\]\)|'[^']*'|"[^"]*"|\[[^\]]*\]|\([0-9, x]*\)|[0-9]+(?:\.[0-9]*)?|#+/g;
  const NAMED = /^[A-Za-z_.]+(?:Error|Exception|Warning): /;

  const cleaned = (text) => text.slice(-TAIL).replace(NOISE, "").replace(BLANKS, " ").trim();

  const pieces = (template) => {
    const pattern = template.replace(BLANKS, " ");
    const parts = [];
    let at = 0;
    for (const hole of pattern.matchAll(HOLE)) {
      parts.push([pattern.slice(at, hole.index), hole[1] || hole[2], hole[2]]);
      at = hole.index + hole[0].length;
    }
    return [...parts, [pattern.slice(at), "", ""]];
  };

  const matchAt = (parts, first, raises, text, start) => {
    const read = [];
    let begin = start;
    if (first) {
      const tail = new RegExp(`(?:${KINDS[parts[0][2]]})$`).exec(
        text.slice(Math.max(0, start - GAP), start),
      );
      if (!tail) return null;
      read.push([parts[0][1], tail[0]]);
      begin -= tail[0].length;
    }
    let at = start + parts[first][0].length;
    for (let i = first; i + 1 < parts.length; i++) {
      const [, label, kind] = parts[i];
      const literal = parts[i + 1][0];
      let end;
      if (kind === "text") {
        end = literal ? text.slice(at, at + GAP + literal.length).indexOf(literal) : text.length - at;
        if (end >= 0) end += at;
      } else {
        const taken = new RegExp(KINDS[kind], "y");
        taken.lastIndex = at;
        end = taken.test(text) ? taken.lastIndex : -1;
      }
      if (end < 0 || !text.startsWith(literal, end)) return null;
      read.push([label, text.slice(at, Math.min(end, at + GAP))]);
      at = end + literal.length;
    }
    let weight = parts.reduce((sum, [literal]) => sum + literal.length, 0);
    if (text.slice(0, begin).endsWith(raises + ": ")) weight += 10;
    return { start: begin, end: at, weight, parts: read };
  };

  const find = (pattern, raises, text) => {
    const parts = pieces(pattern);
    const first = parts[0][0] === "" ? 1 : 0;
    const literal = parts[first][0];
    let start = text.length - literal.length + 1;
    for (let i = 0; i < TRIES && start > 0; i++) {
      start = text.lastIndexOf(literal, start - 1);
      if (start < 0) return null;
      const found = matchAt(parts, first, raises, text, start);
      if (found) return found;
    }
    return null;
  };

  const findPiece = (patterns, text) => {
    const piece = text.replace(NAMED, "");
    const blanks = (words) => words.split(" ").length - 1;
    if (piece.length > GAP || piece.length < 12 || blanks(piece) < 2) return null;
    const skeleton = (text) => text.replace(VARYING, "#").replaceAll("(#)", "#").toLowerCase();
    const wanted = skeleton(piece).replace(/^[# ]+|[# ]+$/g, "");
    const whole = (pattern) => skeleton(pattern.replace(HOLE, "0"));
    if (blanks(wanted) < 2 || !patterns.some((pattern) => whole(pattern).includes(wanted))) return null;
    return { start: 0, end: text.length, weight: wanted.length, parts: [] };
  };

  const ranked = (found) => {
    const places = [];
    for (const pair of found.sort((a, b) => b[0].weight - a[0].weight)) {
      const [hit] = pair;
      const place = places.find(([[leader]]) => hit.start < leader.end && leader.start < hit.end);
      if (place) place.push(pair);
      else places.push([pair]);
    }
    return places.sort((a, b) => b[0][0].end - a[0][0].end).flat();
  };

  const explain = (problem) => {
    const text = cleaned(problem);
    const best = (page) =>
      page.messages
        .map((pattern) => find(pattern, page.raises, text))
        .filter(Boolean)
        .sort((a, b) => b.weight - a.weight)[0];
    const hits = (finder) => errorPages.pages.map((page) => [finder(page), page]).filter(([hit]) => hit);
    const whole = hits(best);
    return ranked(whole.length ? whole : hits((page) => findPiece(page.messages, text)));
  };

  const made = (tag, text, ...children) => {
    const node = document.createElement(tag);
    if (text) node.textContent = text;
    node.append(...children);
    return node;
  };

  const base = new URL("..", document.currentScript.src);

  const answer = ([hit, page]) => {
    const link = made("a");
    link.href = new URL(page.page, base).href;
    link.append(made("code", page.title));
    const item = made("li", "", made("p", "", link), made("p", page.first));
    if (hit.parts.length) {
      const list = made("dl");
      for (const [label, value] of hit.parts) {
        list.append(made("div", "", made("dt", label), made("dd", "", made("code", value))));
      }
      item.append(list);
    }
    return item;
  };

  const box = document.getElementById("explain");
  if (box) {
    const area = box.querySelector("textarea");
    const status = box.querySelector("[role=status]");
    const update = () => {
      const matches = area.value.trim() ? explain(area.value) : [];
      const count = matches.length === 1 ? "One page explains it:" : `${matches.length} pages match, the best first:`;
      const none = "No page matches. Paste the last line of the traceback too; messages of other libraries have no page here.";
      status.textContent = area.value.trim() ? (matches.length ? count : none) : "";
      box.querySelector("ol").replaceChildren(...matches.slice(0, 8).map(answer));
    };
    area.addEventListener("input", update);
    if (area.value) update(); // a browser keeps what was typed when it comes back to a page
  }

  const filter = document.getElementById("errors-filter");
  if (filter) {
    const lists = [...document.querySelectorAll(".errors-list")];
    const items = lists.flatMap((list) => [...list.children].map((item) => [item, item.textContent.toLowerCase()]));
    const status = filter.parentElement.querySelector("[role=status]");
    filter.addEventListener("input", () => {
      const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const [item, text] of items) {
        item.hidden = !words.every((word) => text.includes(word));
        shown += !item.hidden;
      }
      for (const list of lists) {
        list.parentElement.hidden = ![...list.children].some((item) => !item.hidden);
      }
      status.textContent = words.length ? `${shown} of ${items.length} pages` : "";
    });
  }
  window.explainError = explain;
}
