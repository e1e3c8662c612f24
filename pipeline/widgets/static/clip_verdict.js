// The verdict page's widget: keys and focus. The last file of its module.

/** Keys that a button or a link uses itself. */
function isVerdictButtonsOwn(event) {
  return (
    (event.key === " " || event.key === "Enter") && event.target.closest?.("button, a, summary, [role=button]")
  );
}

/** @param {KeyboardEvent} event  @param {ClipVerdictView} view */
function onVerdictKey(event, view) {
  if (event.defaultPrevented || isTypingIn(event.target)) return;
  if (view.help.isOpen) {
    if (event.key !== "Escape" && event.key !== "?") return;
    view.help.close();
  } else if (event.key === "Escape") {
    view.el.blur();
  } else {
    const asked = verdictActionOf(event);
    const isPressedAgain = event.repeat && event.key === "Enter";
    if (isVerdictButtonsOwn(event) ? !isPressedAgain : !asked) return;
    // A held key repeats: it must not settle ten clips.
    if (!event.repeat) view.act(asked.action, { index: asked.index, atMs: event.timeStamp });
  }
  event.preventDefault();
  event.stopPropagation();
}

function renderClipVerdict({ model, el }) {
  el.classList.add("em", "em-card", "em-verdict");
  el.tabIndex = 0;
  el.setAttribute("role", "application");
  el.setAttribute("aria-label", "Clips in doubt: press question mark for the keys");
  el.setAttribute("data-lm-suppress-shortcuts", "true");
  window.__earmark_keys = el;
  const view = new ClipVerdictView(model, el);

  const ownsKeys = () => window.__earmark_keys === el && el.isConnected && el.offsetParent !== null;
  const onKey = (event) => onVerdictKey(event, view);
  const onPageKey = (event) => {
    const isElsewhere = !el.contains(event.target) && !document.querySelector("dialog[open]");
    if (isElsewhere && ownsKeys()) onKey(event);
  };
  const claimKeys = () => {
    window.__earmark_keys = el;
  };
  const keepFocus = (event) => {
    // After a click with the pointer, Space must play and not press that button again.
    if (event.detail > 0 && !view.help.isOpen && !isTypingIn(document.activeElement)) el.focus({ preventScroll: true });
  };
  // Voila paints the page hidden first, and what is hidden cannot take the focus.
  const sighted = new ResizeObserver(() => {
    if (el.offsetParent === null) return;
    sighted.disconnect();
    if (document.activeElement === document.body) el.focus({ preventScroll: true });
  });
  const onMessage = (message, buffers) => view.receive(message, buffers);
  el.addEventListener("keydown", onKey);
  el.addEventListener("focusin", claimKeys);
  el.addEventListener("click", keepFocus);
  model.on("msg:custom", onMessage);
  if (isInVoila()) {
    document.addEventListener("keydown", onPageKey);
    sighted.observe(el);
  }
  return () => {
    sighted.disconnect();
    document.removeEventListener("keydown", onPageKey);
    el.removeEventListener("keydown", onKey);
    el.removeEventListener("focusin", claimKeys);
    el.removeEventListener("click", keepFocus);
    model.off("msg:custom", onMessage);
    view.destroy();
  };
}

export default { render: renderClipVerdict };
