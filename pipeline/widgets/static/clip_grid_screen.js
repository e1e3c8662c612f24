// What the grid shows: the bar, the tiles of one batch, notices, help. It decides nothing. Joined before
// clip_grid_view.js.

const FETCHED_AT_ONCE = 6;

class GridScreen {
  /**
   * @param {HTMLElement} el
   * @param {{labels: object[], canChoose: boolean, cache: ClipCache, hearing: GridHearing, onTrouble: () => void,
   *   act: Function, onLabel: Function, rest: Function, leave: Function, press: Function}} parts
   */
  constructor(el, parts) {
    this.el = el;
    this.parts = parts;
    /** @type {Map<number, object>} */
    this.tiles = new Map();
    this.bar = new GridBar(parts);
    this.notices = new GridNotices();
    this.field = make("div", { class: "em-grid-tiles", role: "listbox" });
    this.field.setAttribute("aria-multiselectable", "true");
    this.field.setAttribute("aria-label", "Clips; those selected are struck out");
    this.finished = makeGridFinished();
    this.help = makeGridHelp({ hasLabels: parts.canChoose, onclose: () => this.toggleHelp() });
    this.live = make("div", { class: "em-only-read", "aria-live": "polite" });
    el.append(
      this.bar.root,
      this.notices.root,
      this.field,
      this.finished.root,
      makeGridHints(),
      this.help.root,
      this.live,
    );
    this.endTheme = watchTheme(() => this.#paintAll());
    this.resize = new ResizeObserver(() => this.#paintAll());
    this.resize.observe(this.field);
  }

  say(words) {
    this.live.textContent = words;
  }

  get isHelpOpen() {
    return !this.help.root.hidden;
  }

  toggleHelp() {
    this.help.root.hidden = this.isHelpOpen;
    if (this.isHelpOpen) this.help.focus();
    else this.el.focus({ preventScroll: true });
  }

  /** Why the clip cannot be heard, or null. */
  troubleOf(id) {
    return this.tiles.get(id)?.trouble ?? null;
  }

  /** The hash of the recipe by which the clip is drawn, null while it is not. */
  pictureOf(id) {
    return this.tiles.get(id)?.spectrogram?.recipe?.hash ?? null;
  }

  /** How many tiles stand beside each other. */
  get perRow() {
    const tops = [...this.field.children].map((tile) => tile.offsetTop);
    const n = tops.findIndex((top) => top !== tops[0]);
    return n < 0 ? tops.length : n;
  }

  /** New tiles. @param {GridClip[]} clips */
  open(clips) {
    const hadFocus = this.field.contains(document.activeElement);
    this.tiles = new Map(clips.map((clip) => [clip.id, makeGridTile(clip, this.parts)]));
    this.field.replaceChildren(...[...this.tiles.values()].map(({ root }) => root));
    if (hadFocus) this.el.focus({ preventScroll: true });
    this.#fetch([...this.tiles.values()]);
  }

  focusOn(id) {
    const { root } = this.tiles.get(id);
    if (this.el.contains(document.activeElement)) root.focus({ preventScroll: true });
    root.scrollIntoView({ block: "nearest" });
  }

  /** The playhead of the clip that sounds, for as long as it does. */
  follow() {
    cancelAnimationFrame(this.frame);
    const { player } = this.parts.hearing;
    this.tiles.get(player.entry?.id)?.moveHead(player.time / player.entry.audio.duration);
    if (player.playing) this.frame = requestAnimationFrame(() => this.follow());
  }

  /** @param {GridState} state  @param {{nUnsaved: number, isArmed: boolean, linkWords: string | null}} now */
  show(state, { nUnsaved, isArmed, isWaiting, linkWords, refusal }) {
    const { batch } = state;
    const { hearing } = this.parts;
    const clips = batch?.clips ?? [];
    const unheard = state.rest.filter(({ id }) => !hearing.isHeard(id));
    clips.forEach((clip, place) =>
      this.tiles.get(clip.id)?.show({
        label: batch.label,
        isStruck: batch.struck.has(clip.id),
        isHeard: hearing.isHeard(clip.id),
        isLit: hearing.lit === clip.id,
        isFocused: place === batch.focus,
        gone: batch.gone.get(clip.id) ?? null,
        isWanted: isArmed && unheard.includes(clip),
      }),
    );
    this.bar.show({
      label: batch?.label ?? state.batches.at(-1)?.label ?? "",
      n: clips.length,
      nHeard: clips.filter(({ id }) => hearing.isHeard(id)).length,
      nStruck: batch?.struck.size ?? 0,
      nRest: state.rest.length,
      nLeft: batch?.nLeft ?? 0,
      sure: confidenceWords(clips),
      isTasting: hearing.isTasting,
      momentS: hearing.momentS,
      canUndo: state.steps.length > 0,
      nUnsaved,
    });
    this.notices.ask(isArmed ? unheardWords(unheard.length) : this.#silentWords());
    this.notices.sayLink(linkWords);
    this.field.hidden = state.isOver;
    this.finished.show({ isOver: state.isOver, isWaiting, label: state.batches.at(-1)?.label, refusal });
  }

  destroy() {
    cancelAnimationFrame(this.frame);
    this.resize.disconnect();
    this.endTheme();
    this.tiles = new Map();
  }

  #silentWords() {
    const isSilenced = this.parts.hearing.player.playing && sharedContext().state !== "running";
    return isSilenced ? "This browser allows sound only after a key or a click: press Space." : null;
  }

  /** Fills the tiles, some at a time: a clip that is wanted now need not wait for all of them. */
  #fetch(tiles) {
    const queue = [...tiles];
    const fill = async () => {
      for (let tile = queue.shift(); tile && this.tiles.get(tile.clip.id) === tile; tile = queue.shift()) {
        try {
          tile.paint(await this.parts.cache.get(tile.clip.id));
        } catch (error) {
          tile.trouble = error.message;
          this.parts.onTrouble();
        }
      }
    };
    for (let i = 0; i < FETCHED_AT_ONCE; i++) fill();
  }

  #paintAll() {
    for (const tile of this.tiles.values()) tile.paint();
  }
}

function unheardWords(n) {
  const clips = n === 1 ? "1 clip was" : `${formatNumber(n)} clips were`;
  return `${clips} not heard. Enter once more confirms ${n === 1 ? "it" : "them"} all the same; T plays what is left.`;
}

/** What the person must know about the way to the kernel, or null. */
function gridLinkWords({ link, n, postponed, isDurable }) {
  const wait = `${formatNumber(n)} ${n === 1 ? "answer waits" : "answers wait"} in this browser`;
  if (link === "lost") return `The server no longer knows this page. Reload it to go on.${n ? ` ${wait}.` : ""}`;
  if (postponed !== null && n) return `Not saved yet: ${postponed} (${wait})`;
  if (link === "offline") return `Offline: ${n ? wait : "nothing waits to be saved"}. The rest comes when the link returns.`;
  return isDurable ? null : "This browser keeps nothing when the tab closes: leave it open until all is saved.";
}
