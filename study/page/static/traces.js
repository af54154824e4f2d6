// How an answer was given, for `study.statistics.automation`: what a program that answers in a
// person's place leaves behind. Sums only; no path and no moment of it is kept or sent.
//
// traces.begin()      the pictures were painted: a new pick begins
// traces.of(event)    what is known of the pick that this event makes
// traces.trap(label)  a button that nobody can see, hear, point at or reach by keys

const traces = (() => {
  let at = null; // where the pointer was seen last: it has to come from there
  let down = null;
  let seen = null;
  let touched = 0;

  const begin = () => {
    seen = { moves: 0, path: 0, from: at, early: 0 };
  };
  const away = (a, b) => (a && b ? Math.hypot(a.x - b.x, a.y - b.y) : 0);
  const moved = (event) => {
    const here = { x: event.clientX, y: event.clientY };
    if (seen && event.isTrusted) {
      seen.moves += 1;
      seen.path += away(at, here);
      seen.from = seen.from || here;
    }
    at = here;
  };
  const pressed = (event) => {
    const here = { x: event.clientX, y: event.clientY };
    down = { time: event.timeStamp, kind: event.pointerType, jump: away(at, here) };
    at = here;
  };
  root.addEventListener("pointermove", moved, { passive: true });
  root.addEventListener("pointerdown", pressed, { passive: true, capture: true });

  // Keys, and what readers of the screen press for a person, click without coordinates.
  const of = (event) => {
    const keyed = event.type === "keydown" || event.detail === 0;
    const press = !keyed && down ? down : null;
    const end = { x: event.clientX, y: event.clientY };
    return {
      by: keyed ? "keys" : (press && press.kind) || "mouse",
      trusted: event.isTrusted,
      webdriver: navigator.webdriver === true,
      moves: seen.moves,
      path_px: seen.path,
      direct_px: keyed ? 0 : away(seen.from, end),
      jump_px: press ? press.jump : 0,
      press_ms: press ? event.timeStamp - press.time : null,
      early: seen.early,
      trap: touched,
    };
  };
  const early = () => {
    if (seen) seen.early += 1;
  };
  const trap = (label) =>
    make(
      "button",
      { type: "button", class: "trap", tabindex: "-1", "aria-hidden": "true", onclick: () => (touched += 1) },
      label,
    );
  return { begin, of, early, trap };
})();
