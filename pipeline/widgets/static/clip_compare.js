// Near-duplicate groups, judged by ear: the representative beside each member, both heard at the same place.
// Joined after clip_compare_sound.js, clip_compare_parts.js and clip_compare_list.js.

const LIST_TRAITS = ["groups", "n_groups", "n_open"];

export default {
  render({ model, el }) {
    const cache = new ClipCache(model, { max: 32 });
    const player = new PairPlayer();
    let cards = [];
    let focused = 1;
    let shownId = null;
    let wantedId = null;
    let frame = 0;
    let isBusy = false;

    const group = () => model.get("group");
    const members = () => group().members ?? [];
    const ordered = () => {
      const representative = members().find((member) => member.clip_id === group().representative_id);
      return [representative, ...members().filter((member) => member !== representative)].filter(Boolean);
    };

    const list = makeGroupList(model, { open, more: () => model.send({ type: "more" }) });
    const pairBar = makePairBar(hear);
    const head = make("header", { class: "em-compare-head" });
    const status = make("div", { class: "em-compare-status", role: "status" });
    const left = make("div", {});
    const right = make("div", { class: "em-compare-members", role: "list", "aria-label": "Members of this group" });
    const keys = make(
      "div",
      { class: "em-compare-keys" },
      ...COMPARE_KEYS.map(([key, words]) =>
        make("span", {}, ...key.split(" ").flatMap((part) => [make("kbd", {}, part), " "]), words),
      ),
    );
    const main = make(
      "div",
      { class: "em-compare-main" },
      head,
      pairBar.element,
      make(
        "div",
        { class: "em-compare-sides" },
        make("div", { class: "em-compare-representative" }, left, status),
        right,
      ),
      keys,
    );
    el.classList.add("em", "em-compare");
    el.tabIndex = 0;
    el.setAttribute("role", "region");
    el.setAttribute("aria-label", "Compare near-duplicates");
    el.setAttribute("data-lm-suppress-shortcuts", "true");
    el.append(list.element, main);

    // ------------------------------------------------------------------------------------------ drawing

    function drawHead() {
      const index = groupIndex();
      const groups = model.get("groups");
      head.replaceChildren(
        make(
          "div",
          { class: "em-grow" },
          make(
            "h2",
            { class: "em-title em-ellipsis", title: group().name },
            visibleText(group().name ?? "No group chosen"),
          ),
          make("p", { class: "em-muted em-small" }, group().reason ?? ""),
        ),
        groups.length ? make("span", { class: "em-muted em-num em-small" }, placeWords(index)) : null,
        makeButton({
          iconName: "left",
          title: "Previous group (P)",
          kind: "em-icon",
          onclick: () => step(-1),
          disabled: index <= 0,
        }),
        makeButton({
          iconName: "right",
          title: "Next group (N)",
          kind: "em-icon",
          onclick: () => step(1),
          disabled: index < 0 || index >= groups.length - 1,
        }),
      );
    }

    function placeWords(index) {
      const n = Math.max(model.get("n_groups"), model.get("groups").length);
      return `${index < 0 ? "–" : formatNumber(index + 1)} / ${formatNumber(n)}`;
    }

    function drawGroup() {
      const here = new Set(members().map((member) => member.clip_id));
      if (group().id !== shownId || !player.heardIds.every((id) => here.has(id))) player.stop();
      shownId = group().id;
      if (wantedId === shownId) wantedId = null;
      cards = ordered().map((clip, index) => makeCompareCard(clip, index, { focusOn, playAt, toggle, decide }));
      focused = Math.min(Math.max(1, focused), Math.max(1, cards.length - 1));
      left.replaceChildren(...cards.slice(0, 1).map((card) => card.element));
      right.replaceChildren(...cards.slice(1).map((card) => card.element));
      if (group().id !== undefined && cards.length < 2)
        right.append(make("p", { class: "em-card em-muted" }, "No other clip is in this group any more."));
      showFocus();
      cache.request(cards.map((card) => card.clip.clip_id));
      for (const card of cards) fill(card);
      follow();
    }

    async function fill(card) {
      try {
        card.entry = await cache.get(card.clip.clip_id);
        paint(card);
        card.element.classList.add("em-ready");
      } catch (error) {
        card.message.hidden = false;
        card.message.textContent = `Cannot show this clip: ${error.message}`;
      }
    }

    function paint(card) {
      if (!card.entry || !card.element.isConnected) return;
      paintWave(card.wave, card.entry.peaks, tokenOf(el, "--em-wave"));
      paintSpectrogram(card.picture, card.entry.spectrogram, isDarkPage());
    }

    function showFocus() {
      cards.forEach((card, index) => card.element.classList.toggle("em-focused", index === focused));
    }

    function focusOn(index) {
      if (index > 0 && index < cards.length) focused = index;
      showFocus();
      follow();
    }

    function tell(text, tone = "") {
      status.className = `em-compare-status ${tone ? `em-tone-${tone}` : ""}`;
      status.replaceChildren(...(text ? [icon(tone === "bad" ? "alert" : "check"), make("span", {}, text)] : []));
    }

    // ------------------------------------------------------------------------------------------ sound

    const cardOf = (id) => cards.find((card) => card.clip.clip_id === id);
    const lagOf = (card) => (card.index ? (card.clip.lag_s ?? 0) : 0);
    const isLaid = (card) => card.index === 0 || card.clip.lag_s !== null;
    const sideOf = (card) => ({ entry: card.entry, lag_s: lagOf(card) });
    const pairWith = (card) => [cards[0], card].filter(Boolean);
    const memberThere = (card) => (card.index ? card : cards[focused]);

    /** This clip alone, from a second of its own; its partner runs along unheard, so that one can go over to it. */
    function playFrom(card, seconds) {
      if (!card?.entry) return;
      player.play(pairWith(memberThere(card)).map(sideOf), card.index ? "b" : "a", seconds - lagOf(card));
      follow();
    }
    const playAt = (card, share) => playFrom(card, share * (card.entry?.audio.duration ?? 0));
    const isAlone = (card) => player.heardIds.length === 1 && player.heardIds[0] === card.clip.clip_id;

    function toggle(card) {
      if (isAlone(card) && player.playing) {
        player.pause();
        follow();
      } else playFrom(card, isAlone(card) && player.time < player.duration - 0.02 ? player.time : 0);
    }

    /** The place where it is, in seconds of the representative; 0 where what is heard was not laid on it. */
    function placeNow() {
      const card = cardOf(player.heardIds[0]);
      const isOver = !player.playing && player.time >= player.duration - 0.02;
      return card && isLaid(card) && !isOver ? player.timeOf(card.clip.clip_id) - lagOf(card) : 0;
    }

    /** Hears the pair so, on from where it is if the two were laid on each other, else from their beginnings. */
    function hear(mode) {
      const pair = pairWith(cards[focused]);
      if (pair.length < 2 || !pair.every((card) => card.entry)) return;
      const isSamePair = player.isPair(pair.map((card) => card.clip.clip_id));
      if (player.playing && isSamePair && isLaid(pair[1])) player.hear(mode);
      else player.play(pair.map(sideOf), mode, isLaid(pair[1]) ? placeNow() : 0);
      follow();
    }

    /** How the open pair is heard now; null while it is not. */
    function modeNow() {
      const pair = pairWith(cards[focused]);
      if (!player.playing || pair.length < 2) return null;
      if (player.isPair(pair.map((card) => card.clip.clip_id))) return player.mode;
      return isAlone(pair[0]) ? "a" : isAlone(pair[1]) ? "b" : null;
    }

    /** The representative (A) or the focused member (B); the same key again: the other. */
    function playSide(side) {
      const card = cards[side === "a" ? 0 : focused];
      const isHere = player.playing && card && isAlone(card);
      hear(isHere ? (side === "a" ? "b" : "a") : side);
    }

    function follow() {
      cancelAnimationFrame(frame);
      const heard = new Set(player.heardIds);
      for (const card of cards) {
        const isSounding = heard.has(card.clip.clip_id);
        const isPlaying = isSounding && player.playing;
        card.element.classList.toggle("em-sounding", isSounding);
        if (isPlaying !== card.isShownPlaying) {
          card.isShownPlaying = isPlaying;
          card.play.replaceChildren(icon(isPlaying ? "pause" : "play"));
          card.play.classList.toggle("em-primary", isPlaying);
        }
        if (isSounding) {
          const share = card.entry ? player.timeOf(card.clip.clip_id) / card.entry.audio.duration : 0;
          card.playhead.style.transform = `translateX(${share * card.stage.clientWidth}px)`;
        }
      }
      pairBar.draw(cards[focused]?.clip, modeNow());
      if (player.playing) frame = requestAnimationFrame(follow);
    }

    // ------------------------------------------------------------------------------------------ decisions

    const groupIndex = () => model.get("groups").findIndex((entry) => entry.id === group().id);

    function open(id) {
      if (id === (wantedId ?? group().id)) return;
      wantedId = id;
      focused = 1;
      tell("");
      model.send({ type: "open", group_id: id });
    }

    /** Counted from the group that was asked for last, so that quick keys are not lost on the way to the kernel. */
    function step(by) {
      const groups = model.get("groups");
      const from = groups.findIndex((entry) => entry.id === (wantedId ?? group().id));
      if (groups[from + by]) open(groups[from + by].id);
      if (from + by >= groups.length - 1 && groups.length < model.get("n_groups")) model.send({ type: "more" });
    }

    function decide(clip, decision) {
      if (isBusy) return;
      setBusy(true);
      model.send({ type: "decide", group_id: group().id, clip_id: clip.clip_id, decision });
    }

    function undo() {
      if (isBusy) return;
      setBusy(true);
      model.send({ type: "undo" });
    }

    function setBusy(next) {
      isBusy = next;
      el.setAttribute("aria-busy", String(next));
      for (const button of right.querySelectorAll(".em-clip-buttons button")) button.disabled = next;
    }

    const DECIDED_WORDS = { mark: "is kept as a copy", restore: "is restored", represent: "now stands for the group" };
    const UNDONE_WORDS = { mark: "is a copy again", restore: "is restored again", represent: "stands for the group again" };
    const nameOf = (id) => members().find((member) => member.clip_id === id)?.name ?? "The clip";

    function onMessage(message, buffers) {
      if (message.type === "error") {
        wantedId = null;
        list.forget();
        setBusy(false);
        tell(message.message, "bad");
      } else if (message.type === "decided") {
        setBusy(false);
        tell(`${nameOf(message.clip_id)} ${DECIDED_WORDS[message.decision]}.`, "ok");
      } else if (message.type === "undone") {
        setBusy(false);
        const words = UNDONE_WORDS[message.decision] ?? "was that before, too: nothing changed";
        tell(`Taken back: ${nameOf(message.clip_id)} ${words}.`, "ok");
      } else cache.receive(message, buffers);
    }

    function onKey(event) {
      if (
        event.defaultPrevented ||
        event.ctrlKey ||
        event.metaKey ||
        event.altKey ||
        event.repeat ||
        isTypingIn(event.target)
      )
        return;
      const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
      const isOnButton = event.target instanceof Element && event.target.closest("button, a");
      const member = cards[focused]?.clip;
      if (/^[1-9]$/.test(key) && cards[key - 1]) {
        focusOn(key - 1);
        toggle(cards[key - 1]);
      } else if (key === "a" || key === "b") playSide(key);
      else if (key === "o" || key === "l") hear(key === "o" ? "both" : "apart");
      else if (key === " " && !isOnButton) {
        if (player.heardIds.length === 2) {
          if (player.playing) player.pause();
          else hear(player.mode);
          follow();
        } else {
          const card = cardOf(player.heardIds[0]) ?? cards[0];
          if (card) toggle(card);
        }
      } else if (key === "ArrowRight" || key === "ArrowLeft") {
        focusOn(focused + (key === "ArrowRight" ? 1 : -1));
        cards[focused]?.element.scrollIntoView({ block: "nearest" });
      } else if (key === "c" && member) decide(member, "mark");
      else if (key === "r" && member) decide(member, "restore");
      else if (key === "m" && member) decide(member, "represent");
      else if (key === "u") undo();
      else if (key === "n" || key === "p") step(key === "n" ? 1 : -1);
      else return;
      event.preventDefault();
      event.stopPropagation();
    }
    const onPageKey = (event) => {
      if (
        !el.contains(event.target) &&
        el.isConnected &&
        (event.target === document.body || event.target === document.documentElement)
      )
        onKey(event);
    };

    const drawAll = () => {
      list.draw(group().id);
      drawHead();
      drawGroup();
    };
    const onGroups = () => {
      list.draw(group().id);
      drawHead();
    };
    model.on("change:group", drawAll);
    for (const trait of LIST_TRAITS) model.on(`change:${trait}`, onGroups);
    model.on("msg:custom", onMessage);
    el.addEventListener("keydown", onKey);
    if (isInVoila()) document.addEventListener("keydown", onPageKey);
    const repaint = () => cards.forEach(paint);
    const endTheme = watchTheme(repaint);
    const observer = new ResizeObserver(repaint);
    observer.observe(el);
    drawAll();
    return () => {
      cancelAnimationFrame(frame);
      observer.disconnect();
      endTheme();
      document.removeEventListener("keydown", onPageKey);
      model.off("change:group", drawAll);
      for (const trait of LIST_TRAITS) model.off(`change:${trait}`, onGroups);
      model.off("msg:custom", onMessage);
      player.destroy();
      cache.destroy();
    };
  },
};
