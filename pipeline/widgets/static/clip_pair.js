// Two clips side by side, heard at the same place. Joined after clip_compare_sound.js.

const PAIR_WAYS = [
  ["a", "A", "First"],
  ["b", "B", "Second"],
  ["both", "O", "Both at once"],
  ["apart", "L", "Left and right"],
];

export default {
  render({ model, el }) {
    const cache = new ClipCache(model, { max: 16 });
    const player = new PairPlayer();
    let cards = [];
    let frame = 0;

    const title = make("h2", { class: "em-title" });
    const about = make("span", { class: "em-muted em-small em-grow" });
    const buttons = PAIR_WAYS.map(([mode, key, words]) =>
      make(
        "button",
        { type: "button", class: "em-btn em-small em-pair-mode", onclick: () => hear(mode), title: `${words} (${key})` },
        make("kbd", {}, key),
        make("span", {}, words),
      ),
    );
    const bar = make("div", { class: "em-pair-bar", role: "group", "aria-label": "Hear the pair" }, ...buttons, about);
    const sides = make("div", { class: "em-pair-sides" });
    const all = make("div", {}, make("div", { class: "em-compare-head" }, title), bar, sides);
    el.classList.add("em", "em-pair");
    el.tabIndex = 0;
    el.setAttribute("role", "region");
    el.setAttribute("aria-label", "Hear two clips");
    el.setAttribute("data-lm-suppress-shortcuts", "true");
    el.append(all);

    const pair = () => model.get("pair");
    /** A place is counted in seconds of the first clip. */
    const lagOf = (index) => (index ? -(pair().lag_s ?? 0) : 0);
    const sounds = () => cards.map((card, index) => ({ entry: card.entry, lag_s: lagOf(index) }));

    function draw() {
      player.stop();
      all.hidden = !pair().first;
      if (all.hidden) return;
      title.textContent = visibleText(pair().title);
      about.textContent = pair().about;
      cards = [pair().first, pair().second].map(makeCard);
      sides.replaceChildren(...cards.map((card) => card.element));
      cache.request(cards.map((card) => card.clip.clip_id));
      for (const card of cards) fill(card);
      follow();
    }

    function makeCard(clip, index) {
      const key = PAIR_WAYS[index][1];
      const card = { clip, entry: null };
      card.wave = make("canvas", { class: "em-compare-wave" });
      card.picture = make("canvas", { class: "em-compare-picture" });
      card.playhead = make("i", { class: "em-playhead" });
      card.message = make("p", { class: "em-compare-trouble", hidden: true });
      card.stage = make(
        "div",
        { class: "em-stage", title: "Click to play from here", onclick: (event) => playAt(event, card, index) },
        card.wave,
        card.picture,
        card.playhead,
      );
      card.element = make(
        "article",
        { class: "em-card em-clip", "aria-label": clip.name },
        make(
          "div",
          { class: "em-clip-head" },
          make("kbd", {}, key),
          make(
            "div",
            { class: "em-grow" },
            make("div", { class: "em-clip-name em-ellipsis", title: visibleText(clip.name) }, visibleText(clip.name)),
            make("div", { class: "em-muted em-small" }, visibleText(clip.detail ?? "")),
          ),
          make("span", { class: "em-pill em-accent" }, visibleText(clip.side)),
        ),
        card.stage,
        card.message,
      );
      return card;
    }

    async function fill(card) {
      try {
        card.entry = await cache.get(card.clip.clip_id);
        paint(card);
        card.element.classList.add("em-ready");
        follow();
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

    function playAt(event, card, index) {
      if (!card.entry) return;
      const box = card.stage.getBoundingClientRect();
      const seconds = ((event.clientX - box.left) / box.width) * card.entry.audio.duration;
      player.play(sounds(), index ? "b" : "a", seconds - lagOf(index));
      follow();
    }

    const isHere = () => player.isPair(cards.map((card) => card.clip.clip_id));

    /** Hears the pair so, on from where it is; the way that sounds already is paused. */
    function hear(mode) {
      if (!cards.length || !cards.every((card) => card.entry)) return;
      if (player.playing && isHere() && player.mode === mode) player.pause();
      else if (player.playing && isHere() && pair().lag_s !== null) player.hear(mode);
      else player.play(sounds(), mode, isHere() && pair().lag_s !== null ? player.place : 0);
      follow();
    }

    function follow() {
      cancelAnimationFrame(frame);
      const heard = new Set(player.heardIds);
      for (const card of cards) {
        const isSounding = heard.has(card.clip.clip_id);
        card.element.classList.toggle("em-sounding", isSounding);
        const share = isSounding && card.entry ? player.timeOf(card.clip.clip_id) / card.entry.audio.duration : 0;
        card.playhead.style.transform = `translateX(${share * card.stage.clientWidth}px)`;
      }
      PAIR_WAYS.forEach(([mode], index) => {
        const isOn = player.playing && player.mode === mode;
        buttons[index].setAttribute("aria-pressed", String(isOn));
        buttons[index].classList.toggle("em-primary", isOn);
        buttons[index].disabled = !cards.every((card) => card.entry);
      });
      if (player.playing) frame = requestAnimationFrame(follow);
    }

    el.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || isTypingIn(event.target)) return;
      const way = PAIR_WAYS.find(([, key]) => key.toLowerCase() === event.key.toLowerCase());
      if (!way) return;
      hear(way[0]);
      event.preventDefault();
      event.stopPropagation();
    });
    const onMessage = (message, buffers) => cache.receive(message, buffers);
    const repaint = () => cards.forEach(paint);
    model.on("change:pair", draw);
    model.on("msg:custom", onMessage);
    const endTheme = watchTheme(repaint);
    const observer = new ResizeObserver(repaint);
    observer.observe(el);
    draw();
    return () => {
      cancelAnimationFrame(frame);
      observer.disconnect();
      endTheme();
      model.off("change:pair", draw);
      model.off("msg:custom", onMessage);
      player.destroy();
      cache.destroy();
    };
  },
};
