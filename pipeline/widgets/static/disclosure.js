// A line with an arrow that opens and closes what stands below it; the kernel shows and hides that.

export default {
  render({ model, el }) {
    const toggle = () => {
      model.set("is_open", !model.get("is_open"));
      model.save_changes();
    };
    return drawOnChange(model, el, () => {
      const isOpen = model.get("is_open");
      const button = makeButton({ iconName: isOpen ? "down" : "right", text: model.get("label"), kind: "em-quiet em-disclosure", onclick: toggle });
      button.setAttribute("aria-expanded", String(isOpen));
      const hadFocus = el.contains(document.activeElement);
      el.replaceChildren(button);
      if (hadFocus) button.focus({ preventScroll: true });
    });
  },
};
