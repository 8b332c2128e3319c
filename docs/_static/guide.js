/* Small aids on every page. */
"use strict";
document.addEventListener("keydown", (event) => {
  // "/" puts the cursor into the search field, as on other reference sites.
  const typing = event.target.closest("input, textarea, [contenteditable]");
  if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const field = document.querySelector(".sidebar-search");
  if (!field) return;
  event.preventDefault();
  field.focus();
});
{
  // What scrolls can be reached and scrolled by keyboard, and nothing else takes a stop.
  const parts = document.querySelectorAll(".highlight pre, .table-wrapper, .formula");
  const mark = (part) => {
    const wide = part.scrollWidth > part.clientWidth;
    if (wide || part.scrollHeight > part.clientHeight) part.tabIndex = 0;
    else part.removeAttribute("tabindex");
  };
  const watch = new ResizeObserver((entries) => entries.forEach((entry) => mark(entry.target)));
  parts.forEach((part) => watch.observe(part));
}
{
  // The gist of a link's target, below the link, while the pointer or the focus rests on it.
  const root = new URL("..", document.currentScript.src);
  const tip = document.createElement("div");
  tip.id = "gist";
  tip.setAttribute("role", "tooltip");
  tip.hidden = true;
  document.body.append(tip);
  let loaded = null;
  let waiting = 0;
  const load = () =>
    (loaded ??= new Promise((resolve) => {
      const script = document.createElement("script");
      script.src = new URL("_static/gists.js", root);
      script.onload = resolve;
      document.head.append(script);
    }));
  const hide = () => {
    clearTimeout(waiting);
    tip.hidden = true;
    document.querySelector("[aria-describedby=gist]")?.removeAttribute("aria-describedby");
  };
  const show = async (link) => {
    await load();
    const text = gists[link.href.slice(root.href.length)];
    if (!text || !link.matches(":hover, :focus-visible")) return;
    tip.textContent = text;
    tip.hidden = false;
    link.setAttribute("aria-describedby", "gist");
    const box = link.getBoundingClientRect();
    const left = Math.min(box.left, document.documentElement.clientWidth - tip.offsetWidth - 8);
    const below = box.bottom + tip.offsetHeight + 8 < window.innerHeight;
    tip.style.left = `${Math.max(8, left) + window.scrollX}px`;
    tip.style.top = `${(below ? box.bottom + 6 : box.top - tip.offsetHeight - 6) + window.scrollY}px`;
  };
  const enter = (event) => {
    const link = event.target.closest?.("article a.reference.internal");
    hide();
    if (link && link.href.startsWith(root.href)) waiting = setTimeout(show, 150, link);
  };
  document.addEventListener("pointerover", (event) => event.pointerType === "mouse" && enter(event));
  document.addEventListener("focusin", enter);
  document.addEventListener("keydown", (event) => event.key === "Escape" && hide());
}
