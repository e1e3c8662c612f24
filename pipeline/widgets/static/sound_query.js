// Search by sound: what is searched by on top, what was found below. Joined after sound_query_box.js.

const UPLOAD_PART_BYTES = 1 << 20;
const PATIENCE_MS = 90000;
const NOTHING_YET =
  "Choose or drop a sound file, record with the microphone, or take a clip by “More like this”. " +
  "Then draw a region here to search by that part alone.";

export default {
  render({ model, el }) {
    const cache = new ClipCache(model, { max: 64 });
    const player = new Player();
    let entry = null; // of the query
    let soundingId = null; // "query" or a clip's id
    let stopAtS = null;
    let wanted = 0;
    let frame = 0;
    let patience = 0;
    let isBusy = false;
    /** @type {Recorder | null} */
    let recorder = null;

    const sources = makeSources({ choose: sendFile, record, cancel, unlike: () => ask({ type: "unlike" }, "Comparing all clips…") });
    const head = makeQueryHead({ toggle: toggleQuery });
    const stage = new QueryStage({ onRegion, onSeek: (s) => playQuery(s), onKey: onStageKey });
    const region = makeRegionForm({ typed: onTyped, search: searchRegion, whole: searchWhole });
    const status = make("div", { class: "em-query-status", role: "status" });
    const list = new ResultList(cache, {
      play: (row) => playClip(row.result.clip_id),
      toggle: (row) => (soundingId === row.result.clip_id && player.playing ? pause() : playClip(row.result.clip_id)),
      like: (id) => ask({ type: "like", clip_id: id }, "Searching…"),
      more: () => ask({ type: "more" }, "Searching…"),
      ticked: (ids) => {
        bar.clear();
        model.set("ticked", ids);
        model.save_changes();
        drawBar();
      },
    });
    const bar = makeSaveBar({ save: (name) => model.send({ type: "save", name }) });
    list.root.append(bar.root);
    const box = make(
      "section",
      { class: "em-card em-query", "aria-label": "What is searched by" },
      make("div", { class: "em-query-top" }, head.root, sources.root),
      stage.root,
      make("div", { class: "em-query-bottom" }, region.root, status),
    );
    el.classList.add("em", "em-sound-query");
    el.setAttribute("data-lm-suppress-shortcuts", "true");
    el.append(box, list.root);

    // ------------------------------------------------------------------------------------------ asking

    function tell(text, tone = "") {
      status.className = tone === "heard" ? "em-only-read" : `em-query-status ${tone ? `em-tone-${tone}` : "em-muted"}`;
      status.replaceChildren(...(text ? [tone === "bad" ? icon("alert") : "", make("span", {}, text)] : []));
    }

    function setBusy(next, words = "") {
      isBusy = next;
      clearTimeout(patience);
      if (next) patience = setTimeout(giveUp, PATIENCE_MS);
      el.setAttribute("aria-busy", String(next));
      box.classList.toggle("em-is-busy", next);
      if (next) tell(words);
    }

    /** The line may have lost the question, and the page must not wait for ever. */
    function giveUp() {
      setBusy(false);
      tell("There is no answer yet: look whether the page is still connected, and ask again.", "bad");
    }

    function ask(message, words) {
      if (isBusy) return;
      setBusy(true, words);
      model.send(message);
    }

    async function sendFile(file) {
      if (isBusy || recorder) return;
      const most = model.get("max_bytes");
      const size = (n) => `${(n / 1e6).toFixed(n < 1e6 ? 2 : 1)} MB`;
      if (file.size > most)
        return tell(`${visibleText(file.name)} has ${size(file.size)}, at most ${size(most)} are taken: cut out the part that you look for.`, "bad");
      if (!file.size) return tell(`${visibleText(file.name)} is empty: choose another file.`, "bad");
      setBusy(true, `Reading ${visibleText(file.name)}…`);
      try {
        sendBytes(await file.arrayBuffer(), file.name);
      } catch (error) {
        setBusy(false);
        tell(`The browser could not read ${visibleText(file.name)}: ${error.message}`, "bad");
      }
    }

    /** In parts: one message over the line of the page may not be of any length. @param {ArrayBuffer} bytes */
    function sendBytes(bytes, name) {
      const upload = crypto.getRandomValues(new Uint32Array(2)).join("-");
      for (let at = 0; at < bytes.byteLength; at += UPLOAD_PART_BYTES) {
        const about = { type: "part", upload, n_bytes: bytes.byteLength, name, is_first: at === 0 };
        model.send(about, undefined, [bytes.slice(at, at + UPLOAD_PART_BYTES)]);
      }
    }

    // ------------------------------------------------------------------------------------------ microphone

    async function record() {
      if (recorder) return stopRecording();
      if (isBusy) return;
      const objection = microphoneObjection();
      if (objection) return tell(objection, "bad");
      pause();
      const mine = new Recorder({ onLevel: sources.showLevel, onFull: stopRecording });
      recorder = mine;
      sources.showRecording(true);
      tell("Waiting for the microphone: the browser may ask whether you allow it.");
      try {
        await mine.start();
        if (recorder === mine) tell("Recording: make the sound that you look for.");
      } catch (error) {
        if (recorder === mine) {
          cancel();
          tell(microphoneTrouble(error), "bad");
        }
      }
    }

    function stopRecording() {
      const done = recorder;
      if (!done) return;
      if (!done.isRunning || done.seconds < 0.1) return cancel();
      endRecording();
      setBusy(true, "Searching by the recording…");
      sendBytes(done.stop(), "Recording");
    }

    function cancel() {
      if (!recorder) return;
      recorder.cancel();
      endRecording();
      tell("Nothing was recorded.");
    }

    function endRecording() {
      recorder = null;
      sources.showRecording(false);
      sources.record.focus();
    }

    // ------------------------------------------------------------------------------------------ the query

    function drawQuery() {
      const query = model.get("query");
      if (entry) URL.revokeObjectURL(entry.url);
      entry = null;
      if (soundingId === "query") pause();
      head.show(query, { canPlay: false });
      stage.show(null, query.id === undefined ? NOTHING_YET : query.name ? "…" : "What is unlike anything needs no example.");
      region.show(null);
      region.root.hidden = true;
    }

    async function takeSound(message, view) {
      const bytes = view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);
      const url = URL.createObjectURL(new Blob([bytes], { type: message.mime }));
      try {
        const audio = await decodeClip(bytes, message.rate_hz);
        const pictured = { id: "query", audio, url, ...(await pictureOf(audio)) };
        if (message.query_id !== model.get("query").id) return URL.revokeObjectURL(url);
        if (entry) URL.revokeObjectURL(entry.url);
        entry = pictured;
        head.show(model.get("query"), { canPlay: true });
        stage.show(entry);
        region.root.hidden = false;
      } catch (error) {
        stage.show(null, `This browser cannot show the sound (${error.message}).`);
      }
    }

    function onRegion(isReady) {
      region.show(stage.region);
      if (isReady) searchRegion();
      else tell(stage.words, "heard");
    }

    function onTyped(typed) {
      stage.region = typed;
      region.show(stage.region);
    }

    function searchRegion() {
      if (stage.region) ask({ type: "region", ...stage.region }, "Searching by the region…");
    }

    function searchWhole() {
      if (!stage.region) return;
      stage.setBox(null);
      region.show(null);
      ask({ type: "region" }, "Searching by the whole sound…");
    }

    function onStageKey(key) {
      if (key === "Enter") searchRegion();
      else if (key === "Escape" || key === "Delete" || key === "Backspace") searchWhole();
      else if (key === " ") toggleQuery();
      else return false;
      return true;
    }

    // ------------------------------------------------------------------------------------------ sound

    function playQuery(from) {
      if (!entry) return;
      const drawn = stage.region;
      const start = from ?? drawn?.start_s ?? 0;
      stopAtS = from === undefined && drawn ? drawn.stop_s : null;
      sound("query", entry, start);
    }

    function toggleQuery() {
      if (soundingId === "query" && player.playing) pause();
      else playQuery();
    }

    async function playClip(id) {
      const turn = ++wanted;
      try {
        const clip = await cache.get(id);
        if (turn !== wanted) return;
        stopAtS = null;
        sound(id, clip, 0);
      } catch (error) {
        tell(`Cannot play this clip: ${error.message}`, "bad");
      }
    }

    function sound(id, what, from) {
      wanted += id === "query" ? 1 : 0;
      player.load(what);
      soundingId = id;
      player.play(Math.min(from, Math.max(0, player.duration - 0.02)));
      follow();
    }

    function pause() {
      wanted += 1;
      player.pause();
      follow();
    }

    function follow() {
      cancelAnimationFrame(frame);
      if (stopAtS !== null && player.playing && player.time >= stopAtS) player.pause();
      const isQuery = soundingId === "query";
      stage.moveHead(isQuery ? player.time : null);
      head.showPlaying(isQuery && player.playing);
      list.follow(soundingId, player.duration ? player.time / player.duration : 0, player.playing);
      if (player.playing) frame = requestAnimationFrame(follow);
    }

    // ------------------------------------------------------------------------------------------ the line

    function onMessage(message, buffers) {
      if (message.type === "sound") takeSound(message, buffers[0]);
      else if (message.type === "saved") bar.answer(message.message, "ok");
      else if (message.type === "error" && message.of === "save") bar.answer(message.message, "bad");
      else if (message.type === "error") {
        setBusy(false);
        tell(message.message, "bad");
      } else if (message.type === "done") {
        setBusy(false);
        // The heading of the list says it too: this is for who does not see it.
        tell(model.get("heading"), "heard");
      } else cache.receive(message, buffers);
    }

    const drawBar = () => bar.show(model.get("ticked").length, model.get("save_name"));
    const drawResults = () => {
      drawBar();
      list.show({
        results: model.get("results"),
        heading: model.get("heading"),
        words: model.get("similarity_words"),
        hasMore: model.get("has_more"),
        ticked: model.get("ticked"),
        isTickable: model.get("is_tickable"),
      });
    };

    // ------------------------------------------------------------------------------------------ the page

    const isSeen = () => el.isConnected && el.offsetParent !== null;
    const hasFile = (event) => isSeen() && [...(event.dataTransfer?.types ?? [])].includes("Files");
    const listeners = {
      // A file that is dropped beside the box would make the browser leave the page.
      dragover: (event) => {
        if (!hasFile(event)) return;
        event.preventDefault();
        box.classList.add("em-query-over");
      },
      dragleave: (event) => !event.relatedTarget && box.classList.remove("em-query-over"),
      drop: (event) => {
        if (!hasFile(event)) return;
        event.preventDefault();
        box.classList.remove("em-query-over");
        if (event.dataTransfer.files[0]) sendFile(event.dataTransfer.files[0]);
      },
      keydown: (event) => {
        const isHere = el.contains(event.target) || (isInVoila() && event.target === document.body);
        if (!isSeen() || !isHere || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
        if (event.key === "Escape" && recorder) cancel();
        else if (event.key.toLowerCase() === "r" && !event.repeat && !isTypingIn(event.target)) record();
        else if (event.key === "ArrowDown" && event.target === document.body) list.goTo(0);
        else return;
        event.preventDefault();
      },
    };
    for (const [name, listener] of Object.entries(listeners)) document.addEventListener(name, listener);
    model.on("change:query", drawQuery);
    model.on("change:results", drawResults);
    model.on("change:heading", drawResults);
    model.on("change:save_name", drawBar);
    model.on("msg:custom", onMessage);
    player.onended = follow;
    drawQuery();
    drawResults();
    return () => {
      cancelAnimationFrame(frame);
      clearTimeout(patience);
      for (const [name, listener] of Object.entries(listeners)) document.removeEventListener(name, listener);
      model.off("change:query", drawQuery);
      model.off("change:results", drawResults);
      model.off("change:heading", drawResults);
      model.off("change:save_name", drawBar);
      model.off("msg:custom", onMessage);
      if (recorder) recorder.cancel();
      if (entry) URL.revokeObjectURL(entry.url);
      stage.destroy();
      list.destroy();
      player.destroy();
      cache.destroy();
    };
  },
};
