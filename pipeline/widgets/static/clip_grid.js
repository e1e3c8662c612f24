// The clip grid: many clips of one proposed label heard together; the odd ones struck, the rest confirmed at once.
// The last file of its module.

/** @param {KeyboardEvent} event  @param {ClipGridView} grid */
function onGridKey(event, grid) {
  if (event.defaultPrevented || isTypingIn(event.target)) return;
  const { screen } = grid;
  if (screen.isHelpOpen) {
    if (event.key !== "Escape" && event.key !== "?") return;
    screen.toggleHelp();
  } else if (event.key === "Escape") {
    grid.silence();
    grid.el.blur(); // gives the keyboard back to JupyterLab
  } else {
    const asked = gridActionOf(event);
    const isButtons = (event.key === " " || event.key === "Enter") && event.target.closest?.("button, a, summary");
    if (!asked || isButtons) return;
    // A held key repeats: it may run along the tiles, but decides nothing twice.
    if (!event.repeat || asked.action === "move") grid.act(asked.action, asked.key);
  }
  event.preventDefault();
  event.stopPropagation();
}

/** After the button that brought the clips here was pressed, Enter must confirm and not press it again. */
function takeKeys(el) {
  window.__earmark_keys = el;
  const at = document.activeElement;
  if (el.offsetParent !== null && (at === document.body || at?.closest(".em-buttons")))
    el.focus({ preventScroll: true });
}

function renderClipGrid({ model, el }) {
  el.classList.add("em", "em-card", "em-grid");
  el.tabIndex = 0;
  el.setAttribute("role", "region");
  el.setAttribute("aria-label", "Clips to hear together: press question mark for the keys");
  // JupyterLab leaves keys alone on elements with this attribute.
  el.setAttribute("data-lm-suppress-shortcuts", "true");
  window.__earmark_keys = el;
  const grid = new ClipGridView(model, el);

  const isMine = () => window.__earmark_keys === el && el.isConnected && el.offsetParent !== null;
  const onKey = (event) => onGridKey(event, grid);
  const onPageKey = (event) => {
    const isElsewhere = !el.contains(event.target) && !document.querySelector("dialog[open]");
    if (isElsewhere && isMine()) onKey(event);
  };
  const claimKeys = () => {
    window.__earmark_keys = el;
  };
  const keepFocus = (event) => {
    // After a click with the pointer, Space must pause and not press that button again.
    if (event.detail > 0 && !grid.screen.isHelpOpen && !isTypingIn(document.activeElement))
      el.focus({ preventScroll: true });
  };
  // Voila paints the page hidden first, and what is hidden cannot take the focus.
  const sighted = new ResizeObserver(() => {
    if (el.offsetParent === null) return grid.silence();
    if (!wasSeen) takeKeys(el);
    wasSeen = true;
  });
  let wasSeen = false;
  const onMessage = (message, buffers) => grid.receive(message, buffers);
  const onBatch = () => grid.open() && takeKeys(el);
  el.addEventListener("keydown", onKey);
  el.addEventListener("focusin", claimKeys);
  el.addEventListener("click", keepFocus);
  model.on("msg:custom", onMessage);
  model.on("change:batch", onBatch);
  sighted.observe(el);
  if (isInVoila()) document.addEventListener("keydown", onPageKey);
  return () => {
    sighted.disconnect();
    document.removeEventListener("keydown", onPageKey);
    el.removeEventListener("keydown", onKey);
    el.removeEventListener("focusin", claimKeys);
    el.removeEventListener("click", keepFocus);
    model.off("msg:custom", onMessage);
    model.off("change:batch", onBatch);
    grid.destroy();
  };
}

export default { render: renderClipGrid };
