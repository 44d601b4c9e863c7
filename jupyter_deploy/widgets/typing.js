// What is typed into a form: Python checks it and makes it known to every other open copy of the form.

/**
 * Keep a form's values and the view's together.
 *
 * @param model the front end's, whose `values` are what was typed last, here or elsewhere. @param kernel answers `typed` and `check`.
 * @param form `values()`: what stands in it; `take(values)`: show others; `answered(found)`: show what was found; `guarded(work)`.
 * @returns `soon()` when something was typed; `after(work)`: the same when that promise is kept, with nothing taken over meanwhile;
 *   `look()`: check it without that; `end()`.
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
    after: check.after,
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
 * @returns `soon()` when something was typed, `after(work)` when that promise is kept, `isBusy()`: there is something that was not asked
 *   or answered yet, and `end()`.
 */
function checking(ask, rested, pause = 200) {
  let timer;
  let isTyped = false;
  let isAsking = false;
  let awaited = 0;
  const go = async () => {
    if (isAsking || awaited) return;
    isAsking = true;
    while (isTyped && !awaited) {
      isTyped = false;
      await ask();
    }
    isAsking = false;
    rested();
  };
  const soon = () => {
    isTyped = true;
    clearTimeout(timer);
    timer = setTimeout(go, pause);
  };
  return {
    soon,
    after: async (work) => {
      awaited += 1;
      try {
        return await work;
      } finally {
        awaited -= 1;
        soon();
      }
    },
    isBusy: () => isTyped || isAsking || awaited > 0,
    end: () => clearTimeout(timer),
  };
}
