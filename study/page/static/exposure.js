// A limited exposure: masks, the pictures for a given time when they are asked for, masks again, and
// then the choice. Calls the functions of study.js, and draws in its `root`.
//
// The server keeps that a showing began before the pictures appear, so neither a reload nor
// another tab gives a second look; a tab that is left ends the showing.

const HALF_FRAME_MS = 8; // the frame that is nearest to the limit hides the pictures
const CELLS = 24; // of a mask, from side to side

// Grey noise of a picture's size, the same behind every picture.
const mask = (width, height) => {
  const canvas = make("canvas", { width, height, role: "img", "aria-label": say("hidden") });
  const pen = canvas.getContext("2d");
  const cell = Math.max(1, Math.ceil(Math.max(width, height) / CELLS));
  let seed = 1;
  for (let y = 0; y < height; y += cell) {
    for (let x = 0; x < width; x += cell) {
      seed = (seed * 48271) % 2147483647;
      const grey = 72 + (seed % 112);
      pen.fillStyle = `rgb(${grey}, ${grey}, ${grey})`;
      pen.fillRect(x, y, cell, cell);
    }
  }
  return canvas;
};

const sizeOf = (picture) => [
  picture.naturalWidth || picture.width,
  picture.naturalHeight || picture.height,
];

const glimpse = (current) => {
  const masks = current.images.map((image) => mask(...sizeOf(image)));
  const { stage, choices } = stageOf(masks);
  const words = texts.exposure;
  const begun = state.exposed;
  const open = (since, exposure) => {
    Object.assign(current, { images: masks, since, exposure });
    for (const choice of choices) choice.disabled = false;
    stage.dataset.painted = "";
    ahead();
  };
  const ready = make("p", { role: "status" }, begun ? words.over : words.ready);
  const asked = begun
    ? null
    : button(words.show, () =>
        run(async () => {
          current.look = current.look || fresh();
          const { trial, look } = current;
          if (!take(await ask("expose", { trial, look }))) return;
          if (!state.mine || state.trial !== trial) {
            await go(); // another tab has shown them
            return;
          }
          bar.classList.add("shown");
          traces.begin();
          open(...(await shownFor(state.exposure_ms, masks, current.images)));
        }),
      );
  const bar = make("div", { class: "glimpse" }, ready, asked);
  for (const choice of choices) choice.disabled = true;
  show("pick", progress(), make("h2", {}, texts.question), bar, stage, traces.trap(say("continue")));
  fit();
  current.since = null;
  if (asked) asked.focus({ preventScroll: true });
  else
    painted(choices[0]).then((since) => {
      traces.begin();
      open(since, null);
    });
};

// Shows pictures in the places of masks for a time. Resolves with the moment of the frame that
// painted them, and the milliseconds from it to the one that painted the masks again.
const shownFor = (milliseconds, masks, images) =>
  new Promise((resolve) => {
    const swap = (from, to) => from.forEach((one, index) => one.replaceWith(to[index]));
    requestAnimationFrame((since) => {
      let over = false;
      const end = (moment) => {
        over = true;
        document.removeEventListener("visibilitychange", left);
        swap(images, masks);
        resolve([since, Math.max(0, moment - since)]);
      };
      const left = () => end(performance.now());
      const tick = (moment) => {
        if (over) return;
        if (moment - since >= milliseconds - HALF_FRAME_MS) end(moment);
        else requestAnimationFrame(tick);
      };
      document.addEventListener("visibilitychange", left);
      for (const image of images) image.decoding = "sync";
      swap(masks, images);
      requestAnimationFrame(tick);
    });
  });
