// Without this every form works too: it ticks all rows of a page at once.
document.addEventListener("change", (event) => {
  const all = event.target;
  if (!all.matches("input[data-ticks]")) return;
  for (const row of all.form.querySelectorAll('input[name="row"]')) row.checked = all.checked;
});
