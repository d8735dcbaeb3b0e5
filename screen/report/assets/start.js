// Draw, and listen to keys, clicks and the address.

drawHead();
open(firstRole);
drawFoot();
document.addEventListener("click", (event) => {
  const row = event.target.closest?.("#list tbody tr");
  if (row && !event.target.closest("a, button, input") && !String(getSelection())) location.hash = address(roles[current], Number(row.dataset.row));
});
document.addEventListener("keydown", (event) => {
  const typing = /^(?:INPUT|SELECT|TEXTAREA)$/.test(document.activeElement?.tagName || "");
  const dialog = $("card");
  if (dialog.open && !typing && (event.key === "ArrowLeft" || event.key === "ArrowRight")) {
    dialog.querySelector(`[data-go="${event.key === "ArrowLeft" ? -1 : 1}"]`)?.click();
  } else if (!dialog.open && !typing && event.key === "/") {
    event.preventDefault();
    $("search").focus();
  } else if (!dialog.open && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
    const links = [...document.querySelectorAll("#list tbody th a")];
    const at = links.indexOf(document.activeElement);
    if (at >= 0) { event.preventDefault(); links[at + (event.key === "ArrowDown" ? 1 : -1)]?.focus(); }
  }
});
$("card").addEventListener("close", () => {
  shownCard = "";
  remember();
  opener?.isConnected && opener.focus({ preventScroll: true });
});
$("card").addEventListener("click", (event) => { if (event.target === $("card")) $("card").close(); });
addEventListener("hashchange", route);
addEventListener("beforeprint", () => { for (const part of document.querySelectorAll("#card details")) part.open = true; });
let width = innerWidth, timer = 0;
addEventListener("resize", () => {
  if (innerWidth === width) return;
  width = innerWidth;
  clearTimeout(timer);
  timer = setTimeout(() => { drawFigures(); if ($("card").open) redrawCard?.(); }, 120);
});
route();
performance.mark("ready");
