// What a row shows of the transcode of its asset: how far it is, each rung, and what
// can be done about it.

import { sentence } from './api.js';
import { working } from './transcodes.js';
import { left, pace } from './words.js';

const template = document.getElementById('rung-row');

/** draw shows transcode in the panel of a row; undefined is none. */
export function draw(panel, transcode, asset) {
  const goesOn = working(transcode);
  const broken = transcode?.rungs.some((r) => r.state === 'failed');
  panel.hidden = !transcode || (transcode.state === 'done' && !broken) || (!goesOn && asset.state === 'uploading');
  if (panel.hidden) return;
  panel.dataset.work = transcode.state;
  panel.querySelector('.stop').hidden = !goesOn;
  panel.querySelector('.retry').hidden = goesOn;
  panel.querySelector('.pace').textContent = told(transcode, asset);
  drawRungs(panel.querySelector('.rungs'), goesOn || transcode.state === 'done' ? transcode.rungs : []);
}

const kept = 'What was uploaded is kept.'; // why it does not play stands above

function told(transcode, asset) {
  if (transcode.reason && !asset.waiting) return sentence(transcode.reason); // else it stands above
  switch (transcode.state) {
    case 'waiting': return asset.waiting === 'ffmpeg' ? 'Begins by itself once ffmpeg is there.' : 'Waits for its turn.';
    case 'running': return running(transcode);
    case 'done': return 'It plays without what failed:';
    case 'canceled': return asset.playable ? 'Its other sizes were not made: that was cancelled.' : kept;
  }
  return !asset.playable ? kept : `Its other sizes could not be made. ${sentence(transcode.error || 'nobody knows why')}`;
}

function running({ percent, speed, seconds_left: seconds }) {
  if (percent >= 100) return 'Nearly done: pictures and subtitles.';
  return [`${Math.floor(percent)} %`, speed > 0 && pace(speed), seconds > 0 && left(seconds)].filter(Boolean).join(' · ');
}

// Rows stay where they are, so that their bars move.
function drawRungs(list, rungs) {
  while (list.children.length > rungs.length) list.lastElementChild.remove();
  while (list.children.length < rungs.length) list.append(template.content.firstElementChild.cloneNode(true));
  rungs.forEach((rung, i) => drawRung(list.children[i], rung));
}

function drawRung(row, rung) {
  const percent = Math.floor(rung.percent ?? 0);
  row.dataset.rung = rung.state;
  row.querySelector('.rung-name').textContent = rung.name;
  row.querySelector('.rung-name').title = rung.width > 0 ? `${rung.width} × ${rung.height}` : 'Sound';
  row.querySelector('progress').value = rung.percent ?? 0;
  row.querySelector('progress').hidden = rung.state === 'failed';
  row.querySelector('progress').setAttribute('aria-label', `Making ${rung.name}`);
  row.querySelector('.rung-why').textContent = rung.state === 'failed' ? sentence(rung.error || 'nobody knows why') : '';
  row.querySelector('.rung-state').textContent = { ready: 'Ready', failed: 'Failed' }[rung.state] ?? (percent >= 100 ? 'Joining' : `${percent} %`);
}
