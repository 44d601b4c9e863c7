// What is typed into a form: Python checks it and makes it known to every other open copy of the form.

/**
 * Keep a form's values and the view's together.
 *
 * @param model the front end's, whose `values` are what was typed last, here or elsewhere. @param kernel answers `typed` and `check`.
 * @param form `values()`: what stands in it; `take(values)`: show others; `answered(found)`: show what was found; `guarded(work)`.
 * @returns `soon()` when something was typed; `look()`: check it without that; `end()`.
 */
export function together(model, kernel, { values, take, answered, guarded }) {
  const check = checking(() => guarded(async () => answered(await kernel.ask("typed", { values: values() }))), () => elsewhere());
  const look = async () => answered(await kernel.ask("check", { values: values() }));
  const elsewhere = () => guarded(async () => {
    if (check.isBusy()) return; // what is typed here comes last
    const own = JSON.stringify(values());
    await take(model.get("values"));
    if (own !== JSON.stringify(values())) await look();
  });
  model.on("change:values", elsewhere);
  return {
    soon: check.soon,
    look: async () => check.isBusy() || look(),
    end: () => {
      model.off("change:values", elsewhere);
      check.end();
    },
  };
}

/**
 * One question about what is typed at a time, a moment after the last key.
 *
 * @param ask asks, and shows the answer; it is asked again where something was typed meanwhile.
 * @param rested called when all is asked. @param pause milliseconds to wait for more.
 * @returns `soon()` when something was typed, `isBusy()`: there is something that was not asked or answered yet, and `end()`.
 */
function checking(ask, rested, pause = 200) {
  let timer;
  let isTyped = false;
  let isAsking = false;
  const go = async () => {
    if (isAsking) return;
    isAsking = true;
    while (isTyped) {
      isTyped = false;
      await ask();
    }
    isAsking = false;
    rested();
  };
  return {
    soon: () => {
      isTyped = true;
      clearTimeout(timer);
      timer = setTimeout(go, pause);
    },
    isBusy: () => isTyped || isAsking,
    end: () => clearTimeout(timer),
  };
}
