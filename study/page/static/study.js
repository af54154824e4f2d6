// The participant's page. Gradio runs this file when the Study tab is first shown, with `element`
// (the component's root). It asks the server functions of study/page/ui.py itself and not by
// Gradio's client, which hides why a request failed and never gives one up.
//
// The server knows where the participant is; this script shows it. Every reply that changes
// something carries the next thing to show, so a reload, a second tab or a repeated request
// always ends at what is stored. Nothing here knows which picture is which.

// KNOWN, before this script, has the study's words and the names in a recruiter's link.

const root = element.querySelector(".study");
const EARLY_MS = 250; // a click this soon after the pictures appear was meant for the last page
const RETRIES = [400, 1200, 3000, 5000]; // waits between attempts, the last one again and again
const PATIENCE = 30000; // until a request without an answer is given up and made again

let texts = KNOWN.texts; // then all of them, from the server
let state = null;
let shown = null; // {trial, images, since}: the pictures in the page
let busy = false;
const loads = new Map(); // trial token -> promise of its pictures, so the next trials are ready

// The page's own words, with what stands in their braces.
const say = (name, values = {}) =>
  texts.page[name].replace(/\{(\w+)\}/g, (_, key) => String(values[key]));

root.setAttribute("lang", texts.language);
root.setAttribute("dir", texts.direction);
root.setAttribute("aria-label", say("tab"));
// Where the study stands alone, the whole page is in its language.
if (!document.querySelector('[role="tab"]')) document.documentElement.lang = texts.language;

// ---- who this is ------------------------------------------------------------------------------

const fresh = () => {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
};
const remembered = (store, key, make) => {
  try {
    let value = store.getItem(key);
    if (!value && make) store.setItem(key, (value = make()));
    return value;
  } catch {
    return make ? make() : null; // storage is blocked: the study works, but a reload starts anew
  }
};
const token = remembered(window.localStorage, "truehue-study", fresh);
const asked = new URLSearchParams(window.location.search);
const recruiter = {};
for (const name of KNOWN.parameters) {
  const value = asked.get(name);
  if (value) recruiter[name] = value;
}
const remember = (key, value) => {
  try {
    if (value === null) window.localStorage.removeItem(key);
    else window.localStorage.setItem(key, value);
  } catch {
    // Without storage the code has to be typed again after a reload.
  }
};
let code = asked.get("code") || remembered(window.localStorage, "truehue-code", null);

// ---- asking the server --------------------------------------------------------------------------

const config = window.gradio_config;
const component = config.components.find((one) => one.props.elem_id === "study").id;
const address = new URL(`.${config.api_prefix}/component_server`, document.baseURI);

// One attempt: what the server says, or {why} where it said nothing that counts.
const attempt = async (name, fields) => {
  const data = { token, recruiter, code, ...fields };
  try {
    const answer = await fetch(address, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ data, component_id: component, session_hash: "study", fn_name: name }),
      signal: AbortSignal.timeout(PATIENCE),
    });
    const reply = await answer.json();
    if (reply.why || (answer.ok && (reply.error || reply.step || reply.pictures || reply.plates))) return reply;
    if (answer.status >= 500 || answer.status === 429) return { why: "fault" };
    return { error: say("reload") };
  } catch {
    return { why: "silence" }; // no connection, or the words of a proxy
  }
};

// Asks until there is an answer, and says meanwhile what is known. The server saves an answer once,
// however often it is sent.
const ask = async (name, fields = {}) => {
  const request = {};
  for (let attempts = 0; ; attempts += 1) {
    const reply = await attempt(name, fields);
    if (!reply.why) {
      worry(request, null);
      return reply;
    }
    // A connection that is lost for a moment is not worth a word; a reason is.
    if (attempts || reply.error) worry(request, reply);
    const pause = RETRIES[Math.min(attempts, RETRIES.length - 1)];
    await rest(Math.max(pause, 1000 * (reply.again || 0)) * (0.8 + 0.4 * Math.random()));
  }
};

const worries = new Map(); // requests without an answer -> what is known of it
const worry = (request, reply) => {
  if (reply) worries.set(request, reply.error || say(reply.why));
  else worries.delete(request);
  notice.hidden = worries.size === 0;
  const said = [...worries.values()].pop();
  if (said && notice.firstChild.textContent !== said) notice.firstChild.textContent = said;
};

// Pauses end early when the connection is back, or when somebody does not want to wait.
const pauses = new Set();
const rest = (milliseconds) =>
  new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      pauses.delete(end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    pauses.add(end);
  });
const again = () => [...pauses].forEach((end) => end());

// ---- building the page ------------------------------------------------------------------------

const make = (tag, attributes = {}, ...children) => {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null));
  return node;
};

// At the foot of the window while an answer waits for the server.
const notice = make(
  "div",
  { class: "notice", role: "status", hidden: true, lang: texts.language, dir: texts.direction },
  make("strong"),
  make("span", {}, ` ${say("nothing_lost")}`),
  make("button", { type: "button", class: "plain", onclick: again }, say("try_now")),
);
root.after(notice);

// As in study.css: narrow screens stack the pictures, small ones show nothing else.
const narrow = () => window.matchMedia("(max-width: 700px)").matches;
const small = () => window.matchMedia("(max-width: 700px), (max-height: 500px)").matches;

const show = (name, ...children) => {
  const foot = state && state.participant && name !== "withdraw" ? footer() : null;
  root.replaceChildren(...children.filter((child) => child !== null), ...(foot ? [foot] : []));
  root.dataset.page = name;
  const heading = root.querySelector("h2");
  if (heading) {
    heading.setAttribute("tabindex", "-1");
    // The first page must not take the focus from a reader who has just opened the tab.
    if (name !== "consent" && name !== "message") heading.focus({ preventScroll: true });
  }
  const trial = name === "pick" || name === "rate";
  // A small screen is for the pictures: the page's head moves out of sight above them.
  if ((trial && small()) || root.getBoundingClientRect().top < 0) root.scrollIntoView();
};

const footer = () =>
  make(
    "p",
    { class: "foot" },
    make("span", {}, say("participant", { id: state.participant })),
    make(
      "span",
      {},
      `${say("withdrawal_code")} `,
      state.withdrawal_code
        ? make("span", { class: "withdrawal" }, state.withdrawal_code)
        : say("elsewhere"),
    ),
    make(
      "button",
      { type: "button", class: "plain", onclick: () => !busy && withdraw(state.withdrawal_code || "") },
      texts.withdraw.open,
    ),
  );

const points = (list) =>
  make(
    "ul",
    {},
    ...list.map((point) =>
      Array.isArray(point)
        ? make("li", {}, make("strong", {}, `${point[0]}. `), point[1])
        : make("li", {}, point),
    ),
  );

const button = (label, action) =>
  make("button", { type: "button", class: "main", onclick: action }, label);

const message = (text, label = say("continue"), title = say("failed")) => {
  show(
    "message",
    make("h2", {}, title),
    make("p", { role: "alert" }, text),
    button(label, () => run(enter)),
  );
};

// Runs one step at a time: while one is under way, clicks and keys do nothing.
const run = async (step) => {
  if (busy) return;
  busy = true;
  root.setAttribute("aria-busy", "true");
  try {
    await step();
  } catch (error) {
    console.error(error);
    message(say("went_wrong"), say("try_again"));
  } finally {
    busy = false;
    root.removeAttribute("aria-busy");
  }
};

const take = (reply) => {
  if (reply.error) {
    if (reply.texts) texts = reply.texts;
    if (reply.code_needed) access(reply.error);
    else if (reply.closed) message(reply.error, say("try_again"), say("no_study"));
    else message(reply.error);
    return false;
  }
  state = reply;
  return true;
};

// ---- the pages --------------------------------------------------------------------------------

const enter = async () => {
  const reply = await ask("enter");
  if (!take(reply)) return;
  texts = reply.texts;
  if (code) remember("truehue-code", code);
  if (asked.has("withdraw")) {
    withdraw(state.withdrawal_code || "");
    return;
  }
  const begins = state.step === "pick" && state.number === 1;
  const away = state.away && (state.step === "pick" || state.step === "rate");
  if (away || (begins && (state.practice || !texts.between))) instructions();
  else if (begins) between();
  else await go();
};

const go = async () => {
  if (state.step === "consent") consent();
  else if (state.step === "screen") await screening();
  else if (state.step === "pick") await pick();
  else if (state.step === "rate") await rate();
  else if (state.step === "ended") ended(state.end, state.link);
  else done();
};

// A page with one field for a code.
const codePage = (name, words, value, send, ...more) => {
  const problem = make("p", { class: "missing", role: "alert" });
  const field = make("input", {
    type: "text",
    id: `study-${name}`,
    class: "code-field",
    value,
    autocomplete: "off",
    autocapitalize: "characters",
    spellcheck: "false",
    onkeydown: (event) => event.key === "Enter" && run(() => send(field.value, problem)),
  });
  show(
    name,
    make("h2", {}, words.title),
    make("p", { class: "lead" }, words.lead),
    make("p", {}, make("label", { for: `study-${name}` }, words.label), field),
    problem,
    make(
      "p",
      { class: "send" },
      ...more,
      button(words.go, () => run(() => send(field.value, problem))),
    ),
  );
  return problem;
};

const access = (error) => {
  const problem = codePage("access", texts.access, code || "", async (typed) => {
    code = typed;
    await enter();
  });
  if (code !== null) problem.textContent = error;
};

const withdraw = (value) => {
  const words = texts.withdraw;
  const back = make(
    "button",
    { type: "button", class: "plain", onclick: () => run(go) },
    words.back,
  );
  codePage(
    "withdraw",
    words,
    value,
    async (typed, problem) => {
      const reply = await ask("withdraw", { withdrawal_code: typed });
      if (reply.error) {
        problem.textContent = reply.error;
        return;
      }
      state = null;
      shown = null;
      loads.clear();
      remember("truehue-code", null);
      show("message", make("h2", {}, words.done_title), make("p", { role: "status" }, words.done));
    },
    back,
  );
};

const consent = () => {
  const words = texts.consent;
  show(
    "consent",
    make("h2", {}, words.title),
    make("p", { class: "lead" }, words.lead),
    ...words.paragraphs.map((paragraph) => make("p", {}, paragraph)),
    words.points.length ? points(words.points) : null,
    button(words.agree, () =>
      run(async () => {
        if (!take(await ask("consent", { version: state.version }))) return;
        if (state.step === "pick" && state.number === 1) instructions();
        else await go();
      }),
    ),
    " ",
    make(
      "button",
      {
        type: "button",
        class: "plain",
        onclick: () => {
          const back = { type: "button", class: "plain", onclick: consent };
          ended("declined", state.declined_link, make("button", back, texts.withdraw.back));
        },
      },
      words.decline,
    ),
  );
};

// Any end but the one with a completion code.
const ended = (end, link, ...more) => {
  const [title, lead] = texts.ends[end];
  show(
    "message",
    make("h2", {}, title),
    make("p", { class: "lead", role: "status" }, lead),
    link ? wayOut(link, state.open_after) : null,
    ...more,
  );
};

// The link of an end. It opens by itself after a moment, if nobody wants to stay: what there is to
// store is stored, or the server would not have led here.
const wayOut = (link, seconds) => {
  const open = make("a", { class: "main", href: link, rel: "noreferrer" }, texts.done.link);
  if (!seconds) return make("p", {}, open);
  const timer = setTimeout(() => open.isConnected && open.click(), 1000 * seconds);
  const stay = () => {
    clearTimeout(timer);
    said.remove();
  };
  const button = make("button", { type: "button", class: "plain", onclick: stay }, texts.done.stay);
  const said = make("span", { class: "opening" }, `${texts.done.opening} `, button);
  return make("p", { class: "out" }, open, said);
};

const instructions = () => {
  const words = texts.instructions;
  preload(state.trial);
  show(
    "instructions",
    make("h2", {}, words.title),
    state.away ? make("p", { role: "status" }, words.again) : null,
    points(words.points),
    state.away ? null : make("p", {}, words.practice),
    state.tells ? agent() : null,
    button(state.away ? say("continue") : words.begin, () => run(go)),
  );
};

// Programs that answer in a person's place are asked to say so; nothing else changes then.
const agent = () => {
  const words = texts.instructions;
  const noted = make("span", { role: "status" }, state.told ? ` ${words.agent_noted}` : "");
  const tell = async () => {
    const reply = await ask("tell");
    if (!reply.error) noted.textContent = ` ${words.agent_noted}`;
  };
  return make(
    "p",
    { class: "agent" },
    `${words.agent} `,
    make("button", { type: "button", class: "plain", onclick: () => run(tell) }, words.agent_tell),
    noted,
  );
};

const between = () => {
  const words = texts.between;
  preload(state.trial);
  show(
    "between",
    make("h2", {}, words.title),
    make("p", { class: "lead" }, words.lead),
    button(words.begin, () => run(go)),
  );
};

const done = () => {
  const words = texts.done;
  const copied = make("span", { class: "copied", role: "status" });
  show(
    "done",
    make("h2", {}, words.title),
    make("p", { class: "lead" }, words.lead),
    make(
      "p",
      { class: "code" },
      make("output", { "aria-label": say("completion_code") }, state.code),
      button(say("copy"), async () => {
        try {
          await navigator.clipboard.writeText(state.code);
          copied.textContent = say("copied");
        } catch {
          copied.textContent = say("by_hand");
        }
      }),
      copied,
    ),
    state.link ? wayOut(state.link, state.open_after) : null,
    state.own ? make("p", {}, say("own", state.own)) : null,
    make("p", {}, words.after),
  );
};

const progress = () =>
  make(
    "div",
    { class: "progress" },
    make("span", {}, say(state.practice ? "practice" : "trial", state)),
    make("progress", {
      max: state.of,
      value: state.number - (state.step === "pick" ? 1 : 0.5),
      "aria-label": say("progress"),
    }),
  );

// Decoded images of a trial, all or none; a failed load can be tried again.
const preload = (trial) => {
  if (!loads.has(trial)) {
    const load = (async () => {
      const reply = await ask("pictures", { trial });
      if (reply.error) throw new Error(reply.error);
      if (reply.sizes) return reply.sizes.map(([width, height]) => mask(width, height));
      return Promise.all(
        reply.pictures.map(async (png, index) => {
          const image = new Image();
          image.alt = say("picture", { number: index + 1 });
          image.draggable = false;
          image.src = `data:image/png;base64,${png}`;
          await image.decode();
          return image;
        }),
      );
    })();
    load.catch(() => loads.delete(trial));
    loads.set(trial, load);
  }
  return loads.get(trial);
};

// The pictures of the next trials, one after the other: the nearest is there first.
const ahead = async () => {
  try {
    for (const trial of state?.upcoming || []) await preload(trial);
  } catch {
    // They are asked for again when their turn comes.
  }
};

// Resolves in the frame after the pictures were painted: response times begin here.
const painted = (node) =>
  new Promise((resolve) => {
    const observer = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      observer.disconnect();
      requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now())));
    });
    observer.observe(node);
  });

const waiting = () => {
  // Only after a moment: at once, it would flicker between the trials.
  const timer = setTimeout(() => {
    show("wait", progress(), make("p", { role: "status" }, say("loading")));
  }, 400);
  return () => clearTimeout(timer);
};

const pictures = async () => {
  const trial = state.trial;
  if (shown && shown.trial === trial) return shown;
  const stop = waiting();
  let images;
  try {
    images = await preload(trial);
  } finally {
    stop();
  }
  const kept = [trial, ...(state?.upcoming || [])];
  for (const old of loads.keys()) if (!kept.includes(old)) loads.delete(old);
  shown = { trial, images, since: null, hidden: 0, left: null };
  return shown;
};

// The pictures of a trial, each a button that picks it.
const stageOf = (images) => {
  if (texts.judge) return judgeOf(images);
  const choices = images.map((image, index) =>
    make(
      "button",
      {
        type: "button",
        class: "choice",
        "aria-label": say("choose", { number: index + 1 }),
        "aria-keyshortcuts": String(index + 1),
        onclick: (event) => choose(index + 1, event),
      },
      image,
      make("span", { class: "number", "aria-hidden": "true" }, String(index + 1)),
    ),
  );
  // The pointer that rests where a picture appears has not pointed at it.
  const point = (event) => {
    if (event.movementX || event.movementY) stage.classList.add("pointed");
  };
  const stage = make(
    "div",
    { class: "stage", role: "group", "aria-label": say("pictures"), onpointermove: point },
    ...choices,
  );
  return { stage, choices };
};

const pick = async () => {
  const current = await pictures();
  if (state.exposure_ms) {
    glimpse(current);
    return;
  }
  const { stage, choices } = stageOf(current.images);
  show("pick", progress(), make("h2", {}, texts.question), stage, traces.trap(say("continue")));
  fit();
  current.since = null;
  current.hidden = 0;
  current.left = document.hidden ? performance.now() : null;
  // Not awaited: the page must answer while it waits to be looked at.
  painted(choices[0]).then((moment) => {
    current.since = moment;
    current.hidden = 0;
    current.left = null;
    stage.dataset.painted = "";
    traces.begin();
    ahead();
  });
};

const choose = (slot, event) => {
  const current = shown;
  if (busy || !current || current.since === null || state.step !== "pick") return;
  const response_ms = performance.now() - current.since;
  if (response_ms < EARLY_MS) {
    traces.early();
    return;
  }
  const limited = "exposure" in current;
  const exposure_ms = limited ? current.exposure : Math.max(0, response_ms - current.hidden);
  const trace = traces.of(event);
  run(async () => {
    const practised = state.practice;
    const answer = { trial: current.trial, slot, response_ms, exposure_ms, trace };
    if (!take(await ask("pick", answer))) return;
    if (state.feedback) told();
    else await onward(practised);
  });
};

// Goes on after a trial.
const onward = async (practised) => {
  if (practised && state.step === "pick" && !state.practice) between();
  else await go();
};

// What a practice trial tells where no ratings follow.
const told = () =>
  show("message", feedback(state.feedback), button(say("continue"), () => run(() => onward(true))));

// While the tab is behind another one the pictures are not seen: that is no exposure.
const onVisibility = () => {
  if (!shown) return;
  if (document.hidden) shown.left = performance.now();
  else if (shown.left !== null) {
    shown.hidden += performance.now() - shown.left;
    shown.left = null;
  }
};

const LEVELS = [1, 2, 3, 4, 5];

const scale = (name, slot) => {
  const [label, low, high] = texts.scales[name];
  const group = `${name}-${slot}`;
  return make(
    "fieldset",
    { "data-scale": name, "data-slot": slot },
    make(
      "legend",
      { "data-missing": say("missing") },
      make("span", { class: "unseen" }, say("legend", { number: slot })),
      label,
    ),
    make(
      "div",
      { class: "levels" },
      ...LEVELS.map((level) =>
        make(
          "label",
          {},
          make("input", {
            type: "radio",
            name: group,
            value: level,
            "aria-label": [String(level), { 1: low, 5: high }[level]].filter(Boolean).join(say("comma")),
            onchange: rated,
          }),
          make("span", { "aria-hidden": "true" }, String(level)),
        ),
      ),
    ),
    make(
      "div",
      { class: "ends", "aria-hidden": "true" },
      make("span", {}, low),
      make("span", {}, high),
    ),
  );
};

const given = () =>
  Array.from({ length: state.slots }, (_, index) =>
    Object.fromEntries(
      Object.keys(texts.scales).map((name) => {
        const input = root.querySelector(`input[name="${name}-${index + 1}"]:checked`);
        return [name, input ? Number(input.value) : null];
      }),
    ),
  );

// What is missing is said at the button and at each scale, until it is given.
const unrated = () => [...root.querySelectorAll("fieldset")].filter((set) => !set.querySelector(":checked"));
const sayMissing = () => {
  const open = unrated();
  for (const set of root.querySelectorAll("fieldset")) set.classList.toggle("open", open.includes(set));
  root.querySelector(".missing").textContent =
    open.length > 1 ? say("many_missing", { count: open.length }) : open.length ? say("one_missing") : "";
};
const rated = () => {
  keepDraft();
  if (root.querySelector(".missing").textContent) sayMissing();
};

const keepDraft = () => {
  try {
    window.sessionStorage.setItem(
      "truehue-draft",
      JSON.stringify({ trial: state.trial, ratings: given() }),
    );
  } catch {
    // Without storage a reload forgets ratings that were not sent yet, and nothing else.
  }
};

const restoreDraft = () => {
  try {
    const draft = JSON.parse(window.sessionStorage.getItem("truehue-draft"));
    if (!draft || draft.trial !== state.trial) return;
    draft.ratings.forEach((values, index) => {
      for (const [name, value] of Object.entries(values)) {
        const input = root.querySelector(`input[name="${name}-${index + 1}"][value="${value}"]`);
        if (input) input.checked = true;
      }
    });
  } catch {
    // An unreadable draft is no draft.
  }
};

const feedback = ({ real, picked } = state) => {
  if (!real) return null;
  const right = real === picked;
  if (texts.judge) return verdict(right, real);
  return make(
    "p",
    { class: "feedback", role: "status" },
    say(right ? "right" : "wrong", { real, picked }),
  );
};

const rate = async () => {
  const current = await pictures();
  const columns = current.images.map((image, index) => {
    const slot = index + 1;
    const notes = [];
    if (slot === state.picked) notes.push(say("your_choice"));
    if (slot === state.real) notes.push(say("real"));
    return make(
      "div",
      { class: "rated", role: "group", "aria-label": say("picture", { number: slot }) },
      image,
      make(
        "p",
        { class: "number" },
        String(slot),
        notes.length ? make("em", {}, notes.join(say("comma"))) : null,
      ),
      ...Object.keys(texts.scales).map((name) => scale(name, slot)),
    );
  });
  const missing = make("p", { class: "missing", role: "alert" });
  show(
    "rate",
    progress(),
    make("h2", {}, texts.rating),
    feedback(),
    make("div", { class: "stage" }, ...columns),
    make("div", { class: "send" }, missing, button(say("continue"), () => send(current))),
  );
  restoreDraft();
};

const send = (current) => {
  const open = unrated();
  if (open.length) {
    sayMissing();
    open[0].querySelector("input").focus();
    return;
  }
  run(async () => {
    const practised = state.practice;
    if (!take(await ask("rate", { trial: current.trial, ratings: given() }))) return;
    await onward(practised);
  });
};

// ---- size and keys ----------------------------------------------------------------------------

// How many pictures stand beside each other: one column on a phone, one row on a laptop, and two
// of either where a study compares more methods than fit.
const columnsOf = (slots) => {
  if (narrow()) return slots <= 3 ? 1 : 2;
  return slots <= 4 ? slots : Math.ceil(slots / 2);
};

// The pictures are as large as they can be with all of them in sight, up to their own size.
const fit = () => {
  const stage = root.dataset.page === "pick" ? root.querySelector(".stage") : null;
  if (!stage) return;
  const columns = columnsOf(state.slots);
  const rows = Math.ceil(state.slots / columns);
  const stacked = narrow() && columns === 1; // then the numbers stand beside the pictures
  stage.style.setProperty("--columns", String(columns));
  stage.classList.toggle("stacked", stacked);
  const [naturalWidth, naturalHeight] = sizeOf(stage.querySelector("img, canvas"));
  const above = small() ? root.getBoundingClientRect().top : -window.scrollY;
  const top = stage.getBoundingClientRect().top - above;
  const high = (window.innerHeight - top - 24) / rows - (stacked ? 12 : 60);
  const wide = (stage.clientWidth - 32) / columns - 24 - (stacked ? 24 : 0);
  const below = stage.querySelector(".answers"); // of a single picture
  const room = below ? high - below.offsetHeight - 24 : high;
  const side = Math.min(naturalWidth, wide, (room * naturalWidth) / naturalHeight);
  root.style.setProperty("--side", `${Math.floor(Math.max(48, side))}px`);
};

const onKey = (event) => {
  if (!element.isConnected) {
    document.removeEventListener("keydown", onKey);
    window.removeEventListener("resize", fit);
    document.removeEventListener("visibilitychange", onVisibility);
    window.removeEventListener("online", again);
    return;
  }
  const plain = !event.ctrlKey && !event.altKey && !event.metaKey && !event.repeat;
  if (!plain || !/^[1-9]$/.test(event.key) || root.offsetParent === null) return;
  if (event.target.matches("input[type=text]")) return;
  const number = Number(event.key);
  const answers = texts && texts.judge ? texts.judge.answers.length : state && state.slots;
  if (root.dataset.page === "pick" && number <= answers) {
    event.preventDefault();
    choose(number, event);
  } else if (root.dataset.page === "rate" && number <= LEVELS.length) {
    // A digit rates the scale that has the focus, and the focus moves on to the next one.
    const sets = [...root.querySelectorAll("fieldset")];
    const at = sets.findIndex((set) => set.contains(document.activeElement));
    const set = at >= 0 ? sets[at] : sets.find((one) => !one.querySelector(":checked"));
    if (!set) return;
    event.preventDefault();
    set.querySelector(`input[value="${number}"]`).checked = true;
    rated();
    const next = sets[sets.indexOf(set) + 1];
    (next ? next.querySelector("input") : root.querySelector("button.main")).focus();
  }
};

document.addEventListener("keydown", onKey);
window.addEventListener("resize", fit);
document.addEventListener("visibilitychange", onVisibility);
window.addEventListener("online", again);
run(enter);
