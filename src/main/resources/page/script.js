'use strict';
// The bridge's page. It asks for nothing by itself: a charger that is asked stays connected, and
// would not open its contactor by its own fail-safe. It shows what passes, as /events tells it.
// Texts are only ever set as text: a charger's log may hold anything.

const LOST_AFTER_MS = 25000;
const GONE_AFTER_MS = 5000;
// By keyboard a limit changes ampere by ampere: the last one is sent.
const GATHER_MS = 300;
const MOST_IMAGE_BYTES = 126976;
const MOST_LINES = 200;
const MOST_ERRORS = 20;

const cards = new Map();
let bridge = null;
let lost = true;
let lastSign = 0;
let firstSign = false;

const $ = (selector, within = document) => within.querySelector(selector);

function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function clock(iso) {
  if (!iso) return '';
  const at = new Date(iso);
  const time = at.toLocaleTimeString([], {hour: '2-digit', minute: '2-digit', second: '2-digit'});
  return at.toDateString() === new Date().toDateString() ? time
    : at.toLocaleDateString([], {day: 'numeric', month: 'short'}) + ', ' + time;
}

const number = (value, digits = 1) =>
  Number(value).toLocaleString([], {minimumFractionDigits: digits, maximumFractionDigits: digits});
const amps = value => Number(value).toLocaleString([], {maximumFractionDigits: 1}) + ' A';

const isReadOnly = () => Boolean(bridge && bridge.read_only);

/* What the duty cycle says to the car: IEC 61851-1, one percent is 0.6 A up to 85 %. */
const percentFor = ampere => ampere <= 51 ? Math.floor(ampere / 0.6) : Math.floor(ampere / 2.5 + 64);

/* ---- asking ---- */

async function post(path, body) {
  let answer;
  try {
    answer = await fetch(path, {
      method: 'POST', headers: {'Content-Type': 'application/json'}, body: JSON.stringify(body),
      cache: 'no-store',
    });
  } catch (e) {
    throw new Error('The bridge can not be reached. Whether the charger has done it is not known.');
  }
  let message = {};
  try { message = await answer.json(); } catch (e) { /* said below */ }
  if (!answer.ok) throw new Error(message.detail || 'The bridge has answered with status ' + answer.status + '.');
  return message;
}

/* ---- asking back ---- */

function confirmed(title, sentences, unchecked, verb) {
  const dialog = $('#confirm');
  say($('#confirm-title'), title);
  const text = $('#confirm-text');
  text.replaceChildren(...sentences.map(sentence => element('p', sentence)));
  if (unchecked.length) {
    const list = document.createElement('ul');
    list.append(...unchecked.map(each => element('li', each)));
    text.append(element('p', 'The charger does not check'), list);
  }
  say($('#confirm-yes'), verb);
  dialog.returnValue = 'no';
  dialog.showModal();
  $('#confirm-no').focus();
  return new Promise(resolve =>
    dialog.addEventListener('close', () => resolve(dialog.returnValue === 'yes'), {once: true}));
}

function element(name, text, className) {
  const made = document.createElement(name);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

/* ---- a charger ---- */

class Card {
  constructor(clientId) {
    this.id = clientId;
    this.state = null;
    this.busy = false;
    this.dragging = false;
    this.limit = null;
    this.image = null;
    const root = $('#card').content.firstElementChild.cloneNode(true);
    this.root = root;
    root.dataset.clientId = clientId;
    const title = $('h2', root);
    title.textContent = clientId;
    title.id = 'charger-' + Card.count++;
    root.setAttribute('aria-labelledby', title.id);
    this.reason = $('.reason', root);
    this.reason.id = title.id + '-reason';
    this.controls = root.querySelectorAll('.controls button, .controls input, .firmware input, .firmware button');
    this.controls.forEach(each => each.setAttribute('aria-describedby', this.reason.id));

    $('.read', root).addEventListener('click', () => this.ask({message_type: 'request_data_collection'}, 'Read.'));
    $('.allow', root).addEventListener('click', () => {
      const allow = this.state.enabled !== true;
      this.set({enabled: allow}, allow ? 'Charging is allowed.' : 'Charging is switched off.');
    });
    const slider = $('.slide input', root);
    slider.addEventListener('input', () => {
      this.dragging = true;
      say($('.slide output', root), slider.value + ' A');
    });
    slider.addEventListener('change', () => {
      const wanted = Number(slider.value);
      clearTimeout(this.limit);
      this.limit = setTimeout(() => {
        this.limit = null;
        this.set({limit_amps: wanted}, 'The limit is ' + wanted + ' A.');
      }, GATHER_MS);
    });
    // One that was put back to where it was has not changed.
    slider.addEventListener('blur', () => { this.dragging = this.busy || Boolean(this.limit); });
    $('.reset', root).addEventListener('click', () => this.send('/set/reset', 'all', 'The errors have been reset.'));
    $('.switch', root).addEventListener('click', () => this.switchContactor());
    $('.offer', root).addEventListener('submit', event => { event.preventDefault(); this.offer(); });
    $('.none', root).addEventListener('click', () => this.offerNothing());
    $('.firmware input', root).addEventListener('change', () => this.choose());
    $('.firmware form', root).addEventListener('submit', event => { event.preventDefault(); this.upload(); });
    this.update();
  }

  // Relative, like all addresses here: Home Assistant has the page in a folder.
  path(rest) { return 'api/chargers/' + encodeURIComponent(this.id) + rest; }

  async send(rest, body, done) {
    const focused = document.activeElement;
    this.busy = true;
    this.outcome('');
    this.update();
    try {
      await post(this.path(rest), body);
      this.outcome(done);
      return true;
    } catch (e) {
      this.outcome(e.message, true);
      return false;
    } finally {
      this.busy = false;
      this.dragging = false;
      this.update();
      // What is disabled loses the focus, and whoever uses the keyboard would begin anew.
      if (document.activeElement === document.body && this.root.contains(focused)) focused.focus({preventScroll: true});
    }
  }

  ask(body, done) { return this.send('/requests', body, done); }
  set(body, done) { return this.send('/set', body, done); }

  outcome(text, bad = false) {
    const out = $('.outcome', this.root);
    say(out, text);
    out.classList.toggle('bad', bad);
  }

  async switchContactor() {
    const close = this.state.contactor_state !== true;
    const yes = close
      ? await confirmed('Close the contactor of ' + this.id + '?',
          ['Mains voltage will be on the plug at once.'],
          ['whether a car is plugged in, or asks for power.', 'whether current is offered to it.',
            'whether the cable is hot, damaged or not earthed.', 'when the car leaves: nobody opens the contactor then, unless a controller does.'],
          'Close contactor')
      : await confirmed('Open the contactor of ' + this.id + '?',
          ['The car is cut off at once. Offering nothing first lets it stop drawing by itself, which spares the contactor.'],
          ['whether the car is still drawing current.'], 'Open contactor');
    if (yes) {
      await this.ask({message_type: 'request_set_contactor_state', contactor_state: close},
        close ? 'The contactor has been told to close.' : 'The contactor has been told to open.');
    }
  }

  async offer() {
    const ampere = Number($('.offer input', this.root).value);
    const percent = percentFor(ampere);
    const yes = await confirmed('Offer ' + ampere + ' A at ' + this.id + '?',
      ['The car may then draw up to ' + ampere + ' A (duty cycle ' + percent + ' percent) once the contactor is closed.'],
      ['what the cable, the fuse and the wiring can carry.', 'whether the car keeps to it.'], 'Offer current');
    if (yes) await this.ask({message_type: 'request_set_pwm_percent', pwm_percent: percent}, 'Offered: ' + ampere + ' A.');
  }

  async offerNothing() {
    const yes = await confirmed('Offer no current at ' + this.id + '?',
      ['The car is asked to stop drawing (duty cycle 100 percent); the contactor stays as it is.'],
      ['whether the car stops.'], 'Offer nothing');
    if (yes) await this.ask({message_type: 'request_set_pwm_percent', pwm_percent: 100}, 'No current is offered.');
  }

  /* -- firmware -- */

  async choose() {
    const file = $('.firmware input', this.root).files[0];
    const told = $('.image', this.root);
    this.image = null;
    if (!file) {
      say(told, '');
    } else if (file.size < 1 || file.size > MOST_IMAGE_BYTES) {
      say(told, 'This is no firmware image: it has ' + file.size + ' bytes, and 1 to ' + MOST_IMAGE_BYTES + ' are allowed.');
    } else {
      const bytes = new Uint8Array(await file.arrayBuffer());
      this.image = {name: file.name, bytes, crc32: crc32(bytes)};
      say(told, file.name + ': ' + bytes.length + ' bytes, checksum ' + this.image.crc32.toString(16).padStart(8, '0'));
    }
    this.update();
  }

  async upload() {
    const image = this.image;
    if (!image) return;
    const yes = await confirmed('Upload firmware to ' + this.id + '?',
      [image.name + ', ' + image.bytes.length + ' bytes. The charger restarts with it; until then nothing else can be asked of it.',
        'The bridge refuses while the contactor is closed.'],
      ['whether the image is made for it: a wrong one can leave it dead until somebody opens it.'], 'Upload firmware');
    if (!yes) return;
    this.busy = true;
    this.uploading = true;
    this.update();
    try {
      const done = await post(this.path('/requests'), {
        message_type: 'request_firmware',
        firmware: {firmware_data_base64: base64(image.bytes), firmware_crc32: image.crc32},
      });
      this.progress('Runs version ' + (done.handshake ? done.handshake.firmware_version : '?') + '.');
      this.outcome('The firmware has been taken.');
    } catch (e) {
      this.progress('Refused: ' + e.message);
      this.outcome(e.message, true);
    } finally {
      this.busy = false;
      this.uploading = false;
      this.update();
    }
  }

  progress(text) { say($('.progress', this.root), text); }

  showFirmware() {
    const firmware = this.state && this.state.firmware;
    const bar = $('progress', this.root);
    const active = firmware && ['checking', 'uploading', 'restarting'].includes(firmware.state);
    bar.hidden = !active;
    if (firmware && firmware.state === 'uploading') bar.value = firmware.update_percentage; else bar.removeAttribute('value');
    const words = {checking: 'Checking the charger …', restarting: 'Sent. Waiting for its restart …'};
    if (active) {
      this.progress(words[firmware.state] || 'Sending: ' + firmware.update_percentage + ' %');
    } else if (firmware && !this.uploading) {
      const at = clock(firmware.finished);
      this.progress(firmware.state === 'done' ? 'Runs version ' + firmware.installed_version + ' since ' + at + '.'
        : firmware.state === 'failed' ? 'Refused at ' + at + ': ' + firmware.detail : '');
    }
    return active;
  }

  /* -- what is shown -- */

  why() {
    if (lost) return 'The page has lost the bridge.';
    if (isReadOnly()) return 'This page only shows: nothing can be switched here (web.read_only).';
    const state = this.state;
    if (state && !state.connected && state.bridge) return 'The charger is at the bridge ' + state.bridge + ': use the page of that one.';
    if (!state || !state.connected) return 'The charger is offline.';
    if (this.busy) return 'A request is under way.';
    return null;
  }

  look(state) {
    if (!state.connected) return ['off', state.bridge ? 'At another bridge' : 'Offline'];
    if (state.why === 'firmware_update') return ['off', 'Firmware update'];
    switch (state.pilot_voltage) {
      case 'volt_12': return ['empty', 'No car'];
      case 'volt_9': return ['car', 'Car connected'];
      case 'volt_6': return state.charging ? ['charging', 'Charging'] : ['car', 'Car connected, asks for power'];
      case 'volt_3': return state.charging ? ['charging', 'Charging, wants ventilation'] : ['car', 'Car wants ventilation'];
      case 'fault': return state.status === 'F' ? ['off', 'Not available'] : ['fault', 'Fault'];
      default: return ['off', 'Waiting for the first reading'];
    }
  }

  update() {
    const root = this.root;
    const state = this.state;
    const reason = this.why();
    const read = Boolean(state && state.connected && state.raw);
    const full = reason || (read ? null : 'Waiting for the first reading: "Read now" asks for one.');
    const uploading = this.showFirmware();
    this.controls.forEach(each => { each.disabled = Boolean(full) || Boolean(uploading); });
    $('.read', root).disabled = Boolean(reason) || Boolean(uploading);
    $('.firmware button', root).disabled = Boolean(full) || Boolean(uploading) || !this.image;
    say(this.reason, isReadOnly() ? reason : uploading ? 'The charger is taking in firmware.' : full || '');
    if (!state) return;

    root.classList.toggle('online', state.connected);
    root.classList.toggle('stale', lost);
    say($('.link', root), lost ? 'out of date' : state.connected ? 'online' : state.bridge ? 'at the bridge ' + state.bridge
      : 'offline since ' + (clock(state.offline_since || state.time) || 'the start of the bridge'));
    const [look, words] = this.look(state);
    root.dataset.look = look;
    say($('.state', root), words);
    say($('.why', root), !state.why_text || state.why === 'offline' || state.why === 'no_vehicle' || state.why === 'no_reading' ? ''
      : state.why_text + (state.start_at ? ' Next start: ' + clock(state.start_at) + '.' : ''));

    const phases = [1, 2, 3].map(phase => state['phase' + phase + '_amps']);
    const calibrated = phases.some(each => each !== null);
    const power = $('.power', root);
    power.replaceChildren();
    power.classList.toggle('words', read && !calibrated);
    if (state.power_watts !== null && (state.charging || state.power_watts >= 100)) {
      power.append(number(state.power_watts / 1000, state.power_watts < 10000 ? 2 : 1), ' ', element('small', 'kW'));
    } else if (read && !calibrated) {
      power.append(element('small', 'not calibrated'));
    }
    $('.phases', root).hidden = !calibrated;
    const most = Math.max(state.offered_amps || 0, state.max_amps || 0, 6);
    root.querySelectorAll('.phases > li').forEach((item, i) => {
      say($('b', item), phases[i] === null ? '–' : number(phases[i]) + ' A');
      $('i i', item).style.width = Math.min(100, 100 * (phases[i] || 0) / most) + '%';
    });
    const share = look === 'charging'
      ? (calibrated && state.offered_amps ? Math.min(100, 100 * Math.max(...phases) / state.offered_amps) : 100)
      : look === 'fault' ? 100 : 0;
    $('.ring', root).style.strokeDasharray = share + ' 100';
    $('.ring', root).style.visibility = share ? 'visible' : 'hidden';

    say($('.offered', root), state.offered_amps === null ? '–' : state.offered_amps === 0 ? 'nothing' : amps(state.offered_amps));
    const contactor = $('.contactor', root);
    say(contactor, state.contactor_state === null ? 'not known' : state.contactor_state ? 'closed' : 'open');
    contactor.classList.toggle('closed', state.contactor_state === true);
    say($('.cable', root), !read ? '–' : state.cable_amps === null ? 'none' : amps(state.cable_amps));
    $('.energy', root).hidden = state.session_kwh === null;
    say($('.energy dt', root), state.session_end ? 'Last session' : 'This session');
    if (state.session_kwh !== null) say($('.session', root), number(state.session_kwh, 2) + ' kWh');
    say($('.time', root), state.time ? 'Last reading ' + clock(state.time) : 'No reading yet');

    const controlled = state.enabled !== null;
    const readOnly = isReadOnly();
    $('.controlled', root).hidden = readOnly || !controlled;
    $('.raw-control', root).hidden = readOnly || controlled;
    $('.read', root).hidden = readOnly;
    root.querySelectorAll('.firmware label, .firmware button').forEach(each => { each.hidden = readOnly; });
    if (controlled) this.showControlled(state); else this.showRaw(state);
    this.showDevice(state);
  }

  showControlled(state) {
    const root = this.root;
    $('.allow', root).setAttribute('aria-checked', String(state.enabled));
    const slider = $('.slide input', root);
    slider.max = Math.max(6, Math.floor(state.max_amps || 32));
    if (!this.dragging) {
      slider.value = Math.round(state.limit_amps);
      say($('.slide output', root), amps(state.limit_amps));
    }
    const limits = {cable: 'The cable limits the current to ' + amps(state.max_amps || 0) + '.',
      max_amps: 'The circuit limits the current to ' + amps(state.max_amps || 0) + '.',
      fallback: 'The fallback limit holds, as nobody controls the charger.',
      overcurrent: 'The current is reduced after an overcurrent.',
      simplified: 'At most 10 A: the car signals in the simplified way.'};
    say($('.limited', root), state.limit_amps > (state.max_amps || 0) || !['cable', 'max_amps'].includes(state.limited_by)
      ? limits[state.limited_by] || '' : '');
    $('.reset', root).hidden = !(state.errors && state.errors.length);
  }

  showRaw(state) {
    const button = $('.switch', this.root);
    const closed = state.contactor_state === true;
    say(button, closed ? 'Open contactor' : 'Close contactor');
    button.classList.toggle('open', closed);
  }

  showDevice(state) {
    const rows = [['Serial number', state.serial], ['Firmware version', state.firmware_version],
      ['Wi-Fi', state.wifi_rssi_dbm === null ? '–' : state.wifi_rssi_dbm + ' dBm'],
      ['Running since', clock(state.charger_start) || '–'],
      ['Duty cycle', state.pwm_percent === null ? '–' : state.pwm_percent + ' %']];
    [1, 2, 3].forEach(phase => {
      const volts = state['phase' + phase + '_volts'];
      if (volts !== null) rows.push(['Voltage L' + phase, number(volts) + ' V']);
    });
    Object.entries(state.connected && state.raw || {}).forEach(([key, value]) => rows.push([
      key.replace(/^phase(\d)_millivolts$/, 'Raw voltage L$1').replace(/^phase(\d)_milliamps$/, 'Raw current L$1')
        .replace(/^current_/, 'Raw ').replaceAll('_', ' '), value]));
    const list = $('.device dl', this.root);
    const items = rows.map(([name, value]) => {
      const row = document.createElement('div');
      row.append(element('dt', name), element('dd', String(value)));
      return row;
    });
    list.replaceChildren(...items);
    say($('.firmware .count', this.root), 'version ' + state.firmware_version);
  }

  addLine(line) {
    const list = $('.log ol', this.root);
    const atEnd = list.scrollTop + list.clientHeight >= list.scrollHeight - 8;
    const item = document.createElement('li');
    item.append(element('time', clock(line.time)), line.text);
    list.append(item);
    if (list.children.length > MOST_LINES) list.firstElementChild.remove();
    if (atEnd) list.scrollTop = list.scrollHeight;
    say($('.log .count', this.root), String(list.children.length));
  }

  addError(error) {
    const list = $('.errors ul', this.root);
    const item = document.createElement('li');
    item.append(element('time', clock(error.time)), error.detail + ' (' + error.error + ')');
    list.prepend(item);
    if (list.children.length > MOST_ERRORS) list.lastElementChild.remove();
    say($('.errors .count', this.root), String(list.children.length));
  }

  /* A new stream tells everything again. */
  forget() {
    $('.log ol', this.root).replaceChildren();
    $('.errors ul', this.root).replaceChildren();
    this.stale = true;
  }
}
Card.count = 0;

function card(clientId) {
  let found = cards.get(clientId);
  if (!found) {
    found = new Card(clientId);
    cards.set(clientId, found);
    const next = [...cards.keys()].filter(each => each.localeCompare(clientId, undefined, {numeric: true}) > 0)
      .sort((a, b) => a.localeCompare(b, undefined, {numeric: true}))[0];
    $('#chargers').insertBefore(found.root, next ? cards.get(next).root : null);
  }
  found.stale = false;
  return found;
}

function gone(clientId) {
  const found = cards.get(clientId);
  if (found) {
    found.root.remove();
    cards.delete(clientId);
  }
  overview();
}

/* ---- everything else ---- */

function banner(text, mild = false) {
  return element('p', text, mild ? 'banner mild' : 'banner');
}

function overview() {
  const all = [...cards.values()].filter(each => each.state);
  const online = all.filter(each => each.state.connected).length;
  const charging = all.filter(each => each.state.charging).length;
  say($('#summary'), all.length === 0 || lost ? '' : online + ' of ' + all.length + ' online' + (charging ? ', ' + charging + ' charging' : ''));
  const empty = $('#empty');
  empty.hidden = all.length > 0;
  say(empty, !firstSign ? 'Waiting for the bridge …' : 'No charger has connected yet.');
  document.title = charging ? 'Charging – Chargers' : 'Chargers';
}

function banners() {
  const shown = [];
  if (lost && firstSign) shown.push(banner('This page has lost the bridge. What it shows may be out of date; it tries to connect again.'));
  if (bridge && !lost && !bridge.broker_connected) {
    const controlled = [...cards.values()].some(each => each.state && each.state.connected && each.state.enabled !== null);
    shown.push(!bridge.fail_safe
      ? banner('The MQTT broker is away. Unless it comes back soon, the fail-safe acts.', true)
      : banner('The MQTT broker is away, and the fail-safe has acted: ' + (bridge.listening || controlled
        ? 'the charge controllers go on by themselves (control.broker_loss says at which limit); other chargers were disconnected.'
        : 'the bridge lets no chargers connect, and they open their contactors by themselves within 5 minutes.')));
  } else if (bridge && !lost && !bridge.listening) {
    shown.push(banner('The bridge does not listen for chargers yet.', true));
  }
  const region = $('#banners');
  const text = each => each.className + each.textContent;
  if ([...region.children].map(text).join('\n') !== shown.map(text).join('\n')) region.replaceChildren(...shown);
}

function refresh() {
  cards.forEach(each => each.update());
  banners();
  overview();
}

function lose(isLost) {
  if (lost !== isLost) {
    lost = isLost;
    refresh();
  }
}

let stream = null;
let again = 0;

function listen() {
  clearTimeout(again);
  const events = new EventSource('events');
  stream = events;
  const sign = handler => event => {
    lastSign = Date.now();
    handler(JSON.parse(event.data));
  };
  events.onopen = () => {
    cards.forEach(each => each.forget());
    setTimeout(() => cards.forEach(each => each.stale && gone(each.id)), GONE_AFTER_MS);
  };
  events.addEventListener('bridge', sign(data => {
    const changed = JSON.stringify(bridge) !== JSON.stringify(data);
    bridge = data;
    firstSign = true;
    say($('#version'), data.version);
    if (changed || lost) {
      lost = false;
      refresh();
    }
  }));
  events.onmessage = sign(data => {
    const shown = card(data.client_id);
    shown.state = data;
    shown.update();
    overview();
    if (bridge && !bridge.broker_connected) banners();
  });
  events.addEventListener('log', sign(data => card(data.client_id).addLine(data)));
  events.addEventListener('failure', sign(data => card(data.client_id).addError(data)));
  events.addEventListener('gone', sign(data => gone(data.client_id)));
  events.onerror = () => {
    lose(true);
    // A stream that was refused is not tried again by the browser.
    if (events.readyState === EventSource.CLOSED) again = setTimeout(listen, 3000);
  };
  const watch = setInterval(() => {
    if (events.readyState === EventSource.CLOSED) clearInterval(watch);
    else if (firstSign && Date.now() - lastSign > LOST_AFTER_MS) {
      clearInterval(watch);
      events.close();
      lose(true);
      listen();
    }
  }, 5000);
}

// A page that the browser keeps to go back to would hold its stream, and with the sixth one there would
// be no connection left for another page.
addEventListener('pagehide', () => {
  clearTimeout(again);
  if (stream) stream.close();
});
addEventListener('pageshow', event => {
  if (event.persisted) {
    lose(true);
    listen();
  }
});

/* ---- firmware images ---- */

const CRC_TABLE = Uint32Array.from({length: 256}, (_, n) => {
  for (let bit = 0; bit < 8; bit++) n = n & 1 ? 0xEDB88320 ^ (n >>> 1) : n >>> 1;
  return n >>> 0;
});

function crc32(bytes) {
  let crc = 0xFFFFFFFF;
  for (const byte of bytes) crc = CRC_TABLE[(crc ^ byte) & 0xFF] ^ (crc >>> 8);
  return (crc ^ 0xFFFFFFFF) >>> 0;
}

function base64(bytes) {
  let text = '';
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
}

listen();
