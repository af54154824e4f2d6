// Real or fake: one picture a trial, and two answers below it. Comes before study.js, like
// exposure.js, and works with it.

const judgeOf = (images) => {
  const choices = texts.judge.answers.map((label, index) =>
    make(
      "button",
      {
        type: "button",
        class: "answer",
        "aria-keyshortcuts": String(index + 1),
        onclick: () => choose(index + 1),
      },
      make("span", { class: "number", "aria-hidden": "true" }, String(index + 1)),
      label,
    ),
  );
  const stage = make(
    "div",
    { class: "stage single", role: "group", "aria-label": "Picture" },
    make("div", { class: "alone" }, ...images),
    make("div", { class: "answers" }, ...choices),
  );
  return { stage, choices };
};

const verdict = (right, real) => {
  const { were, right: yes, wrong } = texts.judge;
  return make("p", { class: "feedback", role: "status" }, `${right ? yes : wrong} ${were[real - 1]}`);
};
