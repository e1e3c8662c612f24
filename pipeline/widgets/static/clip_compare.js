// Near-duplicate groups, judged by ear: the representative beside each member, both heard at the same place.
// Joined after clip_compare_parts.js.

export default {
  render({ model, el }) {
    const cache = new ClipCache(model, { max: 32 });
    const player = new Player();
    let cards = [];
    let focused = 1;
    let soundingId = null;
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

    const list = make("nav", { class: "em-card em-groups", "aria-label": "Near-duplicate groups" });
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
    el.append(list, main);

    // ------------------------------------------------------------------------------------------ drawing

    function drawList() {
      const groups = model.get("groups");
      list.hidden = !groups.length;
      list.replaceChildren(
        make(
          "div",
          { class: "em-groups-title em-kicker" },
          `${formatNumber(groups.filter((entry) => !entry.is_settled).length)} of ${formatNumber(groups.length)} to judge`,
        ),
        make(
          "div",
          { class: "em-groups-scroll" },
          ...groups.map((entry) => makeGroupButton(entry, { isHere: entry.id === group().id, open })),
        ),
      );
      const scroll = list.querySelector(".em-groups-scroll");
      const here = scroll.querySelector("[aria-current]");
      if (here)
        scroll.scrollTo({
          top: here.offsetTop - scroll.offsetTop - scroll.clientHeight / 2 + 24,
          left: here.offsetLeft - scroll.offsetLeft - scroll.clientWidth / 2 + 90,
        });
    }

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
        groups.length ? make("span", { class: "em-muted em-num em-small" }, `${index + 1} / ${groups.length}`) : null,
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

    function drawGroup() {
      const isAnother = group().id !== shownId || !members().some((member) => member.clip_id === soundingId);
      if (isAnother) {
        player.stop();
        soundingId = null;
      }
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
    }

    function tell(text, tone = "") {
      status.className = `em-compare-status ${tone ? `em-tone-${tone}` : ""}`;
      status.replaceChildren(...(text ? [icon(tone === "bad" ? "alert" : "check"), make("span", {}, text)] : []));
    }

    // ------------------------------------------------------------------------------------------ sound

    const cardOf = (id) => cards.find((card) => card.clip.clip_id === id);
    const lagOf = (card) => card?.clip.lag_s ?? 0;

    function playFrom(card, seconds) {
      if (!card?.entry) return;
      player.load(card.entry);
      soundingId = card.clip.clip_id;
      player.play(Math.min(Math.max(0, seconds), Math.max(0, player.duration - 0.02)));
      follow();
    }
    const playAt = (card, share) => playFrom(card, share * (card.entry?.audio.duration ?? 0));

    function toggle(card) {
      if (soundingId === card.clip.clip_id && player.playing) {
        player.pause();
        follow();
      } else playFrom(card, soundingId === card.clip.clip_id ? player.time : 0);
    }

    /** The representative (A) or the focused member (B) at the place that sounds now; the same key again: the other. */
    function playSide(side) {
      const [representative, member] = [cards[0], cards[focused]];
      if (!representative || !member) return;
      const isHere = player.playing && soundingId === (side === "a" ? representative : member).clip.clip_id;
      const target = (side === "a") !== isHere ? representative : member;
      const now =
        soundingId === null || player.time >= player.duration - 0.02 ? lagOf(cardOf(soundingId)) : player.time;
      playFrom(target, now - lagOf(cardOf(soundingId)) + lagOf(target));
    }

    function follow() {
      cancelAnimationFrame(frame);
      for (const card of cards) {
        const isSounding = card.clip.clip_id === soundingId;
        const isPlaying = isSounding && player.playing;
        card.element.classList.toggle("em-sounding", isSounding);
        if (isPlaying !== card.isShownPlaying) {
          card.isShownPlaying = isPlaying;
          card.play.replaceChildren(icon(isPlaying ? "pause" : "play"));
          card.play.classList.toggle("em-primary", isPlaying);
        }
        if (isSounding)
          card.playhead.style.transform = `translateX(${(player.duration ? player.time / player.duration : 0) * card.stage.clientWidth}px)`;
      }
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
    }

    function decide(clip, decision) {
      if (isBusy) return;
      setBusy(true);
      model.send({ type: "decide", group_id: group().id, clip_id: clip.clip_id, decision });
    }

    function setBusy(next) {
      isBusy = next;
      el.setAttribute("aria-busy", String(next));
      for (const button of right.querySelectorAll(".em-clip-buttons button")) button.disabled = next;
    }

    const DECIDED_WORDS = { mark: "is kept as a copy", restore: "is restored", represent: "now stands for the group" };

    function onMessage(message, buffers) {
      if (message.type === "error") {
        wantedId = null;
        setBusy(false);
        tell(message.message, "bad");
      } else if (message.type === "decided") {
        setBusy(false);
        const clip = members().find((member) => member.clip_id === message.clip_id);
        tell(`${clip?.name ?? "The clip"} ${DECIDED_WORDS[message.decision]}.`, "ok");
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
      else if (key === " " && !isOnButton) {
        const card = cardOf(soundingId) ?? cards[0];
        if (card) toggle(card);
      } else if (key === "ArrowRight" || key === "ArrowLeft") {
        focusOn(focused + (key === "ArrowRight" ? 1 : -1));
        cards[focused]?.element.scrollIntoView({ block: "nearest" });
      } else if (key === "c" && member) decide(member, "mark");
      else if (key === "r" && member) decide(member, "restore");
      else if (key === "m" && member) decide(member, "represent");
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
      drawList();
      drawHead();
      drawGroup();
    };
    const onGroups = () => {
      drawList();
      drawHead();
    };
    model.on("change:group", drawAll);
    model.on("change:groups", onGroups);
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
      model.off("change:groups", onGroups);
      model.off("msg:custom", onMessage);
      player.destroy();
      cache.destroy();
    };
  },
};
