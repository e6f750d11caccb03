// Keys for the player, wherever the focus is, as long as nobody is typing.

const video = document.getElementById('video');

const actions = {
  ' ': () => (video.paused ? video.play().catch(() => {}) : video.pause()),
  k: () => actions[' '](),
  ArrowLeft: () => seek(-5),
  ArrowRight: () => seek(5),
  j: () => seek(-10),
  l: () => seek(10),
  Home: () => seek(-Infinity),
  ArrowUp: () => loudness(0.1),
  ArrowDown: () => loudness(-0.1),
  m: () => (video.muted = !video.muted),
  f: () => (document.fullscreenElement ? document.exitFullscreen() : video.requestFullscreen()).catch(() => {}),
};

function seek(by) {
  video.currentTime = Math.min(Math.max(0, video.currentTime + by), video.duration || 0);
}

function loudness(by) {
  video.volume = Math.min(1, Math.max(0, video.volume + by));
}

/** listen gives the player its keys while playing() holds; Escape calls close. */
export function listen(playing, close) {
  // In the capture phase, so that the video element's own keys do not act as well.
  document.addEventListener('keydown', (e) => {
    if (!playing() || e.ctrlKey || e.altKey || e.metaKey || busy(e.target, e.key)) return;
    if (e.key === 'Escape' && !document.fullscreenElement) return close();
    const act = actions[e.key];
    if (!act) return;
    e.preventDefault();
    e.stopPropagation();
    act();
  }, true);
}

// A control keeps the keys that mean something to it; the page keeps its
// vertical arrows for scrolling unless the video has the focus.
function busy(target, key) {
  if (!target.closest) return true; // the document itself
  if (target.closest('input, select, textarea, dialog')) return true;
  if (target.closest('button, a, summary') && key === ' ') return true;
  return /^(Arrow(Up|Down)|Home)$/.test(key) && target !== video;
}
