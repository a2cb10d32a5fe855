/* The browser's part: network strip, waiting, focus, polling, announcements, share. All works without it. */
(() => {
  const on = (name, act, capture) => document.addEventListener(name, act, capture);
  const all = (css, act) => document.querySelectorAll(css).forEach(act);
  const words = document.body.dataset;
  const live = document.getElementById("live");
  const strip = document.getElementById("network");
  const again = strip.querySelector("button");
  let offline = false; // as events say it: on a local network navigator.onLine may always be false
  let failed = null; // sends once more what did not get through

  const show = (sentence, retry) => {
    strip.hidden = false;
    again.hidden = !retry;
    strip.querySelector("p").textContent = sentence;
  };
  const lost = (retry, why = words.lost) => {
    failed = retry || failed;
    show(why, true);
  };
  const calm = () => {
    failed = null;
    strip.hidden = again.hidden = true;
  };
  addEventListener("offline", () => {
    offline = true;
    lost();
  });
  addEventListener("online", () => {
    offline = false;
    if (!failed) calm();
  });
  again.onclick = () => {
    const retry = failed;
    if (!retry) return fetch("/healthz").then(calm, () => {});
    calm();
    offline = false;
    retry();
  };

  // plain forms: offline, the page stays with all that was typed
  on("submit", (event) => {
    const { target: form, submitter } = event;
    if (offline) {
      event.preventDefault();
      event.stopPropagation();
      lost(() => form.requestSubmit(submitter));
    } else if (submitter && !form.hasAttribute("data-htmx-powered")) {
      setTimeout(() => submitter.toggleAttribute("data-waits", true), 400);
    }
  }, true);
  addEventListener("pageshow", () => all("[data-waits]", (one) => one.removeAttribute("data-waits")));

  // htmx: busy after 400 ms, slow after 8 s, given up after 20 s
  const waits = new Map();
  const pressed = (ctx) => ctx.request.submitter || ctx.sourceElement;
  on("htmx:before:request", ({ detail: { ctx } }) => waits.set(ctx, [
    setTimeout(() => {
      ctx.target?.setAttribute("aria-busy", true);
      pressed(ctx).toggleAttribute("data-waits", pressed(ctx).matches("button"));
    }, 400),
    setTimeout(() => strip.hidden && show(words.slow), 8000),
  ]));
  on("htmx:finally:request", ({ detail: { ctx } }) => {
    waits.get(ctx)?.forEach(clearTimeout);
    waits.delete(ctx);
    ctx.target?.removeAttribute?.("aria-busy");
    pressed(ctx).removeAttribute("data-waits");
    if (!waits.size && again.hidden) calm();
  });
  const sendAgain = (ctx, why) => lost(() => ctx.sourceElement._htmx?.eventHandler(ctx.sourceEvent), why);
  on("htmx:error", ({ detail: { ctx } }) => ctx && ctx.text == null && sendAgain(ctx));
  on("htmx:after:request", ({ detail: { ctx } }) => ctx.response.status > 499 ? sendAgain(ctx, words.fault) : calm());

  // htmx focuses [autofocus]; a focused button that vanished leaves it to the first link in its place
  let swaps, held, told = 0;
  on("htmx:before:swap", ({ detail: { tasks } }) => {
    swaps = tasks;
    held = tasks.find((task) => task.target?.contains?.(document.activeElement));
  });
  on("htmx:after:swap", ({ detail: { ctx } }) => {
    if (held && document.activeElement == document.body) {
      held.target.querySelector("a[href],button:not([hidden])")?.focus({ preventScroll: true });
    }
    // one sentence for those who listen, each ten seconds at most where nobody asked
    if (ctx.sourceEvent?.type != "doctapp:poll" || Date.now() - told > 1e4) {
      for (const { target } of swaps) {
        const one = target?.closest?.("[data-announce]") || target?.querySelector?.("[data-announce]");
        const sentence = one && (one.dataset.announce || one.textContent.trim());
        if (sentence && sentence != live.textContent) {
          live.textContent = sentence;
          told = Date.now();
        }
      }
    }
    enhance();
  });

  // data-poll="30": an event each 30 s while the page is seen and nobody types there
  const due = new WeakMap();
  if (!navigator.connection?.saveData) setInterval(() => {
    const now = Date.now();
    if (!document.hidden && !offline) all("[data-poll]", (one) => {
      const known = due.has(one);
      if (known && (now < due.get(one) || one.querySelector(":is(input,select,textarea):focus"))) return;
      due.set(one, now + one.dataset.poll * 1000);
      if (known) one.dispatchEvent(new Event("doctapp:poll"));
    });
  }, 1000);

  // buttons only a browser can serve
  const can = { share: navigator.share, copy: navigator.clipboard, print };
  const enhance = () => {
    for (const kind in can) if (can[kind]) all(`[data-${kind}]`, (one) => (one.hidden = false));
  };
  on("click", ({ target }) => {
    const one = target.closest("[data-share],[data-copy],[data-print]");
    if (!one) return;
    const { share, copy, text } = one.dataset;
    if (share != null) navigator.share({ text, url: new URL(share, location) }).catch(() => {});
    else if (copy != null) navigator.clipboard.writeText(copy).then(() => {
      (one.querySelector("span") || one).textContent = live.textContent = words.copied;
    });
    else print();
  });
  enhance();
})();
