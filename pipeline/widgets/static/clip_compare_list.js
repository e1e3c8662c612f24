// The list of near-duplicate groups: the first of them, and more as one scrolls to its end.

const FINDING_TONES = { identical: "em-ok", "same recording": "em-info", "sounds alike": "em-warn" };
const FINDING_SHORT = { identical: "identical", "same recording": "same rec.", "sounds alike": "alike" };
const ASK_MORE_PX = 600;

/** A word for what connects clips, in its colour; `isShort` for a narrow line. */
function makeFinding(finding, { isShort = false } = {}) {
  return finding
    ? make(
        "span",
        { class: `em-pill em-finding ${FINDING_TONES[finding] ?? ""}`, title: finding },
        (isShort && FINDING_SHORT[finding]) || finding,
      )
    : null;
}

/** The list as an element with `draw(hereId)`; `open(id)` opens a group, `more()` asks for the next page. */
function makeGroupList(model, { open, more }) {
  const title = make("div", { class: "em-groups-title em-kicker" });
  const scroll = make("div", { class: "em-groups-scroll" });
  const element = make("nav", { class: "em-card em-groups", "aria-label": "Near-duplicate groups" }, title, scroll);
  let shownId = null;
  let nAsked = 0;

  const total = () => Math.max(model.get("n_groups"), model.get("groups").length);

  function draw(hereId) {
    const groups = model.get("groups");
    const isWhole = groups.length >= total();
    const nOpen = model.get("n_open") ?? (isWhole ? groups.filter((entry) => !entry.is_settled).length : null);
    const focusedId = scroll.contains(document.activeElement) ? document.activeElement.dataset.id : null;
    const [top, left] = [scroll.scrollTop, scroll.scrollLeft];
    element.hidden = !groups.length;
    title.textContent =
      nOpen === null ? `${formatNumber(total())} groups` : `${formatNumber(nOpen)} of ${formatNumber(total())} to judge`;
    scroll.replaceChildren(...groups.map((entry) => makeGroupButton(entry, { isHere: entry.id === hereId, open })));
    scroll.scrollTo({ top, left });
    if (focusedId) scroll.querySelector(`[data-id="${focusedId}"]`)?.focus({ preventScroll: true });
    if (hereId !== shownId) showHere();
    shownId = hereId;
    askMore();
  }

  function showHere() {
    const here = scroll.querySelector("[aria-current]");
    if (here)
      scroll.scrollTo({
        top: here.offsetTop - scroll.offsetTop - scroll.clientHeight / 2 + 24,
        left: here.offsetLeft - scroll.offsetLeft - scroll.clientWidth / 2 + 90,
      });
  }

  /** The next page, when the end of the list is near. */
  function askMore() {
    const n = model.get("groups").length;
    const isNear =
      scroll.scrollTop + scroll.clientHeight > scroll.scrollHeight - ASK_MORE_PX &&
      scroll.scrollLeft + scroll.clientWidth > scroll.scrollWidth - ASK_MORE_PX;
    if (!n || n >= total() || n === nAsked || !isNear || !scroll.clientHeight) return;
    nAsked = n;
    more();
  }
  scroll.addEventListener("scroll", askMore);
  return { element, draw, forget: () => (nAsked = 0) };
}

/** A line of the list of groups; `open(id)` opens it. */
function makeGroupButton(entry, { isHere, open }) {
  const doubt =
    entry.doubt >= 0.01
      ? make(
          "span",
          { class: "em-doubt", title: `doubt ${formatNumber(entry.doubt, { digits: 2 })}` },
          make("i", { style: { width: `${Math.round(100 * Math.min(1, entry.doubt))}%` } }),
        )
      : null;
  const button = make(
    "button",
    {
      type: "button",
      class: "em-group",
      "aria-current": isHere ? "true" : undefined,
      onclick: () => open(entry.id),
      title: entry.name,
    },
    make("span", { class: "em-group-name em-ellipsis" }, visibleText(entry.name)),
    make(
      "span",
      { class: "em-group-about" },
      make("span", {}, `${formatNumber(entry.n_clips)} clips`),
      makeFinding(entry.finding, { isShort: true }),
      entry.is_settled ? make("span", { class: "em-group-settled" }, icon("check"), "judged") : doubt,
    ),
  );
  button.dataset.id = entry.id;
  return button;
}
