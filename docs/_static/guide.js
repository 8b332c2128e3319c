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
