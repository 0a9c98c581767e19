import { byId, draw } from './draw.js';
import { follow } from './follow.js';
import { duration } from './words.js';

const TOKEN = 'strangler-token';

/** When the last status came and when the stream last gave a sign, by this machine's clock. */
const seen = { status: 0, sign: 0 };

/** @param {'connecting' | 'live' | 'lost'} state @param {string} words */
function showConnection(state, words) {
  const connection = byId('connection');
  document.body.classList.toggle('stale', state === 'lost');
  const shown = byId('connection-words');
  connection.dataset['state'] = state;
  // It is a live region: writing the same words anew would have them read out anew.
  if (shown.textContent !== words) shown.textContent = words;
}

/** @param {string} words Empty when there is no trouble. */
function showTrouble(words) {
  byId('trouble').hidden = words === '';
  byId('trouble').textContent = words;
}

/** While the stream lives nothing has changed since the last status, so the data are as old as its last sign. */
function showAge() {
  if (seen.status === 0) return;
  const isLive = byId('connection').dataset['state'] === 'live' && byId('trouble').hidden;
  const age = duration(Math.round((Date.now() - (isLive ? seen.sign : seen.status)) / 1000));
  byId('age').textContent = isLive ? `up to date, ${age} ago` : `what you see is ${age} old`;
}

/** Resolves when a token was given. @param {string} detail */
function askForToken(detail) {
  const form = byId('locked');
  const input = /** @type {HTMLInputElement} */ (byId('token'));
  sessionStorage.removeItem(TOKEN);
  showConnection('lost', 'Locked');
  showTrouble(detail);
  form.hidden = false;
  input.focus();
  return new Promise((/** @type {(value: void) => void} */ resolve) => {
    const submit = (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      sessionStorage.setItem(TOKEN, input.value);
      input.value = '';
      form.hidden = true;
      showConnection('connecting', 'Connecting …');
      resolve();
    };
    form.addEventListener('submit', submit, { once: true });
  });
}

setInterval(showAge, 1000);
void follow(() => sessionStorage.getItem(TOKEN), {
  alive: () => {
    seen.sign = Date.now();
    showConnection('live', 'Live');
  },
  status: (event) => {
    seen.status = Date.now();
    showTrouble('');
    draw(event.migrations);
    showAge();
  },
  problem: (problem) => {
    showTrouble(`The status cannot be read: ${problem.detail}`);
    showAge();
  },
  lost: () => {
    showConnection('lost', 'Connection lost, trying again');
    showAge();
  },
  locked: askForToken,
});
