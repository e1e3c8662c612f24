// A card of facts with buttons that save files: the bytes come by message, and the browser saves them from memory.

const COPIED_FOR_MS = 1600;
const KEEP_URL_MS = 60000;

/** Saves bytes under a name, as if a server had sent the file. */
function saveFile({ name, mime }, bytes) {
  const url = URL.createObjectURL(new Blob([bytes], { type: mime }));
  const link = make("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), KEEP_URL_MS);
}

/** Also on pages without https, where the clipboard's own interface is missing. */
async function copyText(text) {
  if (navigator.clipboard && window.isSecureContext) return navigator.clipboard.writeText(text);
  const area = make("textarea", { value: text, style: { position: "fixed", opacity: "0" } });
  document.body.append(area);
  area.select();
  const isCopied = document.execCommand("copy");
  area.remove();
  if (!isCopied) throw new Error("the browser refused to copy");
}

export default {
  render({ model, el }) {
    let busyKey = null;
    let outcome = null;

    function fact({ label, value, tone, is_copyable: isCopyable }) {
      const words = make("span", { class: `em-fact-value em-tone-${tone ?? "muted"} ${isCopyable ? "em-mono" : ""}` }, value);
      return make("div", { class: "em-fact" }, make("dt", { class: "em-kicker" }, label), make("dd", {}, words, isCopyable ? copyButton(label, value) : null));
    }

    function copyButton(label, value) {
      const button = makeButton({ text: "Copy", title: `Copy ${label}`, kind: "em-small em-quiet", onclick: copy });
      const say = (words) => (button.querySelector("span").textContent = words);
      async function copy() {
        try {
          await copyText(value);
          say("Copied");
        } catch {
          say("Select it and copy by hand");
        }
        setTimeout(() => say("Copy"), COPIED_FOR_MS);
      }
      return button;
    }

    function button({ key, label, is_download: isDownload, is_primary: isPrimary }) {
      const isBusy = busyKey === key;
      const kind = `${isPrimary ? "em-primary" : ""} ${isBusy ? "em-is-busy" : ""}`;
      const made = makeButton({ text: label, kind, disabled: busyKey !== null, onclick: () => press(key, isDownload) });
      made.dataset.key = key;
      return made;
    }

    function press(key, isDownload) {
      busyKey = key;
      outcome = null;
      draw();
      model.send({ type: isDownload ? "download" : "act", key });
    }

    function draw() {
      const title = model.get("title");
      if (!title) return el.replaceChildren();
      const said = outcome && [icon(outcome.tone === "bad" ? "alert" : "check"), make("span", {}, outcome.text)];
      el.replaceChildren(
        make("section", { class: "em-card em-download", "aria-label": title },
          make("h2", { class: "em-title" }, title),
          make("dl", { class: "em-facts" }, ...model.get("facts").map(fact)),
          make("div", { class: "em-download-foot" }, ...model.get("buttons").map(button),
            make("div", { class: `em-download-outcome em-tone-${outcome?.tone ?? "muted"}`, role: "status" }, ...(said ?? [])))));
    }

    function onMessage(message, buffers) {
      busyKey = null;
      if (message.type === "file") {
        saveFile(message, buffers[0]);
        outcome = { tone: "ok", text: `${message.name} is in your downloads.` };
      }
      if (message.type === "error") outcome = { tone: "bad", text: message.message };
      draw();
    }
    const onTitle = () => {
      outcome = null;
      draw();
    };
    model.on("msg:custom", onMessage);
    model.on("change:title", onTitle);
    const end = drawOnChange(model, el, draw);
    return () => {
      end();
      model.off("change:title", onTitle);
      model.off("msg:custom", onMessage);
    };
  },
};
