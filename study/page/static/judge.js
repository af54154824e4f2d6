// Real or fake: one picture a trial, and two answers below it. Works with study.js, like
// exposure.js.

const judgeOf = (images) => {
  const choices = texts.judge.answers.map((label, index) =>
    make(
      "button",
      {
        type: "button",
        class: "answer",
        "aria-keyshortcuts": String(index + 1),
        onclick: (event) => choose(index + 1, event),
      },
      make("span", { class: "number", "aria-hidden": "true" }, String(index + 1)),
      label,
    ),
  );
  const stage = make(
    "div",
    { class: "stage single", role: "group", "aria-label": texts.judge.picture },
    make("div", { class: "alone" }, ...images),
    make("div", { class: "answers" }, ...choices),
  );
  return { stage, choices };
};

const verdict = (right, real) => {
  const said = texts.judge[right ? "right" : "wrong"][real - 1];
  return make("p", { class: "feedback", role: "status" }, said);
};
