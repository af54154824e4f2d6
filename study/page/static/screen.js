// The checks of eyes and screen before the trials, where the study has any: the size of the window,
// then pictures one by one, each with the question which number is seen. What is right the page
// does not know. A reload begins them anew; stored they are together, at their end.

const screening = async () => {
  const words = texts.screen;
  const reply = state.items ? await ask("plates") : { plates: [] };
  if (reply.error) {
    message(reply.error);
    return;
  }
  const answers = [];
  const short = () => window.innerWidth < state.min_width || window.innerHeight < state.min_height;

  const end = () =>
    run(async () => {
      const { innerWidth: width, innerHeight: height } = window;
      if (!take(await ask("screen", { answers, width, height }))) return;
      if (state.step === "pick" && state.number === 1) instructions();
      else await go();
    });

  const next = () => {
    if (answers.length === reply.plates.length) {
      end();
      return;
    }
    const index = answers.length;
    const choice = (label, digit) => {
      const seen = () => {
        if (answers.length !== index) return; // a second click on the same picture
        answers.push(digit);
        next();
      };
      return make("button", { type: "button", class: "digit", onclick: seen }, label);
    };
    show(
      "screen",
      make("div", { class: "progress" }, make("span", {}, `${index + 1} / ${reply.plates.length}`)),
      make("h2", {}, words.title),
      make("p", {}, words.lead),
      make("img", {
        class: "plate",
        src: `data:image/png;base64,${reply.plates[index]}`,
        alt: words.picture,
      }),
      make(
        "div",
        { class: "digits", role: "group", "aria-label": words.question },
        ...Array.from({ length: 10 }, (_, digit) => choice(String(digit), digit)),
        choice(words.nothing, null),
      ),
    );
  };

  if (!short()) {
    next();
    return;
  }
  const said = make("p", { role: "alert" });
  const measure = () => {
    if (!short()) next();
    else said.textContent = words.still;
  };
  show(
    "screen",
    make("h2", {}, words.title),
    make("p", { class: "lead" }, words.window),
    said,
    button(words.measure, measure),
    " ",
    make("button", { type: "button", class: "plain", onclick: next }, words.anyway),
  );
};
