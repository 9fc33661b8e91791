// Without this every form and menu works too.

// It ticks all rows of a page at once.
document.addEventListener("change", (event) => {
  const all = event.target;
  if (!all.matches("input[data-ticks]")) return;
  for (const row of all.form.querySelectorAll('input[name="row"]')) row.checked = all.checked;
});

// A menu that was opened closes when one goes on elsewhere, by Escape too.
const leave = (event) => {
  for (const drop of document.querySelectorAll(".drop[open]")) if (!drop.contains(event.target)) drop.open = false;
};
document.addEventListener("click", leave);
document.addEventListener("focusin", leave);
document.addEventListener("keydown", (event) => {
  const drop = event.key === "Escape" && document.querySelector(".drop[open]");
  if (!drop) return;
  drop.open = false;
  drop.querySelector("summary").focus();
});

// On a phone the line of the menu is longer than the screen: it begins where one is.
document.querySelector(".menu [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
