/* Search: weighs the pages of the index (docs/_ext/search_index.py, which puts it and Sphinx's
   stemmer into this file) against a query. Messages of errors are found by their patterns. */
"use strict";
{
  const WORD = /[A-Za-z][A-Za-z0-9]*(?:_+[A-Za-z0-9]+)*_?|[0-9]+[a-z]+/g;
  const HUMP = /[A-Z]?[a-z]{2,}|[A-Z]+(?![a-z])/g;
  const stemmer = new EnglishStemmer();
  const stem = (word) => stemmer.stemWord(word);
  const stop = new Set(searchIndex.stop.split(" "));
  const postings = new Map();
  for (const line of searchIndex.words.split("\n")) {
    const blank = line.indexOf(" ");
    postings.set(line.slice(0, blank), line.slice(blank + 1));
  }

  /* The words of a text as [stem, word as typed]; of a name in code, the name and its parts. The
     stems are those of search_index.py. */
  const stems = (text) => {
    const found = [];
    const typed = new Map();
    for (const [match] of text.matchAll(WORD)) {
      const word = match.replace(/^_+|_+$/g, "");
      const parts = word.split("_").flatMap((piece) => piece.match(HUMP) || []);
      if (word.includes("_") || parts.length > 1) {
        found.push(word.toLowerCase());
        for (const part of parts) if (part.length > 1) found.push(stem(part.toLowerCase()));
      } else {
        found.push(stem(word.toLowerCase()));
        typed.set(found.at(-1), word.toLowerCase());
      }
    }
    const telling = found.filter((word) => !stop.has(word) && word.length > 1);
    return [...new Set(telling.length ? telling : found)].map((word) => [word, typed.get(word) || word]);
  };
  const titles = searchIndex.pages.map(([, title]) => stems(title).map(([word]) => word));

  /* The pages that a word of the index is about, with weights. */
  const pagesOf = (word) => {
    const pages = [];
    let number = 0;
    for (const code of postings.get(word).split(" ")) {
      number += parseInt(code.slice(0, -1), 36);
      pages.push([number, parseInt(code.slice(-1), 36)]);
    }
    return pages;
  };

  /* The edits (letters added, dropped, changed, or swapped) between two words, or more than most. */
  const edits = (a, b, most) => {
    if (Math.abs(a.length - b.length) > most) return most + 1;
    let [before, last] = [[], Array.from({ length: b.length + 1 }, (_, i) => i)];
    for (let i = 1; i <= a.length; i++) {
      const row = [i];
      for (let j = 1; j <= b.length; j++) {
        const same = a[i - 1] === b[j - 1];
        row[j] = Math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + !same);
        if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
          row[j] = Math.min(row[j], before[j - 2] + 1);
        }
      }
      if (Math.min(...row) > most) return most + 1;
      [before, last] = [last, row];
    }
    return last[b.length];
  };

  /* The words of the index that a word of the query may mean: itself, longer ones, misspelled ones. */
  const meant = (word, typed) => {
    // A word that one or two pages have may be a misspelling's stem: what is near counts too, then.
    const exact = postings.has(word) ? [[word, 1]] : [];
    if (exact.length && pagesOf(word).length > 2) return exact;
    const known = [...postings.keys()];
    const longer = typed.length > 2 ? known.filter((other) => other.startsWith(typed)) : [];
    if (longer.length) {
      longer.sort((a, b) => a.length - b.length);
      return [...exact, ...longer.slice(0, 8).map((other) => [other, 0.8])];
    }
    if (typed.length < 4) return exact;
    const most = typed.length > 6 ? 2 : 1;
    const near = exact;
    for (const other of known) {
      if (other[0] !== typed[0] || other === word) continue;
      const apart = Math.min(edits(typed, other, most), edits(word, other, most));
      if (apart <= most) near.push([other, 0.7 / apart]);
    }
    return near;
  };

  /* The pages for a query, best first, as [address, title, gist]. */
  const findPages = (query) => {
    const { pages } = searchIndex;
    const score = new Float64Array(pages.length);
    const covered = new Float64Array(pages.length);
    let total = 0;
    const asked = new Set();
    for (const [word, typed] of stems(query)) {
      const best = new Map();
      for (const [other, trust] of meant(word, typed)) {
        asked.add(other);
        const where = pagesOf(other);
        const rarity = Math.log(1 + pages.length / where.length);
        for (const [page, weight] of where) {
          const value = weight * rarity * trust;
          if (value > (best.get(page)?.[0] || 0)) best.set(page, [value, rarity * trust]);
        }
      }
      if (!best.size) continue;
      const rarest = Math.max(...[...best.values()].map(([, rarity]) => rarity));
      total += rarest;
      for (const [page, [value]] of best) {
        score[page] += value;
        covered[page] += rarest;
      }
    }
    const named = (page) => titles[page].filter((word) => asked.has(word)).length / (titles[page].length || 1);
    const rank = (page) => score[page] * (covered[page] / total) ** 1.5 * (1 + named(page)) * pages[page][3];
    const found = [...pages.keys()].filter((page) => score[page] > 0);
    found.sort((a, b) => rank(b) - rank(a) || a - b);
    const errors = explainError(query).map(([, page]) => pages.find(([address]) => address === page.page));
    return [...new Set([...errors.filter(Boolean), ...found.map((page) => pages[page])])];
  };
  window.findPages = findPages;

  const root = new URL("..", document.currentScript.src);
  const status = document.getElementById("search-status");
  const list = document.getElementById("search-results");
  const field = document.querySelector(".sidebar-search");
  const show = (query) => {
    const found = query.trim() ? findPages(query) : [];
    status.textContent = query.trim()
      ? found.length
        ? `${found.length} pages, the best first`
        : "No page has these words. Try fewer, or paste the whole error below."
      : "Type a question, a name or an error into the search field.";
    list.replaceChildren(
      ...found.slice(0, 30).map(([address, title, gist]) => {
        const item = document.createElement("li");
        const link = document.createElement("a");
        link.href = new URL(address, root).href;
        link.textContent = title;
        const place = document.createElement("span");
        place.textContent = address.split("/").slice(0, -1).join(" / ");
        const text = document.createElement("p");
        text.textContent = gist;
        item.append(link, " ", place, text);
        return item;
      }),
    );
  };
  if (list) {
    const query = new URLSearchParams(location.search).get("q") || "";
    field.value = query;
    show(query);
    field.addEventListener("input", () => {
      history.replaceState(null, "", `?q=${encodeURIComponent(field.value)}`);
      show(field.value);
    });
  }
}
