// A view's conversation with Python: questions with their answers, and what Python tells without being asked.

const PATIENCE = 1000; // milliseconds without an answer, after which the kernel is asked whether it listens

/**
 * Begin the conversation of a part of one open copy of a view.
 *
 * @param model the front end's model: `on(event, listener)`, `off`, `send(message)`.
 * @param part the name of the part; the view's own is "".
 * @param onBusy told `true` while the kernel does not listen, since a cell runs, and `false` when it does again.
 * @returns `ask(what, given)`, a promise of the answer; `told(what, listener)`; `end()`.
 */
export function talk(model, part, onBusy = () => {}) {
  const self = Math.random().toString(36).slice(2); // two browsers see each other's answers
  const waiting = new Map();
  const listeners = new Map();
  let count = 0;

  const receive = (message, buffers) => {
    if (message.told !== undefined && message.part === part) listeners.get(message.told)?.(message, buffers);
    const question = waiting.get(message.reply);
    if (!question) return;
    waiting.delete(message.reply);
    clearTimeout(question.timer);
    onBusy(false);
    if (message.error) question.reject(message.error);
    else question.resolve(message.answer);
  };
  const lost = () => {
    for (const question of waiting.values()) {
      clearTimeout(question.timer);
      question.reject(gone());
    }
    waiting.clear();
    onBusy(false);
    listeners.get("lost")?.();
  };
  const again = () => listeners.get("again")?.();
  model.on("msg:custom", receive);
  model.on("comm_live_update", lost); // the kernel was restarted, or is gone
  model.on("again", again); // JupyterLab's views: those who answer are new and know nothing of what was looked at

  const ask = (what, given = {}) =>
    new Promise((resolve, reject) => {
      const id = `${self}-${(count += 1)}`;
      const probe = () => (what === "ping" ? onBusy(true) : ask("ping").catch(() => {}));
      waiting.set(id, { resolve, reject, timer: setTimeout(probe, PATIENCE) });
      try {
        model.send({ ask: what, part, id, given });
      } catch {
        waiting.delete(id);
        reject(gone());
      }
    });
  const end = () => {
    model.off("msg:custom", receive);
    model.off("comm_live_update", lost);
    model.off("again", again);
    for (const question of waiting.values()) clearTimeout(question.timer);
    waiting.clear();
  };
  return { ask, told: (what, listener) => listeners.set(what, listener), end };
}

/** The error of a view whose kernel is gone. */
export const gone = () => ({
  what: "the kernel that showed this view is gone",
  why: "It was restarted or has ended; services and operations go on without it.",
  remedy: "run %load_ext jupyter_deploy and %services to see them again",
});
