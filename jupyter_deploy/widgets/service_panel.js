// The controls of a service: its address, what can be done with it, its history, log and keys.

import { charts } from "./charts.js";
import { busyPlace, button, copy, element, errorPlace, t, tabs, view } from "./dom.js";
import { logPane } from "./log_pane.js";
import { otherwise } from "./otherwise.js";
import { talk } from "./talk.js";
import { testPanel } from "./test_panel.js";

const EXTENSION = "jupyter-deploy-models"; // of JupyterLab, whose half in the server passes requests on
const LIVE = ["Healthy", "Unhealthy", "Transitioning"];

/**
 * Draw the controls.
 *
 * @param el where. @param model the front end's. @param name of the service.
 * @param seen told what the service is whenever that is another thing; null when it is deleted.
 * @param first the page that is open at first.
 * @returns how they are taken away.
 */
export function servicePanel(el, model, name, seen = () => {}, first = "history") {
  const errors = errorPlace();
  const busy = busyPlace();
  const kernel = talk(model, "", busy.set);
  const ends = [kernel.end];
  const said = element("span.note", { role: "status" });
  const address = element("div.bar");
  const actions = element("div.bar", { role: "toolbar", "aria-label": t("Actions on {name}", { name }) });
  const question = element("div.bar.question", { role: "group", hidden: true });
  const history = element("div");
  const pages = tabs(
    [
      { name: "history", label: t("History"), make: (page) => page.append(history) },
      { name: "log", label: t("Log"), make: (page) => ends.push(logPane(page, model, name, "log")) },
      { name: "test", label: t("Test"), make: (page) => ends.push(testPanel(page, model, name, "test")) },
      { name: "charts", label: t("Charts"), make: (page) => ends.push(charts(page, model, name, "charts")) },
      { name: "configuration", label: t("Configuration"), make: drawConfiguration, opened: () => configured() },
      { name: "keys", label: t("Keys"), make: drawKeys },
    ],
    t("Service {name}", { name }),
  );
  el.replaceChildren(
    element("section.jupyter-deploy.service-panel", { "data-lm-suppress-shortcuts": "true", "aria-label": t("Service {name}", { name }) },
      address, actions, question, busy.element, errors.element, pages.element),
  );
  pages.open(first);

  let shown = {};
  const act = (what, given = {}) => async () => {
    errors.clear();
    try {
      await kernel.ask(what, given);
    } catch (error) {
      errors.show(error);
    }
  };

  const can = {
    update: button(t("Update…"), () => ask(updateForm())),
    rollback: button(t("Rollback"), act("rollback"), { title: t("Return to the version that served before") }),
    scale: button(t("Scale…"), () => ask(scaleForm())),
    restart: button(t("Restart"), act("restart")),
    stop: button(t("Stop"), act("stop")),
    start: button(t("Start"), act("start")),
    cancel: button(t("Cancel"), act("cancel"), { title: t("Stop what is under way; what served goes on serving") }),
    delete: button(t("Delete…"), () => ask(deleteForm())),
  };
  for (const one of Object.values(can)) one.hidden = true; // until it is known what can be done
  actions.append(...Object.values(can), said);

  function draw(found) {
    shown = found;
    const isRunning = Boolean(found.running);
    const show = (which, visible) => (can[which].hidden = !visible);
    show("cancel", isRunning);
    show("stop", !isRunning && LIVE.includes(found.state));
    show("start", !isRunning && found.state === "Stopped");
    show("restart", !isRunning && LIVE.includes(found.state));
    show("update", !isRunning && found.version !== null);
    show("rollback", !isRunning && found.canRollBack);
    show("scale", !isRunning && found.version !== null && found.scale.length > 0);
    show("delete", !isRunning);
    said.textContent = [isRunning && t("{what} is under way", { what: found.running }), podsOf(found.pods)].filter(Boolean).join("; ");
    address.replaceChildren(...addressOf(found.reach));
    history.replaceChildren(historyOf(found.history));
    seen(found);
  }

  const podsOf = (pods) => pods && t("{serving} of {wanted} pods serve", pods);

  /** A question below the buttons; focus goes there and comes back. */
  function ask(form) {
    const before = document.activeElement;
    const end = () => {
      question.hidden = true;
      question.replaceChildren();
      before?.focus?.();
    };
    question.replaceChildren(...form(end));
    question.hidden = false;
    question.querySelector("input, select, button")?.focus();
    question.onkeydown = (event) => event.key === "Escape" && end();
  }

  const deleteForm = () => (end) => [
    element("span", {}, t("Delete {name} for good, with its history and keys? Its models stay.", { name })),
    button(t("Delete {name}", { name }), async () => { end(); await act("delete")(); }),
    button(t("Keep it"), end),
  ];

  const scaleForm = () => (end) => {
    const rows = shown.scale; // as they are when the question is asked
    const inputs = rows.map((row) =>
      element("input", { type: "number", name: row.name, value: row.value, min: row.minimum, max: row.maximum, title: row.help, required: true }));
    const apply = async () => {
      if (!inputs.every((input) => input.reportValidity())) return;
      end();
      const changed = inputs.filter((input, at) => Number(input.value) !== rows[at].value);
      if (changed.length) await act("update", { options: Object.fromEntries(changed.map((input) => [input.name, Number(input.value)])) })();
    };
    return [
      ...inputs.map((input) => element("label", {}, input.name, input)),
      button(t("Scale"), apply, { class: "primary" }),
      button(t("Leave it"), end),
    ];
  };

  const updateForm = () => (end) => {
    const models = element("input", { type: "text", value: shown.models.join(" "), size: 24, spellcheck: "false" });
    const script = element("input", { type: "text", placeholder: t("as it is"), size: 24, spellcheck: "false" });
    const apply = async () => {
      const wanted = models.value.split(/\s+/).filter(Boolean);
      const given = { models: wanted.join() === shown.models.join() ? null : wanted, script: script.value.trim() };
      end();
      await act("update", given)();
    };
    return [
      element("label", {}, t("models"), models),
      element("label", {}, t("entry script"), script),
      button(t("Update"), apply, { class: "primary" }),
      button(t("Leave it"), end),
    ];
  };

  function addressOf(reach) {
    if (!reach.url) return [element("span.muted", {}, t("no address yet"))];
    const { url, remark } = reached({ ...reach, service: name });
    const shownAddress = element("code.address", {}, url);
    return [
      shownAddress,
      button(t("Copy"), () => copy(shownAddress, said), { "aria-label": t("Copy the address") }),
      ...(remark ? [element("span.muted", {}, remark)] : []),
    ];
  }

  function historyOf(rows) {
    const head = [t("version"), t("how"), t("models"), t("served since"), t("error")];
    return element("div.scrolls", {}, element("table", {},
      element("thead", {}, element("tr", {}, head.map((text) => element("th", { scope: "col" }, text)))),
      element("tbody", {}, [...rows].reverse().map((row) =>
        element("tr", row.current ? { "aria-current": "true" } : {},
          [row.current ? t("{number} (current)", { number: row.version }) : row.version, row.how, row.models.join(", "), row.served ?? "", row.error]
            .map((text) => element("td", {}, String(text))))))));
  }

  function drawKeys(page) {
    const place = element("div");
    const mask = () => place.replaceChildren(
      element("p", {}, t("Keys are fetched when you ask for them, and are not kept in the notebook.")),
      button(t("Show keys"), reveal));
    const reveal = async () => {
      await known;
      if (!shown.hasKeys && !shown.hasTokens) return place.replaceChildren(element("p", {}, t("This service needs no key.")));
      try {
        if (shown.hasTokens) drawnToken(await kernel.ask("token"));
        else drawn(await kernel.ask("keys"));
      } catch (error) {
        errors.show(error);
      }
    };
    const drawnToken = ({ token, until }) => {
      const code = element("code.address", {}, token);
      place.replaceChildren(
        element("div.bar", {}, element("span", {}, t("Token, until {until}", { until })), code,
          button(t("Copy"), () => copy(code, said), { "aria-label": t("Copy the token") })),
        button(t("Hide"), mask));
    };
    const drawn = (keys) => {
      place.replaceChildren(
        ...Object.entries(keys).map(([which, key]) => keyOf(which, key)),
        button(t("Hide"), mask));
      place.querySelector("button")?.focus();
    };
    function keyOf(which, key) {
      const code = element("code", {}, key);
      const renew = async () => {
        try {
          drawn(await kernel.ask("regenerate", { key: which }));
          said.textContent = t("{which} is a new key; the old one is refused", { which });
        } catch (error) {
          errors.show(error);
        }
      };
      return element("div.bar", {}, element("span", {}, which), code,
        button(t("Copy"), () => copy(code, said), { "aria-label": t("Copy the key {which}", { which }) }),
        button(t("Regenerate"), renew, { "aria-label": t("Regenerate the key {which}", { which }) }));
    }
    mask();
    page.append(place);
  }

  let configured = () => {};
  /** Show how it is configured, now and whenever it is looked at again. */
  function drawConfiguration(page) {
    const ways = otherwise();
    ways.element.hidden = true;
    page.append(ways.element);
    configured = async () => {
      try {
        ways.set(await kernel.ask("configuration"));
        ways.element.hidden = false;
      } catch (error) {
        errors.show(error);
      }
    };
  }

  const over = (text) => {
    for (const one of Object.values(can)) one.hidden = true;
    said.textContent = text;
  };
  kernel.told("overview", ({ overview }) => draw(overview));
  kernel.told("deleted", () => {
    over(t("{name} is deleted", { name }));
    seen(null);
  });
  kernel.told("again", () => kernel.ask("look").then(draw, errors.show));
  kernel.told("failed", ({ error }) => errors.show(error));
  kernel.told("lost", () => over(t("The kernel was restarted or has ended; the service goes on. Run %load_ext jupyter_deploy and %services to see it again.")));
  const known = kernel.ask("look").then(draw, errors.show);
  return () => ends.forEach((end) => end());
}

/** The address that works from this browser, and a remark where that is not sure. */
export function reached(reach, place = window.location, page = document) {
  const isHere = !reach.loopback || ["localhost", "127.0.0.1", "[::1]"].includes(place.hostname);
  if (isHere) return { url: reach.url, remark: "" };
  const config = JSON.parse(page.getElementById("jupyter-config-data")?.textContent ?? "{}");
  const base = reach.base || (config.baseUrl ?? "");
  if (base && config.federated_extensions?.some(({ name }) => name === EXTENSION)) {
    const url = `${place.origin}${base}jupyter-deploy/services/${reach.service}${new URL(reach.url).pathname}`;
    return { url, remark: t("through the Jupyter server, for who is logged in there; for programs on its machine {url}", { url: reach.url }) };
  }
  if (reach.proxied && base) {
    const url = `${place.origin}${base}${reach.proxied}`;
    const host = place.hostname;
    if (reach.hosts.includes(host)) return { url, remark: t("through jupyter-server-proxy; for programs on the kernel's machine {url}", { url: reach.url }) };
    return { url, remark: t("through jupyter-server-proxy, once the service answers to this host: %update_service … --allowed-hosts {host}", { host }) };
  }
  return { url: reach.url, remark: t("works on the kernel's machine only; with jupyter-server-proxy installed there it is reached from here") };
}

export default view((el, model) => servicePanel(el, model, model.get("name")));
