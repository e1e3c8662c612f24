// A table of rows that the kernel gives page by page: sorting inside the page, mini waveforms, play buttons, pills.

const PILL_TONES = new Set(["ok", "warn", "bad", "info", "accent"]);

/** Peaks as bytes 0..255, given as a list or as base64. */
function peaksOf(value) {
  if (Array.isArray(value)) return value;
  try {
    return Array.from(atob(value ?? ""), (letter) => letter.charCodeAt(0));
  } catch {
    return [];
  }
}

/** A mini waveform: one rounded bar a peak, in the colour of the text around it. */
function drawMiniWave(peaks, { width = 132, height = 26 } = {}) {
  const step = width / Math.max(1, peaks.length);
  const path = peaks.map((peak, index) => {
    const half = Math.max(0.75, (peak / 255) * (height / 2 - 1));
    return `M${(index * step + step / 2).toFixed(1)} ${(height / 2 - half).toFixed(1)}V${(height / 2 + half).toFixed(1)}`;
  });
  return makeSvg(
    "svg",
    {
      class: "em-mini-wave",
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      preserveAspectRatio: "none",
      "aria-hidden": "true",
    },
    makeSvg("path", {
      d: path.join(""),
      stroke: "currentColor",
      "stroke-width": Math.max(1, step * 0.55).toFixed(2),
      "stroke-linecap": "round",
      fill: "none",
    }),
  );
}

function compareCells(a, b) {
  const [left, right] = [a, b].map((cell) => (cell !== null && typeof cell === "object" ? cell.text : cell));
  if (left === right) return 0;
  if (left === null || left === undefined || left === "") return 1;
  if (right === null || right === undefined || right === "") return -1;
  return typeof left === "number" && typeof right === "number"
    ? left - right
    : String(left).localeCompare(String(right), undefined, { numeric: true });
}

export default {
  render({ model, el }) {
    const cache = new ClipCache(model, { max: 24 });
    const player = new Player();
    let sort = { key: null, sign: 1 };
    let playingId = null;
    let isBusy = false;
    let trouble = "";

    function cell(column, row) {
      const value = row[column.key];
      if (value === null || value === undefined || value === "")
        return column.kind === "play" ? null : make("span", { class: "em-muted" }, "–");
      if (column.kind === "number") return formatNumber(value, { digits: column.digits });
      if (column.kind === "wave") return drawMiniWave(peaksOf(value));
      if (column.kind === "pill") return pill(column, value);
      if (column.kind === "play") return playButton(value, row);
      if (column.kind === "link")
        return make(
          "a",
          { href: safeHref(value.href), title: visibleText(value.text), onclick: (event) => event.stopPropagation() },
          visibleText(value.text),
        );
      return visibleText(value);
    }

    function pill(column, value) {
      const text = visibleText(typeof value === "object" ? value.text : value);
      const tone = typeof value === "object" ? value.tone : column.tones?.[value];
      return make(
        "span",
        { class: `em-pill ${PILL_TONES.has(tone) ? `em-${tone}` : ""}`, title: text },
        make("span", { class: "em-ellipsis" }, text),
      );
    }

    function playButton(id, row) {
      const name = visibleText(row.name ?? `clip ${id}`);
      const isPlaying = playingId === id;
      const button = makeButton({
        iconName: isPlaying ? "pause" : "play",
        title: `${isPlaying ? "Stop" : "Play"} ${name}`,
        kind: "em-icon em-small em-play",
        onclick: (event) => {
          event.stopPropagation();
          togglePlay(id);
        },
      });
      button.dataset.play = id;
      return button;
    }

    async function togglePlay(id) {
      if (playingId === id) {
        player.stop();
        return showPlaying(null);
      }
      trouble = "";
      showPlaying(id);
      try {
        const entry = await cache.get(id);
        if (playingId !== id) return;
        player.load(entry);
        player.play(0);
        watchEnd(id);
      } catch (error) {
        trouble = `Cannot play this clip: ${error.message}`;
        showPlaying(null);
      }
      showStatus();
    }

    /** Another player of the page may silence this one. */
    function watchEnd(id) {
      setTimeout(() => {
        if (playingId !== id) return;
        if (player.playing) watchEnd(id);
        else showPlaying(null);
      }, 120);
    }

    function showPlaying(id) {
      playingId = id;
      for (const button of el.querySelectorAll("[data-play]")) {
        const isPlaying = id !== null && button.dataset.play === String(id);
        button.replaceChildren(icon(isPlaying ? "pause" : "play"));
        button.title = button.title.replace(/^(Play|Stop)/, isPlaying ? "Stop" : "Play");
        button.setAttribute("aria-label", button.title);
        button.classList.toggle("em-primary", isPlaying);
        button.closest("tr").classList.toggle("em-playing", isPlaying);
      }
    }

    function headCell(column) {
      const isSortable = !["wave", "play"].includes(column.kind);
      const direction = sort.key === column.key ? (sort.sign > 0 ? "ascending" : "descending") : "none";
      const content = !isSortable
        ? make("span", { class: column.kind === "play" ? "em-only-read" : "" }, column.label ?? "Play")
        : make(
            "button",
            {
              type: "button",
              class: "em-sort",
              onclick: () => changeSort(column.key),
              title: `Sort this page by ${column.label}`,
            },
            make("span", {}, column.label),
            icon(direction === "none" ? "sort" : direction === "ascending" ? "up" : "down"),
          );
      return make(
        "th",
        {
          scope: "col",
          class: `${cellClass(column)} ${direction === "none" ? "" : "em-sorted"}`,
          "aria-sort": isSortable ? direction : undefined,
          style: column.width ? { width: column.width } : {},
        },
        content,
      );
    }

    function changeSort(key) {
      sort = sort.key !== key ? { key, sign: 1 } : sort.sign > 0 ? { key, sign: -1 } : { key: null, sign: 1 };
      draw();
      [...el.querySelectorAll(".em-sort")][sortableColumns().findIndex((column) => column.key === key)]?.focus();
    }
    const cellClass = ({ kind, is_minor: isMinor, is_wrapped: isWrapped }) =>
      `em-col-${kind ?? "text"} ${isMinor ? "em-col-minor" : ""} ${isWrapped ? "em-col-wrapped" : ""}`;
    const sortableColumns = () => model.get("columns").filter((column) => !["wave", "play"].includes(column.kind));

    function bodyRow(columns, row) {
      const isChosen = model.get("selected_id") !== null && row.id === model.get("selected_id");
      const open = () => {
        model.send({ type: "row", id: row.id });
        markChosen(row.id);
      };
      const onkeydown = (event) => {
        if (event.target !== event.currentTarget) return;
        const playId = columns.filter((column) => column.kind === "play").map((column) => row[column.key])[0];
        if (event.key === "Enter" && model.get("is_clickable")) open();
        else if (event.key === " " && playId !== undefined) togglePlay(playId);
        else if (event.key === "ArrowDown") event.currentTarget.nextElementSibling?.focus();
        else if (event.key === "ArrowUp") event.currentTarget.previousElementSibling?.focus();
        else return;
        event.preventDefault();
        event.stopPropagation();
      };
      const line = make(
        "tr",
        {
          class: `${model.get("is_clickable") ? "em-clickable" : ""} ${isChosen ? "em-chosen" : ""}`,
          tabIndex: 0,
          "aria-selected": String(isChosen),
          onclick: model.get("is_clickable") ? open : undefined,
          onkeydown,
        },
        ...columns.map((column) => {
          const content = cell(column, row);
          return make(
            "td",
            { class: cellClass(column), title: typeof content === "string" ? content : undefined },
            content,
          );
        }),
      );
      line.dataset.id = row.id;
      return line;
    }

    function markChosen(id) {
      for (const line of el.querySelectorAll("tbody tr")) {
        line.classList.toggle("em-chosen", line.dataset.id === String(id));
        line.setAttribute("aria-selected", String(line.dataset.id === String(id)));
      }
    }

    function turnPage(to) {
      isBusy = true;
      trouble = "";
      showStatus();
      model.send({ type: "page", to });
    }

    function footer() {
      const [hasPrevious, hasNext] = [model.get("has_previous"), model.get("has_next")];
      const buttons =
        !hasPrevious && !hasNext
          ? []
          : [
              makeButton({
                iconName: "left",
                text: "Previous",
                kind: "em-small em-page-previous",
                onclick: () => turnPage("previous"),
                disabled: !hasPrevious,
              }),
              makeButton({
                text: "Next",
                iconName: "right",
                kind: "em-small em-page-next em-icon-last",
                onclick: () => turnPage("next"),
                disabled: !hasNext,
              }),
            ];
      const isEmpty = !buttons.length && !model.get("note") && !trouble;
      return make(
        "div",
        { class: "em-table-foot", hidden: isEmpty },
        make("div", { class: "em-grow em-table-status", role: "status" }),
        ...buttons,
      );
    }

    function showStatus() {
      const status = el.querySelector(".em-table-status");
      if (!status) return;
      status.classList.toggle("em-tone-bad", Boolean(trouble));
      if (trouble) status.parentElement.hidden = false;
      status.textContent = trouble || (isBusy ? "Loading…" : model.get("note"));
      for (const button of el.querySelectorAll(".em-page-previous"))
        button.disabled = isBusy || !model.get("has_previous");
      for (const button of el.querySelectorAll(".em-page-next")) button.disabled = isBusy || !model.get("has_next");
    }

    function draw() {
      const columns = model.get("columns");
      const rows = [...model.get("rows")];
      if (sort.key !== null) rows.sort((a, b) => sort.sign * compareCells(a[sort.key], b[sort.key]));
      const title = model.get("title");
      const table = make(
        "table",
        { class: "em-table", "aria-label": title || undefined },
        make("thead", {}, make("tr", {}, ...columns.map(headCell))),
        make("tbody", {}, ...rows.map((row) => bodyRow(columns, row))),
      );
      const empty = rows.length ? null : make("p", { class: "em-table-empty em-muted" }, model.get("empty_text"));
      const card = make(
        "section",
        { class: "em-card em-table-card" },
        title ? make("h2", { class: "em-title" }, title) : null,
        make("div", { class: "em-table-scroll" }, table),
        empty,
        footer(),
      );
      const focused = placeOfFocus();
      el.replaceChildren(card);
      if (focused) el.querySelector(focused)?.focus({ preventScroll: true });
      showPlaying(playingId);
      showStatus();
    }

    /** Where the focus is, as a selector that finds the same place in a table drawn anew; null if it is elsewhere. */
    function placeOfFocus() {
      const active = document.activeElement;
      if (!el.contains(active)) return null;
      if (active.matches("tbody tr")) return `tbody tr[data-id="${CSS.escape(active.dataset.id)}"]`;
      return active.classList.contains("em-page-next") || active.classList.contains("em-page-previous")
        ? `.${[...active.classList].find((name) => name.startsWith("em-page-"))}`
        : null;
    }

    function onChange() {
      isBusy = false;
      draw();
    }
    function onMessage(message, buffers) {
      if (message.type === "error") {
        isBusy = false;
        trouble = message.message;
        showStatus();
      } else if (message.type === "done") {
        isBusy = false;
        showStatus();
      } else cache.receive(message, buffers);
    }
    model.on("msg:custom", onMessage);
    const end = drawOnChange(model, el, onChange);
    return () => {
      end();
      model.off("msg:custom", onMessage);
      player.destroy();
      cache.destroy();
    };
  },
};
