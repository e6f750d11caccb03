// Signing in with the API key. The server keeps the session in a cookie, because
// a video element and an EventSource send no header of ours.

import { call, Problem } from './api.js';

const form = document.getElementById('sign-in');
const main = document.getElementById('main');
const error = document.getElementById('sign-in-error');

/** askKey shows the form; signing in goes on with a fresh page. */
export function askKey() {
  if (!form.hidden) return;
  form.hidden = false;
  main.hidden = true;
  document.getElementById('pulse').hidden = true;
  form.elements.key.focus();
  form.onsubmit = async (e) => {
    e.preventDefault();
    try {
      await call('POST', 'session', { body: { key: form.elements.key.value } });
      location.reload();
    } catch (err) {
      if (!(err instanceof Problem)) throw err;
      error.textContent = err.message;
      form.elements.key.select();
    }
  };
}

/** signOut ends the session. */
export async function signOut() {
  await call('DELETE', 'session');
  location.reload();
}
