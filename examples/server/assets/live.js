// What happens on the server, as it happens: server-sent events, and polling
// while there are none.

import { at } from './api.js';

const types = ['asset.created', 'asset.updated', 'asset.ready', 'asset.failed', 'asset.deleted', 'upload.completed', 'upload.canceled', 'transcode.submitted', 'transcode.progress', 'transcode.done', 'transcode.failed', 'transcode.canceled'];
const pollEvery = 4000; // ms

/**
 * follow calls onEvent(event) for each event, onGap() when some may have been
 * missed, and onState("live" | "polling") when the way changes. It listens only
 * while the page is seen: a browser has few connections to a server to give.
 */
export function follow({ onEvent, onGap, onState }) {
  let source = null;
  let poll = 0;

  const open = () => {
    source?.close();
    source = new EventSource(at('v1/events'));
    source.onopen = () => {
      clearInterval(poll);
      onState('live');
      onGap();
    };
    source.onerror = () => {
      clearInterval(poll);
      onState('polling');
      poll = setInterval(() => {
        onGap();
        if (source.readyState === EventSource.CLOSED) open(); // the browser gives up after a refusal
      }, pollEvery);
    };
    const tell = (e) => onEvent(JSON.parse(e.data));
    source.onmessage = tell;
    for (const type of types) source.addEventListener(type, tell);
  };

  const close = () => {
    clearInterval(poll);
    source?.close();
    source = null;
  };

  document.addEventListener('visibilitychange', () => (document.hidden ? close() : open()));
  window.addEventListener('pagehide', close);
  window.addEventListener('pageshow', (e) => e.persisted && open());
  if (!document.hidden) open();
}
