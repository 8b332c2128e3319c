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
  // What scrolls sideways can be reached and scrolled by keyboard, and nothing else takes a stop.
  const parts = document.querySelectorAll(".highlight pre, .table-wrapper, .formula");
  const mark = (part) => {
    if (part.scrollWidth > part.clientWidth) part.tabIndex = 0;
    else part.removeAttribute("tabindex");
  };
  const watch = new ResizeObserver((entries) => entries.forEach((entry) => mark(entry.target)));
  parts.forEach((part) => watch.observe(part));
}
