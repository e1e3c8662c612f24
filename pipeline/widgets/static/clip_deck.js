// The clip deck: one clip on stage; one key decides, saves and goes on. The last file of its module.

/** The clip under the person's hand may be on one of several decks: the one last touched has the page's keys. */
function ownsPageKeys(el) {
  return window.__earmark_keys === el && el.isConnected && el.offsetParent !== null;
}

/** Keys that a button or a link uses itself. */
function isButtonsOwn(event) {
  return (
    (event.key === " " || event.key === "Enter") && event.target.closest?.("button, a, summary, [role=button]")
  );
}

/** @param {KeyboardEvent} event  @param {ClipDeckView} deck */
function onDeckKey(event, deck) {
  if (event.defaultPrevented || isTypingIn(event.target)) return;
  if (deck.help.isOpen) {
    if (event.key !== "Escape" && event.key !== "?") return;
    deck.help.close();
  } else if (event.key === "Escape") {
    if (deck.guide.isOn) deck.guide.end();
    else if (!deck.answers.back()) deck.el.blur(); // gives the keyboard back to JupyterLab
  } else {
    const asked = deckActionOf(event);
    // A held key repeats: it must not label ten clips, nor press a label's button ten times.
    const isPressedAgain = event.repeat && event.key === "Enter";
    if (isButtonsOwn(event) ? !isPressedAgain : !asked) return;
    if (!event.repeat) deck.act(asked.action, { index: asked.index, atMs: event.timeStamp });
  }
  event.preventDefault();
  event.stopPropagation();
}

function renderClipDeck({ model, el }) {
  el.classList.add("em", "em-card", "em-deck");
  el.tabIndex = 0;
  el.setAttribute("role", "application");
  el.setAttribute("aria-label", "Clip deck: press question mark for the keys");
  // JupyterLab leaves keys alone on elements with this attribute.
  el.setAttribute("data-lm-suppress-shortcuts", "true");
  window.__earmark_keys = el;
  const deck = new ClipDeckView(model, el);

  const onKey = (event) => onDeckKey(event, deck);
  const onPageKey = (event) => {
    const isElsewhere = !el.contains(event.target) && !document.querySelector("dialog[open]");
    if (isElsewhere && ownsPageKeys(el)) onKey(event);
  };
  const claimKeys = () => {
    window.__earmark_keys = el;
  };
  const keepFocus = (event) => {
    // After a click with the pointer, Space must play and not press that button again.
    if (event.detail > 0 && !deck.help.isOpen && !isTypingIn(document.activeElement))
      el.focus({ preventScroll: true });
  };
  // Voila paints the page hidden first, and what is hidden cannot take the focus.
  const sighted = new ResizeObserver(() => {
    if (el.offsetParent === null) return;
    sighted.disconnect();
    if (document.activeElement === document.body) el.focus({ preventScroll: true });
  });
  const onMessage = (message, buffers) => deck.receive(message, buffers);
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
    deck.destroy();
  };
}

export default { render: renderClipDeck };
